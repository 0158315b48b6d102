"""The programs of docs/guides, as they stand there, against the simulated providers; and what goes wrong."""

from __future__ import annotations

import asyncio
import builtins
import importlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from elevenlabs.conversational_ai.conversation import AudioInterface
from google.genai.errors import APIError
from support.servers import API_KEY, wait_for_room
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from mascot_client import (
    ElevenLabsConfig,
    GeminiConfig,
    MascotClient,
    OpenAIConfig,
    SignedUrl,
    for_elevenlabs,
    for_gemini,
    for_openai,
)
from mascot_server import simulators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import Stage

# The programs import these. Imported while the servers run, in this process, they would hold up their event loop.
for sdk in ("elevenlabs", "google.genai.live", "openai.resources.realtime"):
    importlib.import_module(sdk)

ROOT = Path(__file__).parents[2]
PROVIDERS = ("elevenlabs", "openai", "gemini")


def guide(provider: str) -> str:
    return (ROOT / "docs" / "guides" / f"{provider}.md").read_text("utf-8")


def programs(provider: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", guide(provider), re.DOTALL)


@pytest.fixture
def room(stage: Stage) -> None:
    wait_for_room(stage.server.origin)


@pytest.fixture
def environment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the guides export for those without an account."""
    origin = stage.providers.origin
    variables = {
        "MASCOT_BASE_URL": stage.server.origin,
        "MASCOT_API_KEY": API_KEY,
        "ELEVENLABS_API_KEY": simulators.ELEVENLABS_API_KEY,
        "ELEVENLABS_AGENT_ID": simulators.ELEVENLABS_AGENT_ID,
        "OPENAI_API_KEY": simulators.OPENAI_API_KEY,
        "OPENAI_BASE_URL": f"{origin}/v1",
        "GEMINI_API_KEY": simulators.GEMINI_API_KEY,
        "GOOGLE_GEMINI_BASE_URL": origin,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


class Loudspeaker:
    """A sound card as sounddevice shows it, by the clock; notes how much of what it got is no silence."""

    sounded_ms = 0
    latency = 0.02

    def __init__(self, *, samplerate: int, callback: Callable[..., None], **_options: object) -> None:
        self.frames, self.callback = samplerate // 100, callback
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def start(self) -> None:
        self.thread.start()

    def run(self) -> None:
        buffer = memoryview(bytearray(self.frames * 2))
        due = time.monotonic()
        while not self.stopped.wait(max(0, due - time.monotonic())):
            due += 0.01
            self.callback(buffer, self.frames, SimpleNamespace(currentTime=0, outputBufferDacTime=0), None)
            Loudspeaker.sounded_ms += 10 * any(buffer)

    def abort(self) -> None:
        self.stopped.set()
        self.thread.join()

    def close(self) -> None:
        assert self.stopped.is_set()


@pytest.fixture
def loudspeaker(monkeypatch: pytest.MonkeyPatch) -> type[Loudspeaker]:
    library: Any = ModuleType("sounddevice")
    library.PortAudioError, library.RawOutputStream = OSError, Loudspeaker
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    monkeypatch.setattr(Loudspeaker, "sounded_ms", 0)
    return Loudspeaker


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


@pytest.mark.filterwarnings("ignore:The SDK's token creation implementation is experimental")
@pytest.mark.usefixtures("environment", "room")
@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_python_program_speaks_and_moves_a_mouth(
    provider: str, loudspeaker: type[Loudspeaker], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()
    typed = iter(["What can you do?", ""])

    def shown() -> list[str]:
        return re.findall(r"\((\S)\)", screen.getvalue())

    def user(_prompt: str) -> str:
        if provider == "elevenlabs":  # whose agent greets
            heard = loudspeaker.sounded_ms
            wait_until(lambda: loudspeaker.sounded_ms > heard + 1500)
        else:  # which has been heard to the end
            wait_until(lambda: not shown() or shown()[-1] == "-")
        return next(typed)

    monkeypatch.setattr(builtins, "input", user)
    monkeypatch.setattr(sys, "stdout", screen)
    [code] = programs(provider, "python")
    exec(compile(code, f"docs/guides/{provider}.md", "exec"), {"__name__": "__main__"})  # noqa: S102
    assert len(set(shown())) >= 8
    assert loudspeaker.sounded_ms >= 3000


@pytest.fixture
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node: install Node.js 20 or newer")
    return found


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_backend_asks_for_a_connection(provider: str, node: str, environment: dict[str, str]) -> None:
    code, _ = programs(provider, "js")
    done = subprocess.run(
        [node, "--input-type=module", "-"],
        input=code, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    if provider == "gemini":
        assert answer.keys() == {"api_key", "base_url", "model"}
        assert answer["api_key"].startswith("mascot_ephemeral_")
    else:
        assert answer["signed_url"].startswith("ws://127.0.0.1:")


@pytest.mark.usefixtures("environment", "room")
@pytest.mark.parametrize("vertex", [False, True])
def test_the_backend_asks_for_vertex_ai(vertex: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", simulators.VERTEX_PROJECT)
    monkeypatch.setenv("GOOGLE_ACCESS_TOKEN", simulators.VERTEX_ACCESS_TOKEN)
    [code] = programs("gemini", "py")
    names: dict[str, Any] = {}
    exec(compile(code, "docs/guides/gemini.md", "exec"), names)  # noqa: S102

    async def talk() -> list[Any]:
        async with for_gemini.connect(names["credentials"], model="gemini-live", vertex=vertex) as session:
            await session.send_realtime_input(text="What can you do?")
            return [for_gemini.visemes(message) async for message in session.receive() if message.data]

    payloads = asyncio.run(talk())
    assert payloads
    assert None not in payloads


def test_the_config_with_blend_weights_of_arkit(stage: Stage, environment: dict[str, str]) -> None:
    [code] = programs("elevenlabs", "py")
    with MascotClient() as mascot:
        names: dict[str, Any] = {
            "ElevenLabsConfig": ElevenLabsConfig,
            "agent_id": environment["ELEVENLABS_AGENT_ID"],
            "mascot": mascot,
            "os": os,
        }
        exec(compile(code, "docs/guides/elevenlabs.md", "exec"), names)  # noqa: S102 - the program that the guide shows
    assert names["config"].viseme_weights == "arkit"
    assert names["signed_url"].url.startswith(stage.server.origin.replace("http", "ws"))


def test_the_guide_names_what_the_simulators_accept() -> None:
    text = guide("gemini")
    for credential in (
        simulators.VERTEX_ACCESS_TOKEN,
        simulators.VERTEX_PROJECT,
        simulators.VERTEX_API_KEY,
    ):
        assert f"`{credential}`" in text


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_page_is_that_of_the_example(provider: str) -> None:
    _, page = programs(provider, "js")
    assert page == (ROOT / "examples" / "web" / "page" / f"{provider}.js").read_text("utf-8")


@pytest.mark.usefixtures("room")
def test_the_clients_readme_shows_what_its_first_program_prints(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (ROOT / "packages" / "mascot-client" / "README.md").read_text("utf-8")
    found = re.search(
        r"```python\n([^`]*for_openai.connect[^`]*)```\n\nWith the simulated provider[^`]*```text\n([^`]*)```",
        readme,
    )
    assert found is not None
    code = found[1].replace("http://127.0.0.1:8000", stage.server.origin).replace("mascot-dev", API_KEY)
    code = code.replace("ek_your_client_secret", simulators.OPENAI_EPHEMERAL)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102
    printed = capsys.readouterr().out

    # On a busy machine visemes may come too late, and then there are none.
    shown = re.findall(r"\d+ bytes of audio", found[2])
    assert re.findall(r"\d+ bytes of audio", printed)[: len(shown)] == shown
    if len(re.findall("mouth", printed)) > 60:
        assert printed.startswith(found[2])


class Nothing(AudioInterface):
    def start(self, input_callback: Callable[[bytes], None]) -> None:
        """No microphone."""

    def stop(self) -> None:
        """Nothing runs."""

    def output(self, audio: bytes) -> None:
        """Not heard."""

    def interrupt(self) -> None:
        """Nothing plays."""


@pytest.fixture
def mascot(stage: Stage, room: None) -> Iterator[MascotClient]:  # noqa: ARG001 - waited for
    with MascotClient(api_key=API_KEY, base_url=stage.server.origin) as mascot:
        yield mascot


def said_of(provider: str, what: str) -> str:
    """What a guide says that Python shows when something goes wrong."""
    [row] = re.findall(rf"^\| {re.escape(what)} \| (.*?) \|", guide(provider), re.MULTILINE)
    return str(row)


@pytest.mark.parametrize(
    ("key", "agent", "what"),
    [
        ("sk_wrong", simulators.ELEVENLABS_AGENT_ID, "ElevenLabs' key is wrong"),
        (simulators.ELEVENLABS_API_KEY, "agent_nobody", "there is no such agent"),
    ],
)
def test_elevenlabs_refuses(mascot: MascotClient, key: str, agent: str, what: str) -> None:
    ends: list[Any] = []
    conversation = for_elevenlabs.connect(
        mascot.get_signed_url(ElevenLabsConfig(api_key=key, agent_id=agent)),
        agent_id=agent,
        on_visemes=print,
        audio_interface=Nothing(),
        callback_disconnect=ends.append,
    )
    conversation.start_session()
    wait_until(lambda: ends)
    conversation.wait_for_session_end()
    row = said_of("elevenlabs", what)
    assert f"{ends[0].close_code} `{ends[0].close_reason}`" in row


def test_openai_refuses(mascot: MascotClient) -> None:
    row = said_of("openai", "OpenAI's key or secret is wrong, expired or used up")
    with (
        for_openai.connect(mascot.get_signed_url(OpenAIConfig(ephemeral_token="ek_wrong"))) as connection,
        pytest.raises(ConnectionClosedError) as raised,
    ):
        connection.recv()
    close = raised.value.rcvd
    assert close is not None
    assert f"`ConnectionClosedError`: {close.code} `{close.reason}`" in row


@pytest.mark.parametrize(
    ("config", "what"),
    [
        (GeminiConfig(api_key="AIza-wrong"), "Gemini's key is wrong"),
        (
            GeminiConfig(ephemeral_token="auth_tokens/wrong"),
            "the ephemeral token is wrong, expired or used up",
        ),
    ],
    ids=["key", "token"],
)
def test_gemini_refuses(mascot: MascotClient, config: GeminiConfig, what: str) -> None:
    async def talk() -> None:
        async with for_gemini.connect(mascot.get_signed_url(config), model="gemini-live") as session:
            async for _ in session.receive():
                pass

    with pytest.raises((APIError, ConnectionClosedError), match="valid") as raised:
        asyncio.run(talk())
    error = raised.value
    assert isinstance(error, APIError | ConnectionClosedError)
    code = error.code if isinstance(error, APIError) else error.rcvd and error.rcvd.code
    row = said_of("gemini", what)
    assert f"`{type(error).__name__}`" in row
    assert f" {code} " in row


@pytest.mark.usefixtures("room")
def test_an_old_signed_url_is_refused(stage: Stage) -> None:
    url = "ws" + stage.server.origin.removeprefix("http") + "/v1/openai-realtime/ws?token=eyJ"
    with pytest.raises(InvalidStatus) as raised, for_openai.connect(SignedUrl(url)):
        pass
    assert f"`InvalidStatus`: `{raised.value}`" == said_of(
        "openai", "the signed URL is older than ten minutes"
    )
    assert str(raised.value) in said_of("elevenlabs", "the signed URL is older than ten minutes")
