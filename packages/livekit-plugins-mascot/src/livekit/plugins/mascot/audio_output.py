"""The audio output that wraps the audio output of the session."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING
from uuid import uuid4

from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities

import mascot_visemes as mv
from livekit.plugins.mascot.log import logger
from livekit.plugins.mascot.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from livekit.agents.voice.io import PlaybackFinishedEvent, PlaybackProgressedEvent, PlaybackStartedEvent
    from livekit.rtc import AudioFrame

    from livekit.plugins.mascot.messages import VisemeMessage

__all__ = ["VisemeAudioOutput"]


class VisemeAudioOutput(AudioOutput):
    """Forward audio to another audio output, and publish its visemes when it is played.

    Wrap the audio output of the session after the session has started::

        await session.start(agent, room=ctx.room)
        session.output.audio = VisemeAudioOutput(session.output.audio, RoomPublisher(ctx.room))

    It works with speech synthesis and with realtime models. The audio is forwarded unchanged and in order. Audio is
    forwarded without visemes if it is not mono or if its sample rate is outside 8000 to 48000 Hz.

    Visemes follow the playback. They start when the next output reports the start of playback, and wait during
    underruns and pauses. The mouth closes when the buffer is cleared.
    """

    def __init__(
        self,
        next_in_chain: AudioOutput,
        publish: Callable[[VisemeMessage], Awaitable[None]],
        *,
        model: str = "default",
        shapes: str = "oculus",
    ) -> None:
        """Load the model.

        Args:
            next_in_chain: The audio output that plays the audio, usually ``session.output.audio``.
            publish: A ``RoomPublisher``, or your own coroutine function. It is awaited with each message, in order.
            model: The name of the model, one of ``mascot_visemes.available_models()``.
            shapes: The set of shapes: ``oculus``, ``sapi``, ``vrm``, ``rhubarb`` or ``arkit`` (names like ``oculus``).

        Raises:
            UnknownModelError: There is no such model.
            UnknownShapesError: There is no such set of shapes.
        """
        super().__init__(
            label="MascotVisemes",
            next_in_chain=next_in_chain,
            capabilities=AudioOutputCapabilities(pause=True),
        )
        self._sink: AudioOutput = self.next_in_chain or next_in_chain
        self._engine = mv.load(model, shapes=shapes)
        self._publish = publish
        self._segments: deque[Segment] = deque()
        self._capturing: Segment | None = None
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._outbox: deque[VisemeMessage] = deque()
        self._publishing: asyncio.Task[None] | None = None
        self._warned: set[str] = set()
        self.on("playback_started", self._playback_started)
        self.on("playback_progressed", self._playback_progressed)
        self.on("playback_finished", self._playback_finished)

    @property
    def sample_rate(self) -> int | None:
        """The sample rate in Hz that the next output requires; ``None`` if it accepts any."""
        rate: int | None = self._sink.sample_rate
        return rate

    async def capture_frame(self, frame: AudioFrame) -> None:
        """Predict the visemes of a frame and forward it."""
        await super().capture_frame(frame)
        segment = self._capturing or self._begin()
        if not segment.dropped:
            await self._predict(segment, frame)
            segment.playhead.capture(self._now(), 1000 * frame.duration)
            self._tick()
        await self._sink.capture_frame(frame)

    def flush(self) -> None:
        """End the segment. The mouth closes after its audio."""
        super().flush()
        if self._capturing is not None:
            self._capturing.end_stream()
            self._capturing = None
            self._tick()
        self._sink.flush()

    def clear_buffer(self) -> None:
        """Drop the audio that has not been played, and its visemes, and close the mouth."""
        for segment in self._segments:
            if not segment.dropped:
                segment.dropped = True
                self._send(segment.close(self._now()))
        self._sink.clear_buffer()

    def pause(self) -> None:
        """Pause the audio and close the mouth."""
        super().pause()
        if not self._paused:
            self._paused = True
            for segment in self._playing():
                self._send(segment.pause(self._now()))

    def resume(self) -> None:
        """Resume the audio and the visemes."""
        super().resume()
        if self._paused:
            self._paused = False
            for segment in self._playing():
                self._send(segment.resume(self._now()))
            self._tick()

    def on_detached(self) -> None:
        """Stop publishing, because the session has ended or uses another output."""
        super().on_detached()
        for segment in self._playing():
            segment.dropped = True
            self._send(segment.close(self._now()))

    def _begin(self) -> Segment:
        """Start a segment with the first frame after a flush."""
        segment = Segment(uuid4().hex, self._engine)
        if self._paused:
            segment.pause(self._now())
        self._segments.append(segment)
        self._capturing = segment
        return segment

    async def _predict(self, segment: Segment, frame: AudioFrame) -> None:
        """Add the visemes of a frame to its segment."""
        if frame.num_channels != 1:
            self._warn("audio with more than one channel is forwarded without visemes; use mono audio")
            return
        try:
            stream = segment.stream(frame.sample_rate)
        except mv.SampleRateError as error:
            self._warn(f"audio at {frame.sample_rate} Hz is forwarded without visemes: {error}")
            return
        # Inference takes some milliseconds and must not block other tasks.
        try:
            segment.add(await asyncio.to_thread(stream.accept_waveform, bytes(frame.data)))
        except asyncio.CancelledError:
            # The session cancelled the speech; the thread may still use the stream.
            segment.abandon_stream()
            raise

    def _playback_started(self, _event: PlaybackStartedEvent) -> None:
        for segment in self._playing():
            segment.playhead.start(self._now())
        self._tick()

    def _playback_progressed(self, event: PlaybackProgressedEvent) -> None:
        for segment in self._playing():
            segment.playhead.report(self._now(), 1000 * (event.offset + event.duration))
        self._tick()

    def _playback_finished(self, event: PlaybackFinishedEvent) -> None:
        if not self._segments:
            return
        segment = self._segments.popleft()
        if not segment.dropped:
            segment.dropped = True
            self._send(segment.close(self._now()) if event.interrupted else segment.finish())

    def _playing(self) -> list[Segment]:
        """Return a list with the segment that is played next, or an empty list."""
        return [segment for segment in self._segments if not segment.dropped][:1]

    def _tick(self) -> None:
        """Publish the visemes that are due, and set the timer for the next ones."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for segment in self._playing():
            self._send(segment.due(self._now()))
            at = segment.due_at()
            if at is not None:
                self._timer = asyncio.get_running_loop().call_at(at, self._tick)

    def _send(self, message: VisemeMessage | None) -> None:
        """Add a message to the queue and publish the queue."""
        if message is None:
            return
        self._outbox.append(message)
        if self._publishing is None or self._publishing.done():
            self._publishing = asyncio.get_running_loop().create_task(self._publish_all())

    async def _publish_all(self) -> None:
        """Publish all messages of the queue, in order."""
        while self._outbox:
            try:
                await self._publish(self._outbox.popleft())
            except Exception as error:  # noqa: BLE001  (a lost viseme must not end the speech)
                self._warn(f"visemes could not be published: {error!r}")

    def _warn(self, problem: str) -> None:
        """Log a problem once."""
        if problem not in self._warned:
            self._warned.add(problem)
            logger.warning(problem)

    def _now(self) -> float:
        """Return the time of the event loop."""
        return asyncio.get_running_loop().time()
