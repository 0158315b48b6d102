"""The clients of the server's HTTP API: thin skins over the contract, one blocking and one for asyncio."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Self, overload

import httpx

from mascot_client._checks import given_or_environment, require_base_url, require_header_value
from mascot_client._contract import PATH, read_answer, request_body
from mascot_client._retry import Retries, read_retry_after
from mascot_client.errors import APIConnectionError, APITimeoutError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from mascot_client.configs import ElevenLabsConfig, GeminiConfig, OpenAIConfig, ProviderConfig
    from mascot_client.credentials import GeminiCredentials, SignedUrl

DEFAULT_TIMEOUT = 10.0
"""Seconds to wait for a connection, and again for the answer."""

DEFAULT_MAX_RETRIES = 2
"""How often to ask again, as many times as the providers' SDKs do."""


class _Endpoint:
    """Where the server is and how to ask it; the part that both clients share."""

    def __init__(self, api_key: str | None, base_url: str | None, max_retries: int) -> None:
        key = given_or_environment("api_key", api_key, "MASCOT_API_KEY")
        self._api_key = require_header_value("api_key", key)
        url = given_or_environment("base_url", base_url, "MASCOT_BASE_URL")
        self.base_url = require_base_url("base_url", url)
        self._retries = Retries(max_retries)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def _pause(self, done: int, response: httpx.Response) -> float | None:
        return self._retries.pause(done, response.status_code, _retry_after(response))

    def _answer(self, config: ProviderConfig, response: httpx.Response) -> SignedUrl | GeminiCredentials:
        status, body = response.status_code, response.content
        return read_answer(config, self._api_key, status, body, _retry_after(response))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._api_key}"}

    def _failed(self, error: httpx.RequestError) -> APIConnectionError:
        if isinstance(error, httpx.TimeoutException):
            # httpx leaves the text of a timeout empty.
            return APITimeoutError(self.base_url, str(error) or "timed out")
        return APIConnectionError(self.base_url, str(error) or type(error).__name__)


def _retry_after(response: httpx.Response) -> float | None:
    return read_retry_after(response.headers.get("retry-after"))


