"""WebSocket routes that apps connect to with a signed URL."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from litestar import WebSocket, websocket

from mascot_server.errors import Refusal, UpstreamError, UpstreamRefused, UpstreamUnreachable
from mascot_server.observability.logs import SessionLog
from mascot_server.observability.metrics import close_code_label
from mascot_server.observability.redaction import redact
from mascot_server.providers.registry import PROVIDERS, read_handshake
from mascot_server.relay.relay import relay
from mascot_server.relay.session import Session
from mascot_server.transport.peers import AppPeer, PeerClosed, deny

if TYPE_CHECKING:
    from litestar.handlers import WebsocketRouteHandler

    from mascot_server.auth.handshake_admission import Admission, Admitted
    from mascot_server.inference.engines import Engines
    from mascot_server.inference.scheduler import Scheduler
    from mascot_server.observability.metrics import DialFailure, Metrics
    from mascot_server.observability.tracing import Tracing
    from mascot_server.providers.base import Handshake
    from mascot_server.providers.config import ProviderConfig
    from mascot_server.relay.relay import Ending
    from mascot_server.relay.shutdown import Drain, Stop
    from mascot_server.relay.timeouts import SessionLimits
    from mascot_server.transport.dialer import Dialer
    from mascot_server.transport.peers import ProviderPeer

__all__ = ["Conversations"]

logger = logging.getLogger(__name__)

Socket = WebSocket[Any, Any, Any]


class Conversations:
    """Accepts apps, connects them to their provider and relays the conversations.

    Args:
        admission: Admits or rejects handshakes.
        limits: Time limits of a conversation.
        dialer: Connects to the provider.
        engines: Inference engines of the viseme models.
        scheduler: Predicts visemes.
        metrics: The metrics of the server.
        drain: Tracks running conversations, and rejects new ones during a graceful shutdown or an overload.
        tracing: Traces conversations, if enabled.
    """

    def __init__(
        self,
        *,
        admission: Admission,
        limits: SessionLimits,
        dialer: Dialer,
        engines: Engines,
        scheduler: Scheduler,
        metrics: Metrics,
        drain: Drain,
        tracing: Tracing,
    ) -> None:
        self._admission = admission
        self._limits = limits
        self._dialer = dialer
        self._engines = engines
        self._scheduler = scheduler
        self._metrics = metrics
        self._drain = drain
        self._tracing = tracing

    @property
    def routes(self) -> list[WebsocketRouteHandler]:
        """The handlers of all WebSocket endpoints of the contract."""

        @websocket([path for provider in PROVIDERS.values() for path in provider.socket_paths])
        async def conversation(socket: Socket) -> None:
            scope = socket.scope
            handshake = read_handshake(scope["path"], scope["query_string"], scope["headers"])
            if handshake is None:
                await deny(socket, 404, _error_body("Not Found"))
            else:
                await self._admit(socket, handshake)

        return [conversation]

    async def _admit(self, socket: Socket, handshake: Handshake) -> None:
        """Admit or reject a handshake before the socket is accepted."""
        with self._drain.conversation() as stop:
            try:
                async with self._admission.admit(handshake, stop) as admitted:
                    await self._converse(socket, admitted, handshake, stop)
            except Refusal as refusal:
                self._metrics.handshakes_refused.add(refusal.status)
                await deny(socket, refusal.status, _error_body(str(refusal)), refusal.headers)

    async def _converse(self, socket: Socket, admitted: Admitted, handshake: Handshake, stop: Stop) -> None:
        config, model = admitted.config, admitted.viseme_model
        provider, session_id, started = handshake.provider, uuid.uuid4().hex[:12], time.monotonic()
        name = provider.name
        log = SessionLog(logger, session=session_id, provider=name)
        log.info(
            "provider %s, viseme model %s, key %s", name, model, admitted.key_id,
            extra={"viseme_model": model, "key": admitted.key_id},
        )  # fmt: skip
        self._metrics.sessions.add(name)
        self._metrics.sessions_active.add(name)
        app = AppPeer(socket, subprotocol=provider.subprotocol)
        with self._tracing.session(session_id, name) as trace:
            try:
                # Dialed before `accept`: early messages of the app stay unread in its socket.
                upstream = await self._dial(config, handshake)
                try:
                    await app.accept()
                    codec = trace.watch(provider.codec(config, handshake))
                    open_stream = partial(self._engines.open_stream, model, config.viseme_sets)
                    session = Session(codec, open_stream, config.viseme_sets)
                    ending = await self._relay(app, upstream, session, stop)
                finally:
                    await upstream.close(1000, "")
            except UpstreamError as error:
                log.warning("%s", error, extra={"code": error.close_code})
                self._metrics.closes.add("provider", close_code_label(error.close_code))
                await app.reject(error.close_code, str(error))
            except PeerClosed:
                log.info("the app disconnected before the conversation began")
            except Exception:
                # The framework would close the socket with 4500 and no reason.
                log.exception("the conversation failed")
                raise
            else:
                trace.ended(ending)
                self._ended(log, ending, session, time.monotonic() - started)
            finally:
                self._metrics.sessions_active.add(name, count=-1)

    async def _dial(self, config: ProviderConfig, handshake: Handshake) -> ProviderPeer:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._limits.handshake):
                peer = await self._dialer.dial(config, handshake)
        except TimeoutError:
            self._metrics.dial_failures.add(config.provider, "unreachable")
            raise UpstreamUnreachable(config.provider, "no answer in time") from None
        except UpstreamError as error:
            reason: DialFailure = "refused" if isinstance(error, UpstreamRefused) else "unreachable"
            self._metrics.dial_failures.add(config.provider, reason)
            raise
        self._metrics.dial_seconds.observe(time.monotonic() - started)
        return peer

    async def _relay(self, app: AppPeer, provider: ProviderPeer, session: Session, stop: Stop) -> Ending:
        with self._limits.watch(stop, lambda: session.messages):
            ending = await stop.or_until(
                relay(
                    app=app,
                    provider=provider,
                    session=session,
                    scheduler=self._scheduler,
                    metrics=self._metrics,
                )
            )
        # In all other cases the app has disconnected or has stalled.
        await app.close(ending.code if ending.by == "server" else 1008, ending.reason)
        return ending

    def _ended(self, log: SessionLog, ending: Ending, session: Session, seconds: float) -> None:
        self._metrics.session_seconds.observe(seconds)
        self._metrics.closes.add(ending.by, close_code_label(ending.code))
        log.info(
            "closed by %s after %.1f s with %d %r", ending.by, seconds, ending.code, redact(ending.reason),
            extra={
                "closed_by": ending.by,
                "code": ending.code,
                "seconds": round(seconds, 3),
                "chunks": session.chunks,
                "chunks_without_visemes": session.chunks_without_visemes,
            },
        )  # fmt: skip


def _error_body(text: str) -> bytes:
    return json.dumps({"error": text}).encode()
