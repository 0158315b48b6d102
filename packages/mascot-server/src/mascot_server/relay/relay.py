"""Relay one conversation: forward frames in both directions until one side ends, then close the other.

Forwarding needs no task and no queue: a socket calls the relay with each message that it reads, and the relay writes
the message to the other socket before it returns. Only audio waits for its visemes, with the messages behind it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mascot_server.relay.backpressure import Stall, Valve
from mascot_server.relay.downstream import Downstream
from mascot_server.relay.endings import Ending, app_gone, conclude, fail, provider_gone
from mascot_server.transport.listener import PeerStalled

if TYPE_CHECKING:
    from mascot_server.inference.scheduler import Scheduler
    from mascot_server.observability.metrics import Metrics
    from mascot_server.providers.codec import Frame
    from mascot_server.relay.session import Session
    from mascot_server.transport.listener import PeerClosed
    from mascot_server.transport.peers import Peer

__all__ = ["Ending", "relay"]

STALL_SECONDS: Final = 30.0
"""Shorter than the keepalive timeout of the peer at the other end, from which reading is paused meanwhile."""


async def relay(
    *,
    app: Peer,
    provider: Peer,
    session: Session,
    scheduler: Scheduler,
    metrics: Metrics,
    stall_seconds: float = STALL_SECONDS,
) -> Ending:
    """Relay until one side has ended, then close the other.

    Args:
        app: The app's socket, accepted.
        provider: The provider's socket, open.
        session: Processes the frames of the conversation.
        scheduler: Predicts visemes.
        metrics: Metrics that count audio messages.
        stall_seconds: How long a peer may read nothing before it counts as disconnected.

    Returns:
        How the conversation ended.
    """
    over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
    # If a peer's send buffer is full, reading from the other peer is paused.
    reader = Valve(provider)
    app_stall = Stall(reader, stall_seconds, lambda: conclude(over, app_gone(PeerStalled())))
    provider_stall = Stall(Valve(app), stall_seconds, lambda: conclude(over, provider_gone(PeerStalled())))
    downstream = Downstream(
        app=app,
        provider=provider,
        reader=reader,
        stall=provider_stall,
        session=session,
        scheduler=scheduler,
        metrics=metrics,
        over=over,
    )
    upstream = _Upstream(provider, app_stall, downstream, session, over)
    try:
        # The app is attached first, because the first message of the provider may be forwarded at once.
        app.listen(upstream)
        provider.listen(downstream)
        ending = await over
    finally:
        over.cancel()
        downstream.end()
        upstream.end()
    await (app if ending.by == "provider" else provider).close(ending.code, ending.reason)
    return ending


class _Upstream:
    """Forwards messages from the app to the provider."""

    def __init__(
        self,
        provider: Peer,
        stall: Stall,
        downstream: Downstream,
        session: Session,
        over: asyncio.Future[Ending],
    ) -> None:
        self._downstream = downstream
        self._send = provider.send
        self._session = session
        self._over = over
        self._stall = stall

    def message_received(self, frame: Frame) -> None:
        try:
            self._send(self._session.receive_client(frame))
        except Exception as error:  # noqa: BLE001 - a socket would swallow it; the conversation must not
            fail(self._over, error)

    def gone(self, closed: PeerClosed) -> None:
        if self._session.closing:
            self._downstream.await_confirmation(app_gone(closed))
        else:
            conclude(self._over, app_gone(closed))

    def congested(self) -> None:
        self._stall.begin()
        self._downstream.block()

    def relieved(self) -> None:
        self._stall.end()
        self._downstream.unblock()

    def end(self) -> None:
        self._stall.end()