class MascotClient(_Endpoint):
    """Asks a mascot server for connections, blocking.

    Use it as a context manager or call ``close()``. It is safe to share between threads.

        with MascotClient(api_key="…", base_url="http://127.0.0.1:8000") as client:
            signed_url = client.get_signed_url(ElevenLabsConfig(api_key="…", agent_id="…"))

    Args:
        api_key: A key of the server's, sent in the ``Authorization`` header and nowhere else. Left out, it is
            read from ``MASCOT_API_KEY``.
        base_url: The server, ``http(s)://HOST[:PORT][/PREFIX]``. Left out, it is read from ``MASCOT_BASE_URL``.
        timeout: Seconds to wait for a connection, and again for the answer; an ``httpx.Timeout`` sets each of them.
            Not used with ``http_client``.
        max_retries: How often to ask again after a 429, 502 or 503: after what ``Retry-After`` says, if it is no
            more than a minute, else after half a second, doubled each time, with some chance in it.
        http_client: An ``httpx.Client`` of your own (proxy, certificates, timeouts). It stays yours to
            close.
        sleep: What waits between two questions, by seconds.

    Raises:
        ConfigurationError: The key, the URL or the number of retries is missing or cannot be used.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: httpx.Client | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        super().__init__(api_key, base_url, max_retries)
        self._sleep = sleep
        self._owned = http_client is None
        self._http = http_client or httpx.Client(timeout=timeout)

    @overload
    def get_signed_url(
        self, config: ElevenLabsConfig | OpenAIConfig, *, session_ttl: int | None = None
    ) -> SignedUrl: ...
    @overload
    def get_signed_url(
        self, config: GeminiConfig, *, session_ttl: int | None = None
    ) -> GeminiCredentials: ...
    def get_signed_url(
        self, config: ProviderConfig, *, session_ttl: int | None = None
    ) -> SignedUrl | GeminiCredentials:
        """Ask for a connection to a provider through the server.

        Args:
            config: The provider and what it needs.
            session_ttl: Seconds for which the answer resumes a conversation that it started within its 10 minutes,
                600 or more; the server has a maximum, 7200 by default. Needed by what connects again with the same
                answer later, such as LiveKit Agents. Make ``config`` with a standing ``api_key`` for it.

        Returns:
            ``SignedUrl`` for ElevenLabs and OpenAI, ``GeminiCredentials`` for Gemini; valid for 10 minutes.

        Raises:
            ConfigurationError: ``config`` is not one of the config models, or ``session_ttl`` is out of range.
            BadRequestError: The server does not accept the configuration.
            AuthenticationError: The server does not know the API key.
            RateLimitError: The key's limits are used up, also after the retries.
            UnavailableError: The server cannot answer now, also after the retries.
            APIStatusError: Any other refusal.
            APITimeoutError: The server does not answer in time.
            APIConnectionError: The server cannot be reached.
            ProtocolError: The answer is not what the contract says.
        """
        body = request_body(config, session_ttl)
        done = 0
        while True:
            try:
                response = self._http.post(self.base_url + PATH, json=body, headers=self._headers())
            except httpx.RequestError as error:
                raise self._failed(error) from error
            pause = self._pause(done, response)
            if pause is None:
                return self._answer(config, response)
            self._sleep(pause)
            done += 1

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
            credentials = await client.get_signed_url(GeminiConfig(ephemeral_token="…"))

    Args:
        api_key: A key of the server's, sent in the ``Authorization`` header and nowhere else. Left out, it is
            read from ``MASCOT_API_KEY``.
        base_url: The server, ``http(s)://HOST[:PORT][/PREFIX]``. Left out, it is read from ``MASCOT_BASE_URL``.
        timeout: Seconds to wait for a connection, and again for the answer; an ``httpx.Timeout`` sets each of them.
            Not used with ``http_client``.
        max_retries: How often to ask again after a 429, 502 or 503: after what ``Retry-After`` says, if it is no
            more than a minute, else after half a second, doubled each time, with some chance in it.
        http_client: An ``httpx.AsyncClient`` of your own (proxy, certificates, timeouts). It stays yours
            to close.
        sleep: What waits between two questions, by seconds.

    Raises:
        ConfigurationError: The key, the URL or the number of retries is missing or cannot be used.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: httpx.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        super().__init__(api_key, base_url, max_retries)
        self._sleep = sleep
        self._owned = http_client is None
        self._http = http_client or httpx.AsyncClient(timeout=timeout)

    @overload
    async def get_signed_url(
        self, config: ElevenLabsConfig | OpenAIConfig, *, session_ttl: int | None = None
    ) -> SignedUrl: ...
    @overload
    async def get_signed_url(
        self, config: GeminiConfig, *, session_ttl: int | None = None
    ) -> GeminiCredentials: ...
    async def get_signed_url(
        self, config: ProviderConfig, *, session_ttl: int | None = None
    ) -> SignedUrl | GeminiCredentials:
        """Ask for a connection to a provider through the server.

        Args:
            config: The provider and what it needs.
            session_ttl: Seconds for which the answer resumes a conversation that it started within its 10 minutes,
                600 or more; the server has a maximum, 7200 by default. Needed by what connects again with the same
                answer later, such as LiveKit Agents. Make ``config`` with a standing ``api_key`` for it.

        Returns:
            ``SignedUrl`` for ElevenLabs and OpenAI, ``GeminiCredentials`` for Gemini; valid for 10 minutes.

        Raises:
            ConfigurationError: ``config`` is not one of the config models, or ``session_ttl`` is out of range.
            BadRequestError: The server does not accept the configuration.
            AuthenticationError: The server does not know the API key.
            RateLimitError: The key's limits are used up, also after the retries.
            UnavailableError: The server cannot answer now, also after the retries.
            APIStatusError: Any other refusal.
            APITimeoutError: The server does not answer in time.
            APIConnectionError: The server cannot be reached.
            ProtocolError: The answer is not what the contract says.
        """
        body = request_body(config, session_ttl)
        done = 0
        while True:
            try:
                response = await self._http.post(self.base_url + PATH, json=body, headers=self._headers())
            except httpx.RequestError as error:
                raise self._failed(error) from error
            pause = self._pause(done, response)
            if pause is None:
                return self._answer(config, response)
            await self._sleep(pause)
            done += 1

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
