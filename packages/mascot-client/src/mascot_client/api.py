"""Clients for the HTTP API of mascot-server: one blocking, one for asyncio."""

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
"""Maximum time in seconds to open a connection, and again to receive the response."""

DEFAULT_MAX_RETRIES = 2
"""Number of retries. The SDKs of the providers use the same number."""


class _Endpoint:
    """The server's address, the API key and the retries. Both clients share this class."""

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
    """Request signed URLs and credentials from a mascot server; blocking.

    Use the client as a context manager, or call ``close()``. Threads may share one client.

        with MascotClient(api_key="…", base_url="http://127.0.0.1:8000") as client:
            signed_url = client.get_signed_url(ElevenLabsConfig(api_key="…", agent_id="…"))

    Args:
        api_key: An API key of the mascot server. The client sends it in the ``Authorization`` header only. The
            default is the environment variable ``MASCOT_API_KEY``.
        base_url: The server's URL, ``http(s)://HOST[:PORT][/PREFIX]``. The default is the environment variable
            ``MASCOT_BASE_URL``.
        timeout: Maximum time in seconds to open a connection, and again to receive the response. Pass an
            ``httpx.Timeout`` to set each of them. Ignored if you pass ``http_client``.
        max_retries: Number of retries after HTTP 429, 502 or 503. The client waits for the time in ``Retry-After``;
            if that is longer than 60 s, it does not retry. Without the header it uses exponential backoff with
            jitter, starting at 0.5 s.
        http_client: Your own ``httpx.Client``, for a proxy, certificates or timeouts. You must close it.
        sleep: Function that waits between two requests. Its argument is in seconds.

    Raises:
        ConfigurationError: The API key, the URL or the number of retries is missing or invalid.
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
        """Request a signed URL or credentials for one provider.

        Args:
            config: The provider and its settings.
            session_ttl: Time in seconds during which the result can resume a conversation that was started within
                the first 10 minutes. The minimum is 600; the server's default maximum is 7200. Set it for clients
                that reconnect later with the same URL, such as LiveKit Agents. Use a ``config`` with an ``api_key``,
                because an ephemeral token opens one connection only.

        Returns:
            A ``SignedUrl`` for ElevenLabs and OpenAI, ``GeminiCredentials`` for Gemini. Both are valid for 10 minutes.

        Raises:
            ConfigurationError: ``config`` is not one of the config models, or ``session_ttl`` is out of range.
            BadRequestError: The server does not accept the configuration.
            AuthenticationError: The server does not accept the API key.
            RateLimitError: The limits of the API key are used up, and all retries failed.
            UnavailableError: The server or the provider is unavailable, and all retries failed.
            APIStatusError: The server returned another error status.
            APITimeoutError: The server did not respond in time.
            APIConnectionError: The connection to the server failed.
            ProtocolError: The response is not valid.
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
        """Close the connections. A client that you passed as ``http_client`` stays open."""
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
    """Request signed URLs and credentials from a mascot server; for asyncio.

    Use the client as an async context manager, or call ``aclose()``.

        async with AsyncMascotClient(api_key="…", base_url="http://127.0.0.1:8000") as client:
            credentials = await client.get_signed_url(GeminiConfig(ephemeral_token="…"))

    Args:
        api_key: An API key of the mascot server. The client sends it in the ``Authorization`` header only. The
            default is the environment variable ``MASCOT_API_KEY``.
        base_url: The server's URL, ``http(s)://HOST[:PORT][/PREFIX]``. The default is the environment variable
            ``MASCOT_BASE_URL``.
        timeout: Maximum time in seconds to open a connection, and again to receive the response. Pass an
            ``httpx.Timeout`` to set each of them. Ignored if you pass ``http_client``.
        max_retries: Number of retries after HTTP 429, 502 or 503. The client waits for the time in ``Retry-After``;
            if that is longer than 60 s, it does not retry. Without the header it uses exponential backoff with
            jitter, starting at 0.5 s.
        http_client: Your own ``httpx.AsyncClient``, for a proxy, certificates or timeouts. You must close it.
        sleep: Coroutine function that waits between two requests. Its argument is in seconds.

    Raises:
        ConfigurationError: The API key, the URL or the number of retries is missing or invalid.
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
        """Request a signed URL or credentials for one provider.

        Args:
            config: The provider and its settings.
            session_ttl: Time in seconds during which the result can resume a conversation that was started within
                the first 10 minutes. The minimum is 600; the server's default maximum is 7200. Set it for clients
                that reconnect later with the same URL, such as LiveKit Agents. Use a ``config`` with an ``api_key``,
                because an ephemeral token opens one connection only.

        Returns:
            A ``SignedUrl`` for ElevenLabs and OpenAI, ``GeminiCredentials`` for Gemini. Both are valid for 10 minutes.

        Raises:
            ConfigurationError: ``config`` is not one of the config models, or ``session_ttl`` is out of range.
            BadRequestError: The server does not accept the configuration.
            AuthenticationError: The server does not accept the API key.
            RateLimitError: The limits of the API key are used up, and all retries failed.
            UnavailableError: The server or the provider is unavailable, and all retries failed.
            APIStatusError: The server returned another error status.
            APITimeoutError: The server did not respond in time.
            APIConnectionError: The connection to the server failed.
            ProtocolError: The response is not valid.
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
        """Close the connections. A client that you passed as ``http_client`` stays open."""
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
