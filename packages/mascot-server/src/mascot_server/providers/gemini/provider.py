"""Gemini Live as a provider."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from mascot_server.providers.base import (
    DialTarget,
    Handshake,
    Provider,
    ProviderSettings,
    token_in,
    websocket_origin,
)
from mascot_server.providers.gemini import vertex
from mascot_server.providers.gemini.agent import GeminiAgent
from mascot_server.providers.gemini.codec import GeminiCodec, developer_name
from mascot_server.providers.gemini.config import GeminiConfig
from mascot_server.providers.gemini.documents import CONFIG, MORE_SOCKETS, SOCKET, TOKEN_PREFIX

if TYPE_CHECKING:
    from mascot_server.providers.exchange import Exchange
    from mascot_server.simulators.core.provider import ProviderSimulator, Setup

__all__ = ["Gemini"]

_PATH: Final = re.compile(
    r"/+ws/google\.ai\.generativelanguage\.(v1|v1beta|v1alpha)\.GenerativeService\.BidiGenerateContent(?:Constrained)?"
)
_EPHEMERAL: Final = "auth_tokens/"
_EPHEMERAL_VERSION: Final = "v1alpha"
"""The version of the API that takes ephemeral tokens."""


class Gemini(Provider[GeminiConfig]):
    """Gemini Live."""

    name = "gemini"
    title = "Gemini"
    product = "Google Gemini Live API"
    config = GeminiConfig
    default_origin = "https://generativelanguage.googleapis.com"
    settings = vertex.SETTINGS
    socket_paths = ("/ws/{rpc:str}", "/ws/{rpc:str}/{method:str}")
    config_document = CONFIG
    socket_document = SOCKET
    more_sockets = MORE_SOCKETS
    agent = GeminiAgent()

    def serves(self, path: str) -> bool:
        """Return whether a path is one of Google's for the Live API; SDKs may double its first slash."""
        return _PATH.fullmatch(path) is not None or _by_vertex(path)

    def find_token(self, handshake: Handshake) -> str:
        """Return the token, which SDKs put wherever an API key may stand."""
        scheme, _, credential = handshake.headers.get("authorization", "").partition(" ")
        candidates = (
            handshake.headers.get("x-goog-api-key"),
            handshake.query.get("key"),
            handshake.query.get("access_token"),
            credential if scheme.lower() in {"token", "bearer"} else None,
        )
        token = next((candidate for candidate in candidates if candidate), "")
        return token_in(token.strip().removeprefix(TOKEN_PREFIX))

    def answer(self, config: GeminiConfig, token: str, origin: str) -> dict[str, str]:
        """Return the API key and base URL to give to the SDK."""
        return {"api_key": TOKEN_PREFIX + token, "base_url": origin}

    def dial(
        self, config: GeminiConfig, settings: ProviderSettings, handshake: Handshake
    ) -> Exchange[DialTarget]:
        """Choose API and method by the configuration, whichever ones the app's SDK asked for with our token."""
        if config.api == "vertex":
            return vertex.target(config, settings, handshake.path)
        if config.credential.startswith(_EPHEMERAL):
            version, method = _EPHEMERAL_VERSION, "BidiGenerateContentConstrained"
            headers = {"Authorization": f"Token {config.credential}"}
        else:
            match = _PATH.fullmatch(handshake.path)
            version, method = match[1] if match else "v1beta", "BidiGenerateContent"
            headers = {"x-goog-api-key": config.credential}
        return DialTarget(
            f"{websocket_origin(settings['url'])}/ws/google.ai.generativelanguage.{version}.GenerativeService.{method}",
            headers,
        )
        yield  # a generator without a request

    def codec(self, config: GeminiConfig, handshake: Handshake) -> GeminiCodec:
        """Return a codec for one conversation."""
        by_vertex = _by_vertex(handshake.path)
        on_vertex = config.api == "vertex"
        return GeminiCodec(
            model=config.model,
            resource_name=partial(vertex.resource_name, config) if on_vertex else developer_name,
            # The SDKs name models as the API that they were set up for does.
            renames_apps_model=on_vertex or by_vertex,
            # In Vertex mode the JavaScript SDK drops unknown members, too.
            part_metadata=by_vertex or _is_python_sdk(handshake),
        )

    def simulator(self, setup: Setup) -> ProviderSimulator:
        """Return a simulator of Gemini."""
        from mascot_server.providers.gemini.simulator import GeminiSimulator  # noqa: PLC0415 - only where used

        return GeminiSimulator(setup)


def _by_vertex(path: str) -> bool:
    return vertex.PATH.fullmatch(path) is not None


def _is_python_sdk(handshake: Handshake) -> bool:
    headers = handshake.headers
    return any("gl-python" in headers.get(name, "") for name in ("x-goog-api-client", "user-agent"))
