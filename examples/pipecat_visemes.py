"""Visemes inside a Pipecat voice agent, by mascot-visemes alone: a processor between speech synthesis and transport.

    python -m examples.pipecat_visemes

Without a key Cartesia's speech is simulated. It is real once CARTESIA_API_KEY and CARTESIA_VOICE_ID are set.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from loguru import logger
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    DataFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    InterruptionFrame,
    OutputAudioRawFrame,
    StartFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.cartesia.tts import CartesiaHttpTTSService
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

import mascot_visemes as mv
from examples.offline import offline

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE_RATE: Final = 24000
TEXT: Final = "Of course. The blue ferry leaves for Marble Bay at half past five, from the lower wharf."
FAST: Final = 3.0
_PAUSE: Final = 0.1


@dataclass
class VisemeFrame(DataFrame):
    """The mouth takes a shape. It travels with the audio, so that it leaves the transport when its sound does.

    Attributes:
        viseme: One of Oculus' visemes, `sil` being the closed mouth.
    """

    viseme: str = "sil"


class VisemeProcessor(FrameProcessor):
    """Puts a `VisemeFrame` into the audio at each change of the mouth. Stands right behind the speech synthesis.

    An audio frame is cut where the mouth changes; all its audio goes on, in order. Audio that is not mono goes on as
    it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self._engine = mv.load("default", shapes="oculus")
        self._stream: mv.Stream | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Hears the agent's speech; every other frame goes on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame) and frame.num_channels == 1:
            if self._stream is None:
                self._stream = self._engine.create_stream(sample_rate=frame.sample_rate)
            start = self._stream.samples
            # Some milliseconds of work, not in the way of other frames.
            events = await asyncio.to_thread(self._stream.accept_waveform, frame.audio)
            for part in cut(frame, events, start):
                await self.push_frame(part, direction)
            return
        if isinstance(frame, TTSStoppedFrame) and self._stream is not None:
            for event in self._stream.input_finished():
                await self.push_frame(VisemeFrame(str(event.viseme)), direction)
            self._stream = None
        await self.push_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            # The transport drops its audio, and the visemes in it: what is shown now must close.
            self._stream = None
            await self.push_frame(VisemeFrame("sil"), direction)


def cut(frame: TTSAudioRawFrame, events: list[mv.VisemeEvent], start: int) -> Iterator[Frame]:
    """Parts of an audio frame with viseme frames between them.

    Args:
        frame: mono audio.
        events: the changes in it.
        start: samples of the stream before the frame.
    """
    begin = 0
    for event in events:
        end = 2 * max(event.time_ms * frame.sample_rate // 1000 - start, 0)
        if end > begin:
            yield part_of(frame, begin, end)
            begin = end
        yield VisemeFrame(str(event.viseme))
    if begin < len(frame.audio):
        yield part_of(frame, begin, len(frame.audio))


def part_of(frame: TTSAudioRawFrame, begin: int, end: int) -> TTSAudioRawFrame:
    """Some bytes of an audio frame, as one of their own."""
    part = TTSAudioRawFrame(
        audio=frame.audio[begin:end],
        sample_rate=frame.sample_rate,
        num_channels=1,
        context_id=frame.context_id,
    )
    part.transport_destination = frame.transport_destination
    return part


class SilentTransport(BaseOutputTransport):
    """Takes audio as fast as a loudspeaker plays it, and plays nothing. Yours is Daily's, LiveKit's, a telephone's."""

    def __init__(self, speed: float) -> None:
        # Chunks of 20 ms: visemes wait for whole ones.
        super().__init__(
            TransportParams(audio_out_enabled=True, audio_out_10ms_chunks=2, audio_out_end_silence_secs=0)
        )
        self._speed = speed
        self._free_at = 0.0

    async def start(self, frame: StartFrame) -> None:
        """Begins to take audio."""
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Waits as long as the audio sounds."""
        self._free_at = (
            max(self._free_at, time.monotonic()) + frame.num_frames / frame.sample_rate / self._speed
        )
        await asyncio.sleep(self._free_at - time.monotonic())
        return True


class Mouth(FrameProcessor):
    """Shows the mouth, behind the transport: where your avatar goes."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed
        self._began = 0.0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Prints each viseme when it is heard."""
        await super().process_frame(frame, direction)
        if isinstance(frame, BotStartedSpeakingFrame):
            self._began = time.monotonic()
        elif isinstance(frame, VisemeFrame):
            seconds = (time.monotonic() - self._began) * self._speed if self._began else 0.0
            jaw = mv.ARKIT_POSES[frame.viseme]["jawOpen"]
            print(f"{seconds:6.2f} s  {frame.viseme:<4} {'█' * round(40 * jaw)}", flush=True)
        await self.push_frame(frame, direction)


async def speak(text: str, speed: float) -> list[str]:
    """Runs the agent's last three links until the text is spoken; returns what went wrong."""
    tts = CartesiaHttpTTSService(
        api_key=os.environ["CARTESIA_API_KEY"],
        base_url=os.environ.get("CARTESIA_BASE_URL", "https://api.cartesia.ai"),
        settings=CartesiaHttpTTSService.Settings(voice=os.environ["CARTESIA_VOICE_ID"]),
    )
    pipeline = Pipeline([tts, VisemeProcessor(), SilentTransport(speed), Mouth(speed)])
    worker = PipelineWorker(pipeline, params=PipelineParams(audio_out_sample_rate=SAMPLE_RATE))
    errors: list[str] = []

    async def failed(_worker: PipelineWorker, frame: ErrorFrame) -> None:
        errors.append(frame.error)

    worker.add_event_handler("on_pipeline_error", failed)
    await worker.queue_frames([TTSSpeakFrame(text), EndFrame()])
    runner = WorkerRunner()
    await runner.add_workers(worker)
    await runner.run()
    return errors


def main() -> None:
    """Runs the example."""
    parser = argparse.ArgumentParser(prog="pipecat_visemes", description=__doc__.partition("\n")[0])
    parser.add_argument("--fast", action="store_true", help=f"{FAST:.0f} times faster than real time")
    parser.add_argument("text", nargs="?", default=TEXT, help="what to say")
    options = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    with offline("cartesia"):
        errors = asyncio.run(speak(options.text, FAST if options.fast else 1.0))
    if errors:
        raise SystemExit(f"pipecat_visemes: {errors[0]}")


if __name__ == "__main__":
    main()
