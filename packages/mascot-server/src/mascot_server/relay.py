"""Carries one conversation: frames both ways until either side is gone, then the other is told.

There is no task and no queue in the way of a frame: a socket calls the relay with what it read, and the relay writes
it to the other socket before it returns. Only audio waits, for its visemes, and what comes behind it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal

from mascot_server.agenda import Playout
from mascot_server.backpressure import Stall, Valve
from mascot_server.listener import ABNORMAL, NO_STATUS, PeerClosed, PeerStalled

if TYPE_CHECKING:
    from mascot_server.agenda import Track
    from mascot_server.codecs import Audio, Frame, Interrupted
    from mascot_server.metrics import Metrics
    from mascot_server.peers import Peer
    from mascot_server.predictions import Prediction
    from mascot_server.scheduler import Scheduler
    from mascot_server.session import Received, Session

__all__ = ["Ending", "relay"]

STALL_SECONDS: Final = 30.0
"""Less than keepalive takes to give up on the peer at the other end, which is held meanwhile."""

_MAX_WAITING: Final = 32
"""Messages of one provider that may wait for visemes before it is read no further."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a conversation ended.

    Attributes:
        by: Who went first. The server itself does so only where it ends a conversation in mid-flight.
        code: WebSocket close code the other one was told; both, by the server.
        reason: And the reason.
    """

    by: Literal["app", "provider", "server"]
    code: int
    reason: str


async def relay(
    *,
    app: Peer,
    provider: Peer,
    session: Session,
    scheduler: Scheduler,
    metrics: Metrics,
    stall_seconds: float = STALL_SECONDS,
) -> Ending:
    """Relays until one side is gone and closes the other.

    Args:
        app: The app's socket, accepted.
        provider: The provider's socket, open.
        session: What happens to the frames on their way.
        scheduler: Predicts visemes.
        metrics: Where audio messages are counted.
        stall_seconds: How long a peer may take none of what we send before it counts as gone.

    Returns:
        How it ended.
    """
    over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
    # Whoever speaks to a peer that takes no more is held: what congests the app is what the provider says.
    reader = Valve(provider)
    app_stall = Stall(reader, stall_seconds, lambda: _conclude(over, _app_gone(PeerStalled())))
    provider_stall = Stall(Valve(app), stall_seconds, lambda: _conclude(over, _provider_gone(PeerStalled())))
    downstream = _Downstream(
        app=app,
        provider=provider,
        reader=reader,
        stall=provider_stall,
        session=session,
        scheduler=scheduler,
        metrics=metrics,
        over=over,
    )
    upstream = _Upstream(provider, app_stall, session, over)
    try:
        # The app first: what the provider says may be for it at once.
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
    """Listens to the app and speaks to the provider."""

    def __init__(self, provider: Peer, stall: Stall, session: Session, over: asyncio.Future[Ending]) -> None:
        self._send = provider.send
        self._translate = session.receive_client
        self._over = over
        self._stall = stall

    def heard(self, frame: Frame) -> None:
        try:
            self._send(self._translate(frame))
        except Exception as error:  # noqa: BLE001 - a socket would swallow it; the conversation must not
            _fail(self._over, error)

    def gone(self, closed: PeerClosed) -> None:
        _conclude(self._over, _app_gone(closed))

    def congested(self) -> None:
        self._stall.begin()

    def relieved(self) -> None:
        self._stall.end()

    def end(self) -> None:
        self._stall.end()


class _Waiting:
    """A frame of the provider on its way to the app, and whether it may go."""

    __slots__ = ("_line", "arrived", "prediction", "ready", "received")

    def __init__(self, line: _Downstream, received: Received, arrived: float, *, ready: bool) -> None:
        self._line = line
        self.received = received
        self.arrived = arrived
        self.prediction: Prediction | None = None
        self.ready = ready

    def predicted(self, prediction: Prediction | None) -> None:
        """Lets the frame go, with what its stream said."""
        self.prediction = prediction
        self.ready = True
        self._line.release()


class _Downstream:
    """Listens to the provider and speaks to the app, in the order of what was heard."""

    def __init__(
        self,
        *,
        app: Peer,
        provider: Peer,
        reader: Valve,
        stall: Stall,
        session: Session,
        scheduler: Scheduler,
        metrics: Metrics,
        over: asyncio.Future[Ending],
    ) -> None:
        self._send = app.send
        self._answer = provider.send
        self._reader = reader
        self._session = session
        self._scheduler = scheduler
        self._metrics = metrics
        self._over = over
        self._waiting: deque[_Waiting] = deque()
        self._playout = Playout()
        self._track: Track | None = None
        self._stream = ""
        self._ending: Ending | None = None
        self._stall = stall

    def heard(self, frame: Frame) -> None:
        if self._over.done():
            return
        try:
            self._take(self._session.receive(frame))
        except Exception as error:  # noqa: BLE001 - a socket would swallow it; the conversation must not
            _fail(self._over, error)

    def gone(self, closed: PeerClosed) -> None:
        if self._ending is None:
            self._ending = _provider_gone(closed)
            self.release()

    def congested(self) -> None:
        self._stall.begin()

    def relieved(self) -> None:
        self._stall.end()

    def end(self) -> None:
        """The conversation is over: nothing more is predicted or sent."""
        self._stall.end()
        self._forget()
        self._waiting.clear()

    def release(self) -> None:
        """Sends on what may go, up to the first frame that has to wait."""
        waiting = self._waiting
        try:
            while waiting and waiting[0].ready:
                frame = waiting.popleft()
                if frame.received.audio is not None:
                    self._metrics.added_latency.observe(monotonic() - frame.arrived)
                for message in self._session.release(frame.received, frame.prediction):
                    self._send(message)
        except Exception as error:  # noqa: BLE001 - it came from a timer, which would swallow it
            _fail(self._over, error)
        if len(waiting) < _MAX_WAITING // 2:
            self._reader.open("backlog")
        if self._ending is not None and not waiting:
            _conclude(self._over, self._ending)

    def _take(self, received: Received) -> None:
        if received.interrupts is not None:
            self._give_up(received.interrupts)
        for question in received.to_upstream:
            self._answer(question)
        if received.track is not None and received.audio is not None:
            self._predict(received, received.track, received.audio)
            return
        if received.undecodable is not None:
            self._metrics.chunks_without_visemes.add("undecodable")
        if self._waiting:
            self._waiting.append(_Waiting(self, received, 0.0, ready=True))
        else:
            self._send(received.frame)

    def _predict(self, received: Received, track: Track, audio: Audio) -> None:
        self._metrics.audio_chunks.add()
        now = monotonic()
        if track is not self._track:
            self._track, self._stream = track, audio.stream
            if not self._waiting:
                self._playout.restart()
        waiting = _Waiting(self, received, now, ready=False)
        self._waiting.append(waiting)
        if len(self._waiting) >= _MAX_WAITING:
            self._reader.shut("backlog")
        due = self._playout.due(now, audio.duration_ms / 1000)
        self._scheduler.submit(track, audio.data, due=due, done=waiting.predicted)

    def _give_up(self, interrupted: Interrupted) -> None:
        """Sends on without visemes what waits of the streams that were interrupted."""
        if self._track is not None and interrupted.stops(self._stream):
            self._scheduler.forget(self._track)
        for frame in self._waiting:
            audio, track = frame.received.audio, frame.received.track
            if audio is not None and track is not None and interrupted.stops(audio.stream):
                self._scheduler.forget(track)
                frame.ready = True
        self.release()

    def _forget(self) -> None:
        tracks = {frame.received.track for frame in self._waiting} | {self._track}
        for track in tracks:
            if track is not None:
                self._scheduler.forget(track)


def _conclude(over: asyncio.Future[Ending], ending: Ending) -> None:
    if not over.done():
        over.set_result(ending)


def _fail(over: asyncio.Future[Ending], error: Exception) -> None:
    if not over.done():
        over.set_exception(error)


def _provider_gone(closed: PeerClosed) -> Ending:
    if closed.code == ABNORMAL:
        return Ending("provider", 1011, closed.reason or "the provider's connection broke")
    return Ending("provider", _tellable(closed.code), closed.reason)


def _app_gone(closed: PeerClosed) -> Ending:
    if closed.code == ABNORMAL:
        return Ending("app", 1000, closed.reason)
    return Ending("app", _tellable(closed.code), closed.reason)


def _tellable(code: int) -> int:
    """The code itself where an endpoint may send it (RFC 6455, section 7.4), else the nearest one it may."""
    if code == NO_STATUS:
        return 1000
    sendable = 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999  # noqa: PLR2004 - the ranges of the RFC
    return code if sendable else 1011
