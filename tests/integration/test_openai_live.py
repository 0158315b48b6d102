"""GPT-Live through the server: the official SDKs' Live connections, and visemes on each delta."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread
from support.servers import API_KEY, RunningServer

from mascot_client import AsyncMascotClient, MascotClient, OpenAIConfig, VisemeFeed, for_openai
from mascot_server import simulators
from mascot_server.simulators.core.voice import chunks, greeting

if TYPE_CHECKING:
    from .conftest import Stage

live = pytest.importorskip("openai.resources.live.live", reason="needs openai>=3.12")

pytestmark = pytest.mark.anyio

CONFIG = OpenAIConfig(api="live", api_key=simulators.OPENAI_API_KEY, model="gpt-live-1.1", voice="sage")
START = {"model": "gpt-live-1", "audio": {"format": {"type": "audio/pcm", "rate": 24000}}}
DELTA = "session.output_audio.delta"
SIZE = 4800


def caller() -> list[str]:
    """Somebody who speaks for a second and listens for two, in base64 of 100 ms each."""
    speech = b"".join(chunk.data for chunk in chunks(greeting(), 24000, "pcm16"))[: 10 * SIZE]
    audio = speech + bytes(20 * SIZE)
    return [base64.b64encode(audio[at : at + SIZE]).decode() for at in range(0, len(audio), SIZE)]


class Seen:
    """The events of a conversation, checked."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def __call__(self, event: Any) -> None:
        assert not for_openai.interrupted(event)
        self.events.append(event)

    def check(self) -> None:
        kinds = [event.type for event in self.events]
        assert kinds[0] == "session.started"
        session = self.events[0].session
        # The signed URL's model and voice, not the app's.
        assert (session.model, session.audio.output.voice) == ("gpt-live-1.1", "sage")
        assert kinds[-1] == "session.closed"
        assert "session.input_transcript.delta" in kinds
        deltas = [event for event in self.events if event.type == DELTA]
        payloads = [for_openai.visemes(event) for event in deltas]
        assert [payload and payload.audio_event_id for payload in payloads] == list(range(1, 31))
        assert all(payload and payload.audio_duration_ms == 100 for payload in payloads)
        assert any(payload and payload.visemes for payload in payloads)


def converse(server: RunningServer) -> None:
    seen = Seen()
    with MascotClient(base_url=server.origin, api_key=API_KEY) as mascot:
        manager = for_openai.connect_live(mascot.get_signed_url(CONFIG))
    assert isinstance(manager, live.LiveConnectionManager)
    interruptions: list[None] = []
    feed = VisemeFeed(on_interrupted=lambda: interruptions.append(None))
    with manager as connection:
        connection.session.start(session=START)
        audio = iter(caller())
        connection.session.input_audio.append(audio=next(audio))
        for event in for_openai.listen(connection, feed):
            seen(event)
            if event.type != DELTA:
                continue
            following = next(audio, None)
            if following is None:
                connection.session.close()
            else:
                connection.session.input_audio.append(audio=following)
    seen.check()
    assert not interruptions


async def test_the_python_sdk(stage: Stage) -> None:
    await to_thread.run_sync(converse, stage.server)


async def test_the_python_sdk_on_asyncio(stage: Stage) -> None:
    seen = Seen()
    async with AsyncMascotClient(base_url=stage.server.origin, api_key=API_KEY) as mascot:
        manager = for_openai.connect_live_async(await mascot.get_signed_url(CONFIG))
    assert isinstance(manager, live.AsyncLiveConnectionManager)
    async with manager as connection:
        await connection.session.start(session=START)
        audio = iter(caller())
        await connection.session.input_audio.append(audio=next(audio))
        async for event in connection:
            seen(event)
            if event.type != DELTA:
                continue
            following = next(audio, None)
            if following is None:
                await connection.session.close()
            else:
                await connection.session.input_audio.append(audio=following)
    seen.check()


NODE = r"""
import { readFileSync } from "node:fs";
import OpenAI from "openai";
import { LiveWS } from "openai/resources/live/ws";

const client = new OpenAI({ apiKey: "in-the-signed-url", baseURL: process.env.SIGNED_URL });
const audio = JSON.parse(readFileSync("caller.json", "utf8"));
const live = new LiveWS(client);
let deltas = 0, withVisemes = 0;
live.on("event", (event) => {
  if (event.type !== "session.output_audio.delta") return;
  deltas += 1;
  withVisemes += Array.isArray(event.mascotVisemes?.visemes);
  if (audio.length) live.send({ type: "session.input_audio.append", audio: audio.shift() });
  else live.send({ type: "session.close" });
});
live.on("session.started", () => live.send({ type: "session.input_audio.append", audio: audio.shift() }));
live.on("session.closed", (event) => {
  console.log(JSON.stringify({ deltas, withVisemes, reason: event.reason, model: event.session.model }));
  live.close();
});
live.on("error", (error) => { console.error(error); process.exit(1); });
live.socket.on("open", () => live.send({ type: "session.start", session: { model: "gpt-live-1" } }));
"""


async def test_the_node_sdk(stage: Stage, tmp_path: Path) -> None:
    """Needs Node and a folder of modules with `openai` and `ws`, named by MASCOT_NODE_MODULES."""
    modules, node = os.environ.get("MASCOT_NODE_MODULES"), shutil.which("node")
    if not modules or node is None:
        pytest.skip("set MASCOT_NODE_MODULES to a node_modules folder with openai and ws")
    (tmp_path / "node_modules").symlink_to(modules)
    (tmp_path / "talk.mjs").write_text(NODE)
    (tmp_path / "caller.json").write_text(json.dumps(caller()))
    async with AsyncMascotClient(base_url=stage.server.origin, api_key=API_KEY) as mascot:
        url = (await mascot.get_signed_url(CONFIG)).url

    environment = {
        **os.environ,
        "SIGNED_URL": f"http{url.removeprefix('ws')}",
    }

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [node, "talk.mjs"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    done = await to_thread.run_sync(run)
    assert done.returncode == 0, done.stderr
    expected = {"deltas": 30, "withVisemes": 30, "reason": "close_requested", "model": "gpt-live-1.1"}
    assert json.loads(done.stdout) == expected
