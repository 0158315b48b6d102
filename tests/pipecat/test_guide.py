"""docs/guides/pipecat.md and the package's README: their programs run, and say what the package does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support.guides import ROOT, names_of, node, programs
from support.lip_sync import chunks, expected, recording
from support.pipecat_stage import Loudspeaker, Passed, run_pipeline, speech

import pipecat_mascot

if TYPE_CHECKING:
    from pathlib import Path

    from pipecat.pipeline.worker import PipelineWorker
    from pipecat.processors.frame_processor import FrameProcessor

pytestmark = pytest.mark.anyio

SPEECH = chunks(recording("2-ferry", 0.65), 0.5)
README = (ROOT / "packages/pipecat-mascot/README.md").read_text("utf-8")


class Transport:
    """What a transport of Pipecat gives a pipeline."""

    def __init__(self) -> None:
        self.loudspeaker = Loudspeaker()

    def input(self) -> FrameProcessor:
        return Passed()

    def output(self) -> FrameProcessor:
        return self.loudspeaker


async def test_the_agent() -> None:
    agent = names_of(programs("pipecat", "python")[0])["voice_agent"]
    transport = Transport()
    pipeline = agent(transport, *(Passed() for _ in range(5)))

    async def play(worker: PipelineWorker) -> None:
        await worker.queue_frames(speech(SPEECH, "a"))

    await run_pipeline([pipeline], play)
    sent = [change["viseme"] for _, data in transport.loudspeaker.visemes() for change in data["visemes"]]
    assert sent == [event.viseme for event in expected(SPEECH)]


async def test_the_avatar_in_the_process() -> None:
    shown: list[Any] = []
    mouth = names_of(programs("pipecat", "python")[1])["Mouth"](shown.append)

    async def play(worker: PipelineWorker) -> None:
        await worker.queue_frames(speech(SPEECH, "a"))

    await run_pipeline([pipecat_mascot.MascotVisemeProcessor(), Loudspeaker(), mouth], play)
    visemes = [event.viseme for event in expected(SPEECH)]
    # The last one is due behind all audio, when the pipeline may have ended.
    assert shown in (visemes, visemes[:-1])


def test_the_web_page() -> None:
    shown = node(
        programs("pipecat", "js")[0],
        """
        import { EventEmitter } from "node:events";
        globalThis.requestAnimationFrame = (draw) => setTimeout(draw, 5);
        globalThis.cancelAnimationFrame = clearTimeout;
        const shown = [];
        const avatar = {
          show(timeline) {
            if (shown.at(-1) !== timeline.now()) shown.push(timeline.now());
          },
        };
        const client = new EventEmitter();
        const stop = startMouth(client, avatar);
        const send = (visemes, interrupted = false) =>
          client.emit("serverMessage", { type: "mascot-visemes", shapes: "oculus", visemes, interrupted });
        client.emit("serverMessage", { type: "other" });
        send([{ viseme: "PP", offset: 0 }, { viseme: "aa", offset: 60 }]);
        await new Promise((done) => setTimeout(done, 400));
        send([{ viseme: "E", offset: 60 }]);
        send([{ viseme: "sil", offset: 0 }], true);
        await new Promise((done) => setTimeout(done, 400));
        stop();
        console.log(JSON.stringify(shown));
        """,
    )
    assert shown == ["sil", "PP", "aa", "sil"]


def test_the_readme() -> None:
    for name in re.findall(r"`?(Mascot\w+|VisemeFrame)\b", README):
        assert name in pipecat_mascot.__all__
    (message,) = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", README, re.DOTALL))
    assert message["type"] == pipecat_mascot.MESSAGE_TYPE
    for name in pipecat_mascot.__all__:
        assert hasattr(pipecat_mascot, name)


def test_the_program_of_the_first_readme(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    section = re.split(r"^### ", readme.partition("### Pipecat\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    (copied,) = re.findall(r"^    cp (\S+) speech\.wav$", section, re.MULTILINE)
    shutil.copy(ROOT / copied, tmp_path / "speech.wav")
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    printed = re.findall(r"^after (\d+) ms: (\w+)$", ran.stdout, re.MULTILINE)
    assert len(printed) > 10
    assert all(int(offset) < 120 for offset, _ in printed)
