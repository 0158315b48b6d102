"""The sockets that apps connect to with their signed URL."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from litestar import WebSocket, websocket

from mascot_server.codecs import ElevenLabsCodec, GeminiCodec, OpenAICodec
from mascot_server.errors import BadRequest, Unauthorized, UpstreamError
from mascot_server.observe import redact
from mascot_server.peers import AppPeer, PeerClosed, deny
from mascot_server.provider_config import (
    VISEME_MODELS,
    ElevenLabsConfig,
    GeminiConfig,
    OpenAIConfig,
    parse_sealed,
)
from mascot_server.relay import relay
from mascot_server.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar.handlers import WebsocketRouteHandler

    from mascot_server.codecs import Codec
    from mascot_server.models import Models
    from mascot_server.observe import Counters
    from mascot_server.peers import ProviderPeer
    from mascot_server.provider_config import ProviderConfig
    from mascot_server.relay import Ending
    from mascot_server.scheduler import Scheduler
    from mascot_server.tokens import Tokens
    from mascot_server.upstream import Dialer

__all__ = ["ELEVENLABS_PATH", "GEMINI_KEY_PREFIX", "OPENAI_PATH", "Conversations"]

logger = logging.getLogger(__name__)

ELEVENLABS_PATH: Final = "/v1/conversation"
OPENAI_PATH: Final = "/v1/openai-realtime/ws"
GEMINI_KEY_PREFIX: Final = "mascot_ephemeral_"

_GEMINI_RPC: Final = re.compile(
    r"google\.ai\.generativelanguage\.(v1|v1beta|v1alpha)\.GenerativeService\.BidiGenerateContent(?:Constrained)?"
)
# The only subprotocols that are selected, and only if offered: each is what its provider's JavaScript SDK
# insists on.
_SUBPROTOCOLS: Final = {"elevenlabs": "convai", "openai": "realtime"}

Socket = WebSocket[Any, Any, Any]


class Conversations:
    """Takes apps in, connects them to their provider and relays.

    Args:
        tokens: Opens the token of a signed URL.
        dialer: Connects to the provider.
        models: Viseme models.
        scheduler: Predicts visemes.
        counters: Where things are counted.
    """

    def __init__(
        self, *, tokens: Tokens, dialer: Dialer, models: Models, scheduler: Scheduler, counters: Counters
    ) -> None:
        self._tokens = tokens
        self._dialer = dialer
        self._models = models
        self._scheduler = scheduler
        self._counters = counters

    @property
    def routes(self) -> list[WebsocketRouteHandler]:
        """The handlers of all sockets of the contract."""

        @websocket(ELEVENLABS_PATH)
        async def elevenlabs(socket: Socket) -> None:
            await self._admit(socket, "elevenlabs", socket.query_params.get("token"))

        # OpenAI's Python SDK appends /realtime to whatever URL it is given.
        @websocket([OPENAI_PATH, f"{OPENAI_PATH}/realtime"])
        async def openai(socket: Socket) -> None:
            await self._admit(socket, "openai", socket.query_params.get("token"))

        @websocket("/ws/{rpc:str}")
        async def gemini(socket: Socket) -> None:
            match = _GEMINI_RPC.fullmatch(socket.path_params["rpc"])
            if match is None:
                await deny(socket, 404, _error_body("Not Found"))
                return
            await self._admit(socket, "gemini", _gemini_token(socket), gemini_version=match[1])

        return [elevenlabs, openai, gemini]

    async def _admit(
        self, socket: Socket, provider: str, token: str | None, *, gemini_version: str = "v1beta"
    ) -> None:
        """Checks token and query before the socket is accepted."""
        try:
            config = parse_sealed(provider, self._tokens.open(provider, token or ""))
            model = _viseme_model(config, socket.query_params.get("viseme_model"))
        except (Unauthorized, BadRequest) as error:
            await deny(socket, error.status, _error_body(str(error)))
            return
        await self._converse(socket, config, model, gemini_version)

    async def _converse(
        self, socket: Socket, config: ProviderConfig, model: str, gemini_version: str
    ) -> None:
        session_id, started = uuid.uuid4().hex[:12], time.monotonic()
        self._counters.add("sessions")
        logger.info("session %s: provider %s, viseme model %s", session_id, config.provider, model)
        app = AppPeer(socket, subprotocol=_SUBPROTOCOLS.get(config.provider))
        try:
            # Before accept: what the app says early waits in its socket.
            provider = await self._dialer.dial(config, gemini_version=gemini_version)
            try:
                await app.accept()
                codec = _codec(config, part_metadata=_is_python_genai(socket.headers))
                ending = await self._relay(app, provider, codec, model)
            finally:
                await provider.close(1000, "")
        except UpstreamError as error:
            self._counters.add("upstream_failures")
            logger.warning("session %s: %s", session_id, error)
            await app.turn_away(error.close_code, str(error))
        except PeerClosed:
            logger.info("session %s: the app left before it began", session_id)
        except Exception:
            # The framework closes the socket with 4500 and says nothing.
            logger.exception("session %s: failed", session_id)
            raise
        else:
            logger.info(
                "session %s: closed by %s after %.1f s with %d %r",
                session_id, ending.by, time.monotonic() - started, ending.code, redact(ending.reason),
            )  # fmt: skip

    async def _relay(self, app: AppPeer, provider: ProviderPeer, codec: Codec, model: str) -> Ending:
        session = Session(codec, lambda audio_format: self._models.open_stream(model, audio_format))
        ending = await relay(
            app=app, provider=provider, session=session, scheduler=self._scheduler, counters=self._counters
        )
        # Only a reader that stalled is still there to be told.
        await app.close(1008, ending.reason)
        return ending


def _codec(config: ProviderConfig, *, part_metadata: bool) -> Codec:
    match config:
        case ElevenLabsConfig():
            return ElevenLabsCodec(sample_rate=config.sample_rate, dynamic_variables=config.dynamic_variables)
        case OpenAIConfig():
            return OpenAICodec(voice=config.voice)
        case GeminiConfig():
            return GeminiCodec(model=config.model, part_metadata=part_metadata)


def _viseme_model(config: ProviderConfig, asked: str | None) -> str:
    """The model the URL was signed for, else the one the query asks for."""
    if asked is not None and asked not in VISEME_MODELS:
        raise BadRequest(f"viseme_model: must be one of {', '.join(VISEME_MODELS)}")
    return config.viseme_model or asked or "default"


def _gemini_token(socket: Socket) -> str | None:
    """Finds the token in all the places where SDKs put an API key."""
    scheme, _, credential = socket.headers.get("authorization", "").partition(" ")
    candidates = (
        socket.headers.get("x-goog-api-key"),
        socket.query_params.get("key"),
        socket.query_params.get("access_token"),
        credential if scheme.lower() in {"token", "bearer"} else None,
    )
    token = next((candidate for candidate in candidates if candidate), None)
    return token.strip().removeprefix(GEMINI_KEY_PREFIX) if token else None


def _is_python_genai(headers: Mapping[str, str]) -> bool:
    return any("gl-python" in headers.get(name, "") for name in ("x-goog-api-client", "user-agent"))


def _error_body(text: str) -> bytes:
    return json.dumps({"error": text}).encode()
