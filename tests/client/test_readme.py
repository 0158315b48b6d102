"""The programs of the README, as they stand there, against scripted servers."""

from __future__ import annotations

import json
import re
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from .fakes import AUDIO, PAYLOADS, TOKEN, Socket, b64, http_server, socket_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from .fakes import HttpServer

README = Path(__file__).parents[2] / "packages" / "mascot-client" / "README.md"


def program(provider: str) -> str:
    text = README.read_text(encoding="utf-8")
    programs: list[str] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    [code] = [code for code in programs if f", for_{provider}\n" in code]
    return code


def elevenlabs_script(socket: Socket) -> None:
    socket.receive()
    metadata = {
        "conversation_id": "c",
        "agent_output_audio_format": "pcm_24000",
        "user_input_audio_format": "pcm_16000",
    }
    socket.send(
        {"type": "conversation_initiation_metadata", "conversation_initiation_metadata_event": metadata}
    )
    for number, (pcm, payload) in enumerate(zip(AUDIO, PAYLOADS, strict=True), start=1):
        socket.send({"type": "visemes", **payload})
        socket.send({"type": "audio", "audio_event": {"audio_base_64": b64(pcm), "event_id": number}})
    # The answer says that the SDK has come this far.
    socket.send({"type": "ping", "ping_event": {"event_id": 1}})
    socket.receive()


def openai_script(socket: Socket) -> None:
    assert socket.receive()["type"] == "conversation.item.create"
    assert socket.receive()["type"] == "response.create"
    where = {"event_id": "e", "response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
    for pcm, payload in zip(AUDIO, PAYLOADS, strict=True):
        delta = {"type": "response.output_audio.delta", **where, "delta": b64(pcm)}
        socket.send({**delta, "mascotVisemes": payload})
    socket.send({"type": "response.done", "event_id": "e", "response": {"id": "r", "status": "completed"}})


def gemini_script(socket: Socket) -> None:
    assert "setup" in socket.receive()
    socket.send({"setupComplete": {}}, binary=True)
    socket.receive()
    for pcm, payload in zip(AUDIO, PAYLOADS, strict=True):
        data = {"mimeType": "audio/pcm;rate=24000", "data": b64(pcm)}
        part = {"inlineData": data, "partMetadata": {"mascotVisemes": payload}}
        socket.send({"serverContent": {"modelTurn": {"role": "model", "parts": [part]}}}, binary=True)
    socket.send({"serverContent": {"turnComplete": True}}, binary=True)


PROVIDERS: dict[str, tuple[str, Callable[[Socket], None], str]] = {
    "elevenlabs": ("elevenlabs", elevenlabs_script, "/v1/conversation"),
    "openai": ("openai", openai_script, "/v1/openai-realtime/ws"),
    "gemini": ("google.genai", gemini_script, ""),
}


def test_the_timeline_prints_what_the_readme_says(capsys: pytest.CaptureFixture[str]) -> None:
    text = README.read_text(encoding="utf-8")
    found = re.search(r"```python\n([^`]*Timeline\(blend[^`]*)```\n\n```text\n([^`]*)```", text)
    assert found is not None
    exec(compile(found[1], str(README), "exec"), {})  # noqa: S102
    assert capsys.readouterr().out == found[2]


class Stream:
    """A sound card as sounddevice shows it: takes a buffer every 10 ms, by the clock."""

    def __init__(self, *, samplerate: int, callback: Callable[..., None], **_options: object) -> None:
        self.frames, self.callback, self.latency = samplerate // 100, callback, 0.02
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def start(self) -> None:
        self.thread.start()

    def run(self) -> None:
        buffer = memoryview(bytearray(self.frames * 2))
        while not self.stopped.wait(0.01):
            self.callback(buffer, self.frames, SimpleNamespace(currentTime=0, outputBufferDacTime=0), None)

    def abort(self) -> None:
        self.stopped.set()
        self.thread.join()

    def close(self) -> None:
        assert self.stopped.is_set()


def test_the_players_program_draws_mouths(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    library: Any = ModuleType("sounddevice")
    library.PortAudioError, library.RawOutputStream = OSError, Stream
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    programs = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    [code] = [code for code in programs if "VisemePlayer(" in code]
    exec(compile(code, str(README), "exec"), {})  # noqa: S102
    printed = capsys.readouterr().out
    assert "Mouth(viseme=0" in printed
    assert "speaking=True" in printed


def test_the_minting_program_keeps_the_key_from_the_server(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("openai", reason="needs the extra mascot-client[openai]")
    [code] = [
        code
        for code in re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
        if "mint(" in code
    ]
    with http_server() as provider:
        session = {"type": "realtime", "object": "realtime.session", "id": "sess_1"}
        provider.body = json.dumps({"value": "ek_secret", "expires_at": 1, "session": session}).encode()
        server.body = json.dumps({"signed_url": f"wss://h/v1/openai-realtime/ws?token={TOKEN}"}).encode()
        monkeypatch.setenv("MASCOT_API_KEY", "mascot-dev")
        monkeypatch.setenv("MASCOT_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-standing")
        monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
        exec(compile(code, str(README), "exec"), {})  # noqa: S102
    assert "sk-standing" in provider.requests[0]["headers"]["authorization"]
    assert "sk-standing" not in str(server.requests)
    assert "ek_secret" in str(server.requests)
    assert "token=***" in capsys.readouterr().out


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_program_prints_audio_and_mouth_shapes(
    provider: str, server: HttpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    sdk, script, path = PROVIDERS[provider]
    pytest.importorskip(sdk, reason=f"needs the extra mascot-client[{provider}]")
    code = program(provider)
    assert "http://127.0.0.1:8000" in code
    with socket_server(script) as sockets:
        url = f"{sockets.origin}{path}?token={TOKEN}"
        credentials = {"api_key": TOKEN, "base_url": "http" + sockets.origin.removeprefix("ws")}
        server.body = json.dumps(credentials if provider == "gemini" else {"signed_url": url}).encode()

        def until_all_is_said(_prompt: str) -> str:
            assert sockets.said.wait(5)
            return ""

        names = {"__name__": "__main__", "input": until_all_is_said}
        exec(compile(code.replace("http://127.0.0.1:8000", server.url), str(README), "exec"), names)  # noqa: S102
    printed = capsys.readouterr().out
    assert re.findall(r"(\d+) bytes of audio", printed) == [str(len(pcm)) for pcm in AUDIO]
    assert re.findall(r"(\d+) ms into (?:the next|these) ([\d.]+) ms: mouth (\d+)", printed) == [
        ("0", "20", "4"),
        ("11", "20", "18"),
        ("3", "10.5", "0"),
    ]


def test_links_hold_on_a_page_of_its_own() -> None:
    links = re.findall(r"\]\(([^)]*)\)", README.read_text("utf-8"))
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
