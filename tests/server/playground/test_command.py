"""The command `mascot-server demo`."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.pages import PROVIDERS, Page, first_turn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.servers import Providers

EVERYWHERE = "0.0.0.0"  # noqa: S104
PASSWORD = "lanterns-at-low-tide"


@dataclass
class Demo:
    """A running command.

    Attributes:
        process: The process.
        said: Its lines until it served.
        log: File that its stderr goes to.
    """

    process: subprocess.Popen[str]
    said: list[str]
    log: Path

    @property
    def page(self) -> Page:
        """Its page, opened where it says."""
        return Page(self.said[0].removeprefix("open ").removesuffix("/playground/"))

    def interrupt(self) -> str:
        """Presses Ctrl+C, and returns all that was logged."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20)
        return self.log.read_text()


@pytest.fixture
def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")}


Start = Any  # a function of arguments and, by name, of settings without `MASCOT_`


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str]) -> Iterator[Callable[..., Demo]]:
    """Starts the command."""
    demos: list[Demo] = []

    def started(*arguments: str, **settings: str) -> Demo:
        log = tmp_path / "log"
        with log.open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "mascot_server", "demo", "--port", "0", *arguments],
                cwd=tmp_path, env=named(environment, settings), stdout=subprocess.PIPE, stderr=stderr, text=True,
            )  # fmt: skip
        demos.append(Demo(process, [], log))
        assert process.stdout is not None
        for line in process.stdout:
            demos[-1].said.append(line.rstrip("\n"))
            if "Ctrl+C" in line:
                return demos[-1]
        pytest.fail(log.read_text())

    yield started
    for demo in demos:
        demo.process.kill()
        demo.process.communicate()


def named(environment: dict[str, str], settings: dict[str, str]) -> dict[str, str]:
    return environment | {f"MASCOT_{name.upper()}": value for name, value in settings.items()}


def test_it_says_where_the_page_is_and_whom_it_talks_to(start: Start) -> None:
    demo = start()
    assert re.fullmatch(r"open http://127\.0\.0\.1:\d+/playground/", demo.said[0])
    assert demo.said[1:] == [
        "  ElevenLabs: simulated",
        "  Gemini: simulated",
        "  OpenAI: simulated",
        "Press Ctrl+C to stop",
    ]
    assert httpx.get(demo.said[0].removeprefix("open "), timeout=20).status_code == 200


