"""The direction from the provider to the app: audio waits for its visemes, and messages behind it wait as well."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Final

from mascot_server.inference.playout import Playout
from mascot_server.relay.endings import conclude, fail, provider_gone

if TYPE_CHECKING:
    from mascot_server.inference.jobs import Track
    from mascot_server.inference.predictions import Prediction
    from mascot_server.inference.scheduler import Scheduler
    from mascot_server.observability.metrics import Metrics
    from mascot_server.providers.codec import Audio, Frame, Interrupted
    from mascot_server.relay.backpressure import Stall, Valve
    from mascot_server.relay.endings import Ending
    from mascot_server.relay.session import Received, Session
    from mascot_server.transport.listener import PeerClosed
    from mascot_server.transport.peers import Peer

__all__ = ["Downstream"]

_MAX_WAITING_BYTES: Final = 1 << 24
"""Bytes of waiting messages of one provider from which reading from it is paused: two minutes of audio.

An interruption that follows a burst is read at once only if the burst is smaller than this.
"""

_MESSAGE_BYTES: Final = 512
"""Memory of a waiting message, in addition to its frame and its audio."""

_FEW_WAITING: Final = 32
"""Messages of one conversation that may wait while the queue of the scheduler is crowded."""

_CONFIRMATION_SECONDS: Final = 10.0
"""How long to wait for the provider to confirm the end of the session after the app has disconnected."""

_PER_TURN: Final = 128
"""Most messages sent in one iteration of the event loop: after an interruption a whole burst may be ready."""


class _Waiting:
    """A frame of the provider that waits to be sent to the app, its playout deadline, and whether it is ready."""

    __slots__ = ("_line", "due", "prediction", "ready", "received", "size")

    def __init__(self, line: Downstream, received: Received, due: float, *, ready: bool) -> None:
        self._line = line
        self.received = received
        self.due = due
        self.prediction: Prediction | None = None
        self.ready = ready
        audio = received.audio
        self.size = _MESSAGE_BYTES + len(received.frame) + (0 if audio is None else len(audio.data))

    def predicted(self, prediction: Prediction | None) -> None:
        """Mark the frame as ready to send, with the visemes of its stream."""
        self.prediction = prediction
        self.ready = True
        self._line.release()


class Downstream:
    """Receives messages from the provider and sends them to the app in the same order."""

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
        self._waiting_bytes = 0
        self._blocked = False
        self._next_turn: asyncio.Handle | None = None
        self._playout = Playout()
        self._track: Track | None = None
        self._stream = ""
        self._ending: Ending | None = None
        self._app_gone: Ending | None = None
        self._confirmation: asyncio.Handle | None = None
        self._stall = stall

    def message_received(self, frame: Frame) -> None:
        """Process a message from the provider."""
        if self._over.done():
            return
        try:
            received = self._session.receive(frame)
            if self._app_gone is None:
                self._take(received)
            elif not self._session.closing:
                conclude(self._over, self._app_gone)
        except Exception as error:  # noqa: BLE001 - a socket would swallow it; the conversation must not
            fail(self._over, error)

    def gone(self, closed: PeerClosed) -> None:
        """Record that the provider closed the connection; its waiting messages are still sent to the app."""
        if self._app_gone is not None:
            conclude(self._over, self._app_gone)
        elif self._ending is None:
            self._ending = provider_gone(closed)
            for track in self._tracks():
                self._scheduler.finish(track)
            self.release()

    def await_confirmation(self, app_gone: Ending) -> None:
        """Wait until the provider confirms the end of the session, after the app has closed its connection."""
        self._app_gone = app_gone
        self._confirmation = asyncio.get_running_loop().call_later(
            _CONFIRMATION_SECONDS, conclude, self._over, app_gone
        )
        self._forget()
        self._waiting.clear()
        self._reader.open("backlog")

    def congested(self) -> None:
        """Pause reading from the app: the provider's send buffer is full."""
        self._stall.begin()

    def relieved(self) -> None:
        """Resume reading from the app: the provider's send buffer has space again."""
        self._stall.end()

    def end(self) -> None:
        """End the conversation: predict and send nothing more."""
        self._stall.end()
        self._forget()
        self._waiting.clear()
        for handle in (self._next_turn, self._confirmation):
            if handle is not None:
                handle.cancel()

    def block(self) -> None:
        """Hold frames in this queue, where they are counted: the app's send buffer is full."""
        self._blocked = True

    def unblock(self) -> None:
        """Send frames again: the app's send buffer has space."""
        if self._blocked:
            self._blocked = False
            self.release()

    def release(self) -> None:
        """Send frames that are ready, up to the first that has to wait."""
        waiting, left = self._waiting, _PER_TURN
        try:
            while waiting and waiting[0].ready and left and not self._blocked:
                frame = waiting.popleft()
                self._waiting_bytes -= frame.size
                left -= 1
                if frame.received.audio is not None:
                    self._metrics.added_latency.observe(max(0.0, monotonic() - frame.due))
                for message in self._session.release(frame.received, frame.prediction):
                    self._send(message)
        except Exception as error:  # noqa: BLE001 - it came from a timer, which would swallow it
            fail(self._over, error)
        if not left and self._next_turn is None:
            self._next_turn = asyncio.get_running_loop().call_soon(self._release_more)
        if self._waiting_bytes < _MAX_WAITING_BYTES // 2 and (
            len(waiting) < _FEW_WAITING // 2 or not self._scheduler.crowded
        ):
            self._reader.open("backlog")
        if self._ending is not None and not waiting:
            conclude(self._over, self._ending)

    def _release_more(self) -> None:
        self._next_turn = None
        self.release()

    def _take(self, received: Received) -> None:
        if received.interrupts is not None:
            self._give_up(received.interrupts)
        for question in received.to_upstream:
            self._answer(question)
        track, audio = received.track, received.audio
        if track is not None and audio is not None:
            self._predict(received, track, audio)
        else:
            self._pass(received)
        for track in received.ended:
            self._scheduler.finish(track)

    def _pass(self, received: Received) -> None:
        """Forward a frame without audio, after the frames that wait."""
        if received.undecodable is not None:
            self._metrics.chunks_without_visemes.add("undecodable")
        if self._waiting or self._blocked:
            self._wait(_Waiting(self, received, 0.0, ready=True))
            if self._track is not None:
                # A tool call, for example, must not wait as long as audio that waits for look-ahead.
                self._scheduler.hasten(self._track)
        else:
            for message in received.bare:
                self._send(message)

    def _predict(self, received: Received, track: Track, audio: Audio) -> None:
        self._metrics.audio_chunks.add()
        now = monotonic()
        if track is not self._track:
            if self._track is not None:
                # The new turn must not wait for the look-ahead of the previous one.
                self._scheduler.finish(self._track)
            self._track, self._stream = track, audio.stream
            if not self._waiting:
                self._playout.restart()
        seconds = audio.duration_ms / 1000
        due = now if audio.real_time else self._playout.due(now, seconds)
        waiting = _Waiting(self, received, due, ready=False)
        self._wait(waiting)
        self._scheduler.submit(track, audio.data, due=due, done=waiting.predicted, seconds=seconds)

    def _wait(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)
        self._waiting_bytes += waiting.size
        if self._waiting_bytes >= _MAX_WAITING_BYTES or (
            len(self._waiting) >= _FEW_WAITING and self._scheduler.crowded
        ):
            self._reader.shut("backlog")

    def _give_up(self, interrupted: Interrupted) -> None:
        """Forward waiting frames of interrupted streams without visemes."""
        if self._track is not None and interrupted.stops(self._stream):
            self._scheduler.forget(self._track)
        for frame in self._waiting:
            audio, track = frame.received.audio, frame.received.track
            if audio is not None and track is not None and interrupted.stops(audio.stream):
                self._scheduler.forget(track)
                frame.ready = True
        self.release()

    def _forget(self) -> None:
        for track in self._tracks():
            self._scheduler.forget(track)

    def _tracks(self) -> set[Track]:
        """Return the tracks of all waiting audio, and the latest track."""
        tracks = {frame.received.track for frame in self._waiting} | {self._track}
        return {track for track in tracks if track is not None}
