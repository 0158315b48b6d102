"""docs/guides/livekit.md and the package's README: their programs run, and say what the package does."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from livekit.agents import AgentServer, AgentSession
from support.guides import ROOT, names_of, node, programs
from support.livekit_stage import Room, frame

from livekit.plugins import mascot
from livekit.plugins.mascot import VisemeAudioOutput, VisemeMessage

from .test_audio_output import SPEECH, Sink

if TYPE_CHECKING:
    from livekit.agents import Agent

pytestmark = pytest.mark.anyio

README = (ROOT / "packages/livekit-plugins-mascot/README.md").read_text("utf-8")


class SessionWithoutServer(AgentSession[None]):
    """A session that plays into the test's sink where it would connect its output to the room."""

    def __init__(self) -> None:
        super().__init__()
        self.sink = Sink()

    async def start(self, agent: Agent, *, room: Room) -> None:  # noqa: ARG002  (the room's output is the sink)
        self.output.audio = self.sink
        await super().start(agent)


async def test_the_agent() -> None:
    session, room = SessionWithoutServer(), Room()
    await names_of(programs("livekit", "python")[0])["start_with_visemes"](session, room)
    output = session.output.audio
    assert isinstance(output, VisemeAudioOutput)
    await output.capture_frame(frame(b"".join(SPEECH)))
    output.flush()
    session.sink.begin()
    session.sink.end()
    await session.aclose()
    assert room.visemes(shapes="oculus", interrupted=False)


async def test_in_the_process(capsys: pytest.CaptureFixture[str]) -> None:
    show = names_of(programs("livekit", "python")[1])["show"]
    await show(VisemeMessage("s", "oculus", ((40, "PP"),)))
    assert capsys.readouterr().out == "in 40 ms: PP\n"


def test_the_web_page() -> None:
    shown = node(
        programs("livekit", "js")[0],
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
        const room = new EventEmitter();
        const stop = startMouth(room, { identity: "ada" }, avatar);
        const send = (visemes, interrupted = false, identity = "ada", topic = "mascot.visemes") => {
          const message = { type: "mascot-visemes", shapes: "oculus", visemes, interrupted };
          room.emit("dataReceived", new TextEncoder().encode(JSON.stringify(message)), { identity }, 0, topic);
        };
        room.emit("dataReceived", new Uint8Array([1]), undefined, 0, "chat");
        send([{ viseme: "FF", offset: 0 }], false, "bo");
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
    (message,) = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", README, re.DOTALL))
    assert set(message) == set(VisemeMessage("s", "oculus", ()).payload(None))
    assert mascot.TOPIC in README
    names_of(re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0])


async def test_the_program_of_the_first_readme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its session speaks with services of LiveKit Cloud, so here its output alone is set."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (code,) = (code for code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "livekit" in code)
    names = names_of(code)
    assert isinstance(names["server"], AgentServer)

    class Session(SessionWithoutServer):
        def __init__(self, **models: str) -> None:
            assert models.keys() == {"llm", "tts", "stt"}
            super().__init__()

        async def generate_reply(self, *, instructions: str) -> None:
            assert instructions
            output = self.output.audio
            assert isinstance(output, VisemeAudioOutput)
            await output.capture_frame(frame(b"".join(SPEECH)))
            output.flush()
            self.sink.begin()
            self.sink.end()
            await self.aclose()

    room = Room()
    monkeypatch.setitem(names["entrypoint"].__globals__, "AgentSession", Session)
    await names["entrypoint"](SimpleNamespace(room=room))
    assert room.visemes(shapes="oculus", interrupted=False)
