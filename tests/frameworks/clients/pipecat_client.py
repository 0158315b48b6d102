"""Pipecat: `OpenAIRealtimeLLMService` with a signed URL as its base URL."""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.metadata import version
from typing import Any

from loguru import logger
from pipecat.frames.frames import EndFrame, ErrorFrame, Frame, LLMContextFrame, TTSAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.workers.runner import WorkerRunner

ENOUGH_MS = 1000


class Ears(FrameProcessor):
    """Counts the agent's audio."""

    def __init__(self) -> None:
        super().__init__()
        self.heard_ms = 0.0
        self.enough = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            self.heard_ms += len(frame.audio) * 1000 / 2 / frame.sample_rate
            if self.heard_ms >= ENOUGH_MS:
                self.enough.set()
        await self.push_frame(frame, direction)


async def main() -> None:
    llm = OpenAIRealtimeLLMService(api_key="in-the-signed-url", base_url=os.environ["MASCOT_SIGNED_URL"])
    ears = Ears()
    worker = PipelineWorker(Pipeline([llm, ears]), params=PipelineParams(), enable_rtvi=False)

    async def failed(_worker: Any, frame: ErrorFrame) -> None:
        sys.exit(f"failed: {frame.error}")

    worker.add_event_handler("on_pipeline_error", failed)
    await worker.queue_frames([LLMContextFrame(LLMContext([{"role": "user", "content": "Hello"}]))])

    async def hang_up() -> None:
        await ears.enough.wait()
        await worker.queue_frames([EndFrame()])

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await asyncio.wait_for(asyncio.gather(runner.run(), hang_up()), 60)
    print(f"pipecat-ai {version('pipecat-ai')}: heard {ears.heard_ms:.0f} ms of audio by its signed URL")


logger.remove()
logger.add(sys.stderr, level="WARNING")
asyncio.run(main())
