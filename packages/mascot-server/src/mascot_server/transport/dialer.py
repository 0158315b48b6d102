"""Connections to the providers.

The settings of the server decide the host; data from apps cannot select a host, a path or a header name.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final, TypeVar, cast

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from mascot_server.errors import UpstreamRefused, UpstreamUnreachable
from mascot_server.providers.exchange import HttpAnswer, is_redirect
from mascot_server.transport.fetching import fetch
from mascot_server.transport.peers import ProviderPeer
from mascot_server.transport.provider_socket import MAX_MESSAGE, ProviderSocket

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_server.providers.base import DialTarget, Handshake, ProviderSettings
    from mascot_server.providers.config import ProviderConfig
    from mascot_server.providers.exchange import Exchange

__all__ = ["Dialer", "perform"]

T = TypeVar("T")

_OPEN_TIMEOUT: Final = 10.0
"""Seconds for a provider to answer a request or a handshake."""

_USER_AGENT: Final = "mascot-server"


class Dialer:
    """Connects to providers.

    Args:
        settings_of: Returns the settings of the provider of a configuration.
        http: Client for their HTTP APIs.
    """

    def __init__(
        self, settings_of: Callable[[ProviderConfig], ProviderSettings], http: httpx.AsyncClient
    ) -> None:
        self._settings_of = settings_of
        self._http = http

    async def dial(self, config: ProviderConfig, handshake: Handshake) -> ProviderPeer:
        """Connect to the provider of a configuration.

        Args:
            config: The provider configuration from the token.
            handshake: Handshake of the app.

        Returns:
            The open connection.

        Raises:
            UpstreamRefused: The provider answered with an HTTP error.
            UpstreamUnreachable: The provider did not answer, or its answer was invalid.
        """
        exchange = handshake.provider.dial(config, self._settings_of(config), handshake)
        try:
            target = await perform(exchange, self._http)
        except httpx.HTTPError as error:
            raise UpstreamUnreachable(config.provider, type(error).__name__) from None
        return await _connect(config.provider, target)


async def perform(exchange: Exchange[T], http: httpx.AsyncClient) -> T:
    """Send the requests of an exchange and return its result.

    Raises:
        httpx.HTTPError: A request was not answered.
    """
    try:
        request = next(exchange)
        while True:
            question = http.build_request(
                request.method,
                request.url,
                params=request.params,
                headers=request.headers,
                json=request.content,
                timeout=_OPEN_TIMEOUT,
            )
            answer = await fetch(http, question, seconds=_OPEN_TIMEOUT)
            request = exchange.send(HttpAnswer(answer.status, answer.body))
    except StopIteration as end:
        return cast("T", end.value)
    finally:
        exchange.close()


class _DirectConnect(connect):
    """Connects without following redirects: `websockets` would send the key to the target of a redirect."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Return the error unchanged: redirects are not followed."""
        return exc


async def _connect(provider: str, target: DialTarget) -> ProviderPeer:
    try:
        connection = await _DirectConnect(
            target.url,
            additional_headers=target.headers,
            user_agent_header=_USER_AGENT,
            # Decompressing base64 audio costs more than all other work of the relay.
            compression=None,
            # A provider may send a whole audio item in one message, which exceeds the default limit.
            max_size=MAX_MESSAGE,
            open_timeout=_OPEN_TIMEOUT,
            close_timeout=5,
            create_connection=ProviderSocket,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if is_redirect(status):
            raise UpstreamUnreachable.redirected(provider, status) from None
        raise UpstreamRefused(provider, status) from None
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
    # The return type of `connect` does not depend on `create_connection`.
    return ProviderPeer(cast("ProviderSocket", connection))