def test_with_keys_it_says_where_the_real_services_are(start: Start) -> None:
    origin = "https://eu.api.openai.com"
    demo = start(demo_openai_api_key="sk-x", demo_gemini_api_key="AIza", openai_url=origin)
    assert demo.said[1:4] == [
        "  ElevenLabs: simulated",
        "  Gemini: https://generativelanguage.googleapis.com",
        f"  OpenAI: {origin}",
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_ctrl_c_ends_it_in_the_middle_of_a_conversation(start: Start, provider: str) -> None:
    demo = start()
    answer = demo.page.connect(provider).raise_for_status().json()
    host = demo.page.origin.removeprefix("http")
    url = answer.get("signed_url") or (
        f"ws{host}/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
        f"?key={answer['api_key']}"
    )
    with connect(url, proxy=None) as conversation:
        began = time.monotonic()
        logged = demo.interrupt()
        assert time.monotonic() - began < 15
        # What came before the end is still there to be read.
        with contextlib.suppress(ConnectionClosed):
            for _ in conversation:
                pass
        assert conversation.close_code in {1001, 1012}
    assert demo.process.returncode == 0
    assert "Traceback" not in logged
    assert " ERROR " not in logged


def run(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mascot_server", "demo", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (
            ["--host", EVERYWHERE],
            {},
            "MASCOT_DEMO_PASSWORD: missing; it is required to listen on 0.0.0.0",
        ),
        ([], {"host": EVERYWHERE}, "MASCOT_DEMO_PASSWORD: missing"),
        ([], {"host": EVERYWHERE, "demo_password": ""}, "MASCOT_DEMO_PASSWORD: missing"),
        ([], {"demo_elevenlabs_api_key": "sk_secret"}, "MASCOT_DEMO_ELEVENLABS_AGENT_ID: missing"),
        ([], {"demo_elevenlabs_agent_id": "agent_1"}, "MASCOT_DEMO_ELEVENLABS_API_KEY: missing"),
        ([], {"demo_openai_api_key": "sk secret"}, "MASCOT_DEMO_OPENAI_API_KEY: must be"),
        ([], {"port": "many"}, "MASCOT_PORT: "),
    ],
)
def test_it_does_not_start_with_wrong_settings(
    tmp_path: Path,
    environment: dict[str, str],
    arguments: list[str],
    settings: dict[str, str],
    words: str,
) -> None:
    ran = run(tmp_path, named(environment, settings), *arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(words)
    assert len(ran.stderr.splitlines()) == 1
    assert "secret" not in ran.stderr


def test_a_port_in_use_is_named_with_the_way_out(tmp_path: Path, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = run(tmp_path, environment, "--port", str(port))
    assert ran.returncode == 2
    assert (
        f"cannot listen on 127.0.0.1:{port}: Address already in use; use port 0 for a free port" in ran.stderr
    )
    assert "Traceback" not in ran.stderr


def test_with_a_password_it_listens_beyond_loopback(start: Start) -> None:
    demo = start("--host", EVERYWHERE, demo_password=PASSWORD)
    assert demo.page.origin.startswith("http://127.0.0.1:")
    assert demo.page.config()["password"] is True
    assert demo.page.connect("openai").status_code == 401
    assert demo.page.connect("openai", headers={"Authorization": f"Bearer {PASSWORD}"}).status_code == 200


def test_keys_and_stores_of_serve_are_not_used(start: Start) -> None:
    demo = start(
        api_keys="a-key-of-serve",
        secret="0123456789abcdef0123456789abcdef",
        redis_url="redis://127.0.0.1:1",
        allowed_origins="https://app.example.com",
        workers="3",
    )
    answer = httpx.post(
        f"{demo.page.origin}/v1/get-signed-url",
        json={"config": {"provider": "openai", "provider_config": {"api_key": "sk-x"}}},
        headers={"Authorization": "Bearer a-key-of-serve"},
        timeout=20,
    )
    assert answer.status_code == 401
    url = demo.page.connect("elevenlabs").raise_for_status().json()["signed_url"]
    with connect(url, proxy=None, additional_headers={"Origin": demo.page.origin}) as conversation:
        conversation.recv(timeout=20)


@pytest.mark.anyio
async def test_no_secret_is_told(
    start: Start, providers: Providers, keys: dict[str, str], nowhere: str
) -> None:
    secrets = {f"demo_{name}": value for name, value in keys.items()} | {"demo_password": PASSWORD}
    demo = start(
        **secrets,
        log_level="debug",
        elevenlabs_url=providers.origin,
        openai_url=providers.origin,
        gemini_url=nowhere,
    )
    told: list[str] = []
    assert demo.process.stdout is not None
    reading = threading.Thread(target=lambda: told.extend(demo.process.stdout or ()))
    reading.start()
    shown = {"Authorization": f"Bearer {PASSWORD}"}
    tokens = []
    for provider in ("elevenlabs", "openai"):
        answer = demo.page.connect(provider, headers=shown).raise_for_status().json()
        tokens.append(answer["signed_url"].partition("token=")[2])
        await first_turn(provider, answer)
    answers = [
        demo.page.connect("gemini", headers=shown).text,
        demo.page.connect("openai", headers={"Authorization": f"Bearer {PASSWORD[:-1]}"}).text,
        str(demo.page.config()),
    ]
    demo.process.send_signal(signal.SIGINT)
    demo.process.wait(timeout=20)
    reading.join()
    everything = "".join([*demo.said, *told, demo.log.read_text(), *answers])
    assert "totals since start" in everything
    secret = [value for name, value in secrets.items() if name != "demo_elevenlabs_agent_id"]
    for value in (*secret, *tokens, PASSWORD[:-1]):
        assert value not in everything
