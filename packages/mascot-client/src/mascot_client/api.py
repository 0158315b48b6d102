"""The clients of the server's HTTP API: thin skins over the contract, one blocking and one for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, overload

import httpx

from mascot_client._checks import require_base_url, require_header_value
from mascot_client._contract import PATH, read_answer, request_body
from mascot_client.errors import ConnectionFailedError

if TYPE_CHECKING:
    from types import TracebackType

    from mascot_client.answers import GeminiCredentials, SignedUrl
    from mascot_client.configs import ElevenLabsConfig, GeminiConfig, OpenAIConfig, ProviderConfig

DEFAULT_TIMEOUT = 10.0
"""Seconds to wait for a connection, and again for the answer."""


class _Endpoint:
    """Where the server is and how to ask it; the part that both clients share."""

    def __init__(self, api_key: str, base_url: str) -> None:
        self._api_key = require_header_value("api_key", api_key)
        self.base_url = require_base_url("base_url", base_url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._api_key}"}

    def _failed(self, error: httpx.RequestError) -> ConnectionFailedError:
        timed_out = isinstance(error, httpx.TimeoutException)
        # httpx leaves the text of a timeout empty.
        reason = str(error) or ("timed out" if timed_out else type(error).__name__)
        return ConnectionFailedError(self.base_url, reason, timed_out)


class MascotClient(_Endpoint):
    """Asks a mascot server for connections, blocking.

    Use it as a context manager or call ``close()``. It is safe to share between threads.

        with MascotClient(api_key="…", base_url="http://127.0.0.1:8000") as client:
            answer = client.get_signed_url(ElevenLabsConfig(api_key="…", agent_id="…"))

    Args:
        api_key: a key of the server's, sent in the ``Authorization`` header and nowhere else.
        base_url: the server, ``http(s)://HOST[:PORT][/PREFIX]``.
        timeout: seconds to wait for a connection, and again for the answer. Not used with ``http_client``.
        http_client: an ``httpx.Client`` of your own (proxy, certificates, timeouts). It stays yours to
            close.

    Raises:
        ConfigurationError: the key or the URL cannot be used.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        timeout: float = DEFAULT_TIMEOUT,
        http_client: httpx.Client | None = None,
    ) -> None:
        super().__init__(api_key, base_url)
        self._owned = http_client is None
        self._http = http_client or httpx.Client(timeout=timeout)

    @overload
    def get_signed_url(self, config: ElevenLabsConfig | OpenAIConfig) -> SignedUrl: ...
    @overload
    def get_signed_url(self, config: GeminiConfig) -> GeminiCredentials: ...
    def get_signed_url(self, config: ProviderConfig) -> SignedUrl | GeminiCredentials:
        """Ask for a connection to a provider through the server.

        Args:
            config: the provider and what it needs.

        Returns:
            ``SignedUrl`` for ElevenLabs and OpenAI, ``GeminiCredentials`` for Gemini; valid for 10 minutes.

        Raises:
            ConfigurationError: ``config`` is not one of the config models.
            BadRequestError: the server does not accept the configuration.
            AuthenticationError: the server does not know the API key.
            APIError: any other refusal.
            ConnectionFailedError: the server cannot be reached or does not answer in time.
            ProtocolError: the answer is not what the contract says.
        """
        body = request_body(config)
        try:
            response = self._http.post(self.base_url + PATH, json=body, headers=self._headers())
        except httpx.RequestError as error:
            raise self._failed(error) from error
        return read_answer(config, self._api_key, response.status_code, response.content)

    def close(self) -> None:
        """Close the connections, unless ``http_client`` was given."""
        if self._owned:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncMascotClient(_Endpoint):
    """Asks a mascot server for connections, on asyncio.

    Use it as an async context manager or call ``aclose()``.

        async with AsyncMascotClient(api_key="…", base_url="http://127.0.0.1:8000") as client:
            answer = await client.get_signed_url(GeminiConfig(ephemeral_token="…"))

    Args:
        api_key: a key of the server's, sent in the ``Authorization`` header and nowhere else.
        base_url: the server, ``http(s)://HOST[:PORT][/PREFIX]``.
        timeout: seconds to wait for a connection, and again for the answer. Not used with ``http_client``.
        http_client: an ``httpx.AsyncClient`` of your own (proxy, certificates, timeouts). It stays yours
            to close.

    Raises:
        ConfigurationError: the key or the URL cannot be used.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        timeout: float = DEFAULT_TIMEOUT,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(api_key, base_url)
        self._owned = http_client is None
        self._http = http_client or httpx.AsyncClient(timeout=timeout)

    @overload
    async def get_signed_url(self, config: ElevenLabsConfig | OpenAIConfig) -> SignedUrl: ...
    @overload
    async def get_signed_url(self, config: GeminiConfig) -> GeminiCredentials: ...
    async def get_signed_url(self, config: ProviderConfig) -> SignedUrl | GeminiCredentials:
        """Ask for a connection to a provider through the server.

        Args:
            config: the provider and what it needs.

        Returns:
            ``SignedUrl`` for ElevenLabs and OpenAI, ``GeminiCredentials`` for Gemini; valid for 10 minutes.

        Raises:
            ConfigurationError: ``config`` is not one of the config models.
            BadRequestError: the server does not accept the configuration.
            AuthenticationError: the server does not know the API key.
            APIError: any other refusal.
            ConnectionFailedError: the server cannot be reached or does not answer in time.
            ProtocolError: the answer is not what the contract says.
        """
        body = request_body(config)
        try:
            response = await self._http.post(self.base_url + PATH, json=body, headers=self._headers())
        except httpx.RequestError as error:
            raise self._failed(error) from error
        return read_answer(config, self._api_key, response.status_code, response.content)

    async def aclose(self) -> None:
        """Close the connections, unless ``http_client`` was given."""
        if self._owned:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
