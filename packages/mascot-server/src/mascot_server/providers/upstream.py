"""Opens the connection to the provider.

Where to is decided by whoever starts the server; nothing an app says can choose a host, a path or a header name.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from mascot_server.errors import UpstreamRefused, UpstreamUnreachable
from mascot_server.providers.config import ElevenLabsConfig, GeminiConfig, OpenAIConfig
from mascot_server.providers.signed_targets import is_own_socket
from mascot_server.transport.fetching import fetch
from mascot_server.transport.peers import ProviderPeer
from mascot_server.transport.provider_socket import MAX_MESSAGE, ProviderSocket

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_server.providers.config import ProviderConfig

__all__ = ["Dialer"]

_OPEN_TIMEOUT: Final = 10.0
"""Seconds for a provider to answer a request or a handshake."""

_GEMINI_EPHEMERAL: Final = "auth_tokens/"
_GEMINI_EPHEMERAL_VERSION: Final = "v1alpha"
"""The version of the API that takes ephemeral tokens."""

_USER_AGENT: Final = "mascot-server"


@dataclass(frozen=True, slots=True)
class _Target:
    url: str = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)


class Dialer:
    """Connects to providers.

    Args:
        origin_of: Says where the provider of a configuration is, as http(s) origin.
        http: Client for their HTTP APIs.
    """

    def __init__(self, origin_of: Callable[[ProviderConfig], str], http: httpx.AsyncClient) -> None:
        self._origin_of = origin_of
        self._http = http

    async def dial(self, config: ProviderConfig, *, gemini_version: str = "v1beta") -> ProviderPeer:
        """Connects to the provider of a configuration.

        Args:
            config: What the signed URL was asked for with.
            gemini_version: API version that a Gemini app asked for in its path.

        Returns:
            The open connection.

        Raises:
            UpstreamRefused: The provider answered with an HTTP error.
            UpstreamUnreachable: It did not answer, or not in a way that makes sense.
        """
        return await _connect(config.provider, await self._target(config, gemini_version))

    async def _target(self, config: ProviderConfig, gemini_version: str) -> _Target:
        match config:
            case ElevenLabsConfig():
                return await self._elevenlabs(config)
            case OpenAIConfig():
                return self._openai(config)
            case GeminiConfig():
                return self._gemini(config, gemini_version)

    async def _elevenlabs(self, config: ElevenLabsConfig) -> _Target:
        # A signed URL per connection: ours may start several conversations, ElevenLabs' may not.
        provider, origin = config.provider, self._origin_of(config)
        try:
            request = self._http.build_request(
                "GET",
                f"{origin}/v1/convai/conversation/get-signed-url",
                params={"agent_id": config.agent_id},
                headers={"xi-api-key": config.api_key},
                timeout=_OPEN_TIMEOUT,
            )
            response = await fetch(self._http, request, seconds=_OPEN_TIMEOUT)
        except httpx.HTTPError as error:
            raise UpstreamUnreachable(provider, type(error).__name__) from None
        if _is_redirect(response.status):
            raise _redirected(provider, response.status)
        if response.is_error:
            raise UpstreamRefused(provider, response.status)
        try:
            signed_url = response.json()["signed_url"]
        except (KeyError, TypeError, ValueError):
            raise UpstreamUnreachable(provider, "it answered no signed_url") from None
        if not is_own_socket(signed_url, origin):
            raise UpstreamUnreachable(provider, "it answered a signed_url of a foreign host")
        return _Target(signed_url)

    def _openai(self, config: OpenAIConfig) -> _Target:
        # No `OpenAI-Beta` header: the service refuses it.
        query = urlencode({"model": config.model})
        return _Target(
            f"{_websocket_origin(self._origin_of(config))}/v1/realtime?{query}",
            {"Authorization": f"Bearer {config.credential}"},
        )

    def _gemini(self, config: GeminiConfig, version: str) -> _Target:
        # The kind of credential decides the method, whichever one the app's SDK asked for with our token.
        if config.credential.startswith(_GEMINI_EPHEMERAL):
            version, method = _GEMINI_EPHEMERAL_VERSION, "BidiGenerateContentConstrained"
            headers = {"Authorization": f"Token {config.credential}"}
        else:
            method = "BidiGenerateContent"
            headers = {"x-goog-api-key": config.credential}
        origin = _websocket_origin(self._origin_of(config))
        return _Target(
            f"{origin}/ws/google.ai.generativelanguage.{version}.GenerativeService.{method}", headers
        )


class _DirectConnect(connect):
    """Connects to the URL it was given and to no other: `websockets` would send the key to where a redirect points."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Return the error as it is: nothing is followed."""
        return exc


async def _connect(provider: str, target: _Target) -> ProviderPeer:
    try:
        connection = await _DirectConnect(
            target.url,
            additional_headers=target.headers,
            user_agent_header=_USER_AGENT,
            # Inflating base64 audio costs more than the rest of the relay together.
            compression=None,
            # Whole items of audio come in one message, longer than the default allows.
            max_size=MAX_MESSAGE,
            open_timeout=_OPEN_TIMEOUT,
            close_timeout=5,
            create_connection=ProviderSocket,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        raise (_redirected if _is_redirect(status) else UpstreamRefused)(provider, status) from None
    except TimeoutError:
        raise UpstreamUnreachable(provider, "no answer in time") from None
    except ssl.SSLError:
        raise UpstreamUnreachable(provider, "TLS failed") from None
    except WebSocketException:
        raise UpstreamUnreachable(provider, "no WebSocket handshake") from None
    except (ValueError, OverflowError):
        raise UpstreamUnreachable(provider, "no connection can be made to its host or port") from None
    except OSError:
        raise UpstreamUnreachable(provider, "no connection") from None
    # `connect` does not know the type of what it was told to create.
    return ProviderPeer(cast("ProviderSocket", connection))


def _is_redirect(status: int) -> bool:
    return 300 <= status < 400  # noqa: PLR2004 - RFC 9110, section 15.4


def _redirected(provider: str, status: int) -> UpstreamUnreachable:
    return UpstreamUnreachable(
        provider, f"it answered with a redirect (HTTP {status}), which is not followed"
    )


def _websocket_scheme(scheme: str) -> str:
    return "wss" if scheme == "https" else "ws"


def _websocket_origin(origin: str) -> str:
    scheme, _, host = origin.partition("://")
    return f"{_websocket_scheme(scheme)}://{host}"
