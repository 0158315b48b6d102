"""Run a Pipecat pipeline with a simulated loudspeaker."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pipecat.frames.frames import (
    EndFrame,
    Frame,
    OutputAudioRawFrame,
    OutputTransportMessageUrgentFrame,
    StartFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

from support.lip_sync import RATE, Heard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

LEAD = 0.12
"""Seconds of audio that the loudspeaker buffers, as WebRTC does."""


class Loudspeaker(BaseOutputTransport):
    """Output that plays in real time and records audio and the messages to the client."""

    def __init__(self, *destinations: str) -> None:
        super().__init__(
            TransportParams(
                audio_out_enabled=True,
                audio_out_end_silence_secs=0,
                audio_out_destinations=list(destinations),
            )
        )
        self.heard: dict[str | None, Heard] = defaultdict(Heard)
        self.messages: list[tuple[float, dict[str, Any]]] = []
        self._free_at: dict[str | None, float] = defaultdict(float)
        self._written = asyncio.Condition()

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        place = frame.transport_destination
        begin = max(self._free_at[place], time.monotonic())
        self.heard[place].play(frame.audio, begin)
        async with self._written:
            self._written.notify_all()
        self._free_at[place] = begin + frame.num_frames / frame.sample_rate
        await asyncio.sleep(self._free_at[place] - LEAD - time.monotonic())
        return True

    async def send_message(self, frame: Any) -> None:
        assert isinstance(frame, OutputTransportMessageUrgentFrame)
        self.messages.append((time.monotonic(), frame.message))

    def visemes(self, **wanted: Any) -> list[tuple[float, dict[str, Any]]]:
        """Return arrival and data of each viseme message with these values in it."""
        found = [
            (at, message["data"])
            for at, message in self.messages
            if message.get("type") == "server-message" and message["data"]["type"] == "mascot-visemes"
        ]
        return [(at, data) for at, data in found if wanted.items() <= data.items()]

    async def played(self, seconds: float, destination: str | None = None) -> None:
        """Wait until this much audio was played."""
        async with asyncio.timeout(20), self._written:
            await self._written.wait_for(lambda: self.heard[destination].seconds >= seconds)


class Passed(FrameProcessor):
    """Processor that records all frames in order."""

    def __init__(self) -> None:
        super().__init__(enable_direct_mode=True)
        self.frames: list[Frame] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if direction == FrameDirection.DOWNSTREAM:
            self.frames.append(frame)
        await self.push_frame(frame, direction)


def speech(
    parts: Iterable[bytes],
    context_id: str | None,
    *,
    destination: str | None = None,
    interruptible: bool = True,
    stopped: bool = True,
) -> list[Frame]:
    """Return the frames of one speech, as from speech synthesis."""
    frames: list[Frame] = [TTSStartedFrame(context_id=context_id)]
    frames += [
        TTSAudioRawFrame(audio=part, sample_rate=RATE, num_channels=1, context_id=context_id)
        for part in parts
    ]
    frames += [TTSStoppedFrame(context_id=context_id)] if stopped else []
    for frame in frames:
        frame.transport_destination = destination
        frame.interruptible = interruptible
    return frames


async def run_pipeline(
    processors: list[FrameProcessor], play: Callable[[PipelineWorker], Awaitable[None]]
) -> None:
    """Run a pipeline, with its RTVI processor, until `play` ends and all audio is played."""
    worker = PipelineWorker(
        Pipeline(processors),
        cancel_on_idle_timeout=False,
        params=PipelineParams(audio_out_sample_rate=RATE),
    )
    started = asyncio.Event()

    async def begin(_worker: PipelineWorker, _frame: Frame) -> None:
        started.set()

    worker.add_event_handler("on_pipeline_started", begin)

    async def drive() -> None:
        await started.wait()
        await play(worker)
        await worker.queue_frame(EndFrame())

    runner = WorkerRunner()
    await runner.add_workers(worker)
    async with asyncio.timeout(60):
        await asyncio.gather(runner.run(), drive())
