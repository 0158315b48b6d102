"""Run a LiveKit agent's session with the framework's own room output, and read its track without a server."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from livekit.agents import Agent, AgentSession, llm
from livekit.agents.voice.room_io._output import _ParticipantAudioOutput

from livekit import rtc
from livekit.plugins.mascot import RoomPublisher, VisemeAudioOutput
from support.lip_sync import BYTES, RATE, Heard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable


@dataclass
class Publication:
    """A published track."""

    sid: str
    source: int

    async def wait_for_subscription(self) -> None:
        """Return at once: there is a subscriber."""


class Room:
    """Simulated LiveKit room: accepts a track and data, and has one subscriber.

    It replaces the LiveKit server in these tests.
    """

    def __init__(self) -> None:
        self.local_participant = self
        self.track_publications: dict[str, Publication] = {}
        self.heard = Heard()
        self.data: list[tuple[float, str, dict[str, Any]]] = []
        self.fault: Exception | None = None
        self._streams: list[rtc.AudioStream] = []
        self._listeners: list[asyncio.Task[None]] = []
        self._sounded = asyncio.Condition()

    async def publish_track(
        self, track: rtc.LocalAudioTrack, options: rtc.TrackPublishOptions
    ) -> Publication:
        sid = f"TR_{len(self.track_publications)}"
        self.track_publications[sid] = Publication(sid, options.source)
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        self._streams.append(stream)
        self._listeners.append(asyncio.create_task(self._listen(stream)))
        return self.track_publications[sid]

    async def publish_data(self, payload: str, *, reliable: bool, topic: str) -> None:
        if self.fault is not None:
            raise self.fault
        assert reliable
        self.data.append((time.monotonic(), topic, json.loads(payload)))

    def visemes(self, **wanted: Any) -> list[tuple[float, dict[str, Any]]]:
        """Return arrival and payload of each message with these values in it."""
        return [(at, payload) for at, _, payload in self.data if wanted.items() <= payload.items()]

    async def played(self, seconds: float) -> None:
        """Wait until this much audio that is not silent was played."""
        async with asyncio.timeout(20), self._sounded:
            await self._sounded.wait_for(lambda: self.loud_seconds >= seconds)

    @property
    def loud_seconds(self) -> float:
        """From the first sound to now."""
        first = next((at for at, value in enumerate(self.heard.pcm) if value), len(self.heard.pcm))
        return (len(self.heard.pcm) - first) / BYTES / RATE

    async def _listen(self, stream: rtc.AudioStream) -> None:
        async for event in stream:
            self.heard.play(bytes(event.frame.data), time.monotonic())
            async with self._sounded:
                self._sounded.notify_all()

    async def aclose(self) -> None:
        for stream in self._streams:
            await stream.aclose()
        await asyncio.gather(*self._listeners)


def frame(pcm: bytes, *, rate: int = RATE, channels: int = 1) -> rtc.AudioFrame:
    return rtc.AudioFrame(pcm, rate, channels, len(pcm) // BYTES // channels)


async def spoken(
    parts: Iterable[bytes], *, stall_after: int = 0, stall: float = 0.0
) -> AsyncIterator[rtc.AudioFrame]:
    """Yield the frames of speech synthesis, which may stall once."""
    for number, part in enumerate(parts):
        if stall and number == stall_after:
            await asyncio.sleep(stall)
        yield frame(part)


@asynccontextmanager
async def running_session(room: Room, **options: Any) -> AsyncIterator[AgentSession[None]]:
    """Yield a session whose output is the framework's room output, with visemes around it."""
    sink = _ParticipantAudioOutput(
        room,
        sample_rate=RATE,
        num_channels=1,
        track_publish_options=rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE),
    )
    await sink.start()
    session: AgentSession[None] = AgentSession(**options)
    session.output.audio = VisemeAudioOutput(sink, RoomPublisher(room))
    await session.start(Agent(instructions="Speak."))
    try:
        yield session
    finally:
        await session.aclose()
        await sink.aclose()
        await room.aclose()


class SpeakingModel(llm.RealtimeModel):
    """A realtime model that speaks one text; its audio arrives in small frames, as from a provider."""

    def __init__(self, parts: list[bytes]) -> None:
        super().__init__(
            capabilities=llm.RealtimeCapabilities(
                message_truncation=False,
                turn_detection=True,
                user_transcription=False,
                auto_tool_reply_generation=False,
                audio_output=True,
                manual_function_calls=False,
            )
        )
        self.parts = parts

    def session(self, *, turn_detection_disabled: bool = False) -> SpeakingSession:  # noqa: ARG002  (the framework's)
        return SpeakingSession(self)

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


class SpeakingSession(llm.RealtimeSession):
    """A session of `SpeakingModel`."""

    def __init__(self, model: SpeakingModel) -> None:
        super().__init__(model)
        self._parts = model.parts

    @property
    def chat_ctx(self) -> llm.ChatContext:
        return llm.ChatContext.empty()

    @property
    def tools(self) -> llm.ToolContext:
        return llm.ToolContext.empty()

    def generate_reply(self, **_options: Any) -> asyncio.Future[llm.GenerationCreatedEvent]:
        async def stream(*items: Any) -> AsyncIterator[Any]:
            for item in items:
                yield item

        modalities: asyncio.Future[list[str]] = asyncio.Future()
        modalities.set_result(["audio", "text"])
        message = llm.MessageGeneration(
            message_id="message",
            text_stream=stream(),
            audio_stream=spoken(self._parts),
            modalities=modalities,
        )
        created: asyncio.Future[llm.GenerationCreatedEvent] = asyncio.Future()
        created.set_result(
            llm.GenerationCreatedEvent(
                message_stream=stream(message),
                function_stream=stream(),
                user_initiated=True,
                response_id="response",
            )
        )
        return created

    async def update_instructions(self, instructions: str) -> None: ...

    async def update_chat_ctx(self, chat_ctx: llm.ChatContext) -> None: ...

    async def update_tools(self, tools: list[llm.Tool]) -> None: ...

    def update_options(self, **options: Any) -> None: ...

    def push_audio(self, frame: rtc.AudioFrame) -> None: ...

    def push_video(self, frame: rtc.VideoFrame) -> None: ...

    def commit_audio(self) -> None: ...

    def clear_audio(self) -> None: ...

    def interrupt(self) -> None: ...

    def truncate(self, **options: Any) -> None: ...

    async def aclose(self) -> None: ...
