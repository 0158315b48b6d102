"""Add visemes to a Pipecat voice agent, with pipecat-mascot between speech synthesis and transport.

    python -m examples.pipecat_visemes

Without a key, the speech of Cartesia is simulated. To use the real service, set CARTESIA_API_KEY and CARTESIA_VOICE_ID.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from typing import Final

from loguru import logger
from pipecat.frames.frames import EndFrame, ErrorFrame, Frame, OutputAudioRawFrame, StartFrame, TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.cartesia.tts import CartesiaHttpTTSService
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

import mascot_visemes as mv
from examples.offline import offline
from pipecat_mascot import MascotVisemeProcessor, VisemeFrame

SAMPLE_RATE: Final = 24000
TEXT: Final = "Of course. The blue ferry leaves for Marble Bay at half past five, from the lower wharf."
FAST: Final = 3.0


class SilentTransport(BaseOutputTransport):
    """Accept audio in real time without playing it. Your app uses a real transport, for example Daily or LiveKit."""

    def __init__(self, speed: float) -> None:
        super().__init__(TransportParams(audio_out_enabled=True, audio_out_end_silence_secs=0))
        self._speed = speed
        self._free_at = 0.0

    async def start(self, frame: StartFrame) -> None:
        """Start to accept audio."""
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Wait for the duration of the audio."""
        self._free_at = (
            max(self._free_at, time.monotonic()) + frame.num_frames / frame.sample_rate / self._speed
        )
        await asyncio.sleep(self._free_at - time.monotonic())
        return True


class Mouth(FrameProcessor):
    """Print the visemes, after the transport. Place your avatar here."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Print the visemes of each piece of audio when its playback starts."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VisemeFrame):
            for event in frame.events:
                jaw = mv.ARKIT_POSES[str(event.viseme)]["jawOpen"]
                print(
                    f"{event.time_ms / 1000:6.2f} s  {event.viseme:<4} {'#' * round(40 * jaw)}".rstrip(),
                    flush=True,
                )
        await self.push_frame(frame, direction)


async def speak(text: str, speed: float) -> list[str]:
    """Run the last three processors of the agent until the text is spoken, and return the errors."""
    tts = CartesiaHttpTTSService(
        api_key=os.environ["CARTESIA_API_KEY"],
        base_url=os.environ.get("CARTESIA_BASE_URL", "https://api.cartesia.ai"),
        settings=CartesiaHttpTTSService.Settings(voice=os.environ["CARTESIA_VOICE_ID"]),
    )
    pipeline = Pipeline([tts, MascotVisemeProcessor(), SilentTransport(speed), Mouth()])
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
    """Run the example."""
    parser = argparse.ArgumentParser(prog="pipecat_visemes", description=__doc__.partition("\n")[0])
    parser.add_argument("--fast", action="store_true", help=f"{FAST:.0f} times faster than real time")
    parser.add_argument("text", nargs="?", default=TEXT, help="the text to speak")
    options = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    with offline("cartesia"):
        errors = asyncio.run(speak(options.text, FAST if options.fast else 1.0))
    if errors:
        raise SystemExit(f"pipecat_visemes: {errors[0]}")


if __name__ == "__main__":
    main()
