"""A provider is its folder: one from elsewhere is known everywhere, and no other file changes for it.

It is added in processes of its own, by one more folder that `mascot_server.providers` looks into.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from support.servers import API_KEY, SECRET
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[2]
ADDED = f"from mascot_server import providers; providers.__path__.append({str(Path(__file__).parent)!r})\n"
COMMAND = f"{ADDED}from mascot_server.__main__ import main\nmain()"
MATRIX = f"{ADDED}import sys, pytest\nsys.exit(pytest.main(sys.argv[1:]))"


def environment(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")}
    return kept | {f"MASCOT_{name.upper()}": value for name, value in settings.items()}


def ran(program: str, *arguments: str, folder: Path, **settings: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder, env=environment(**settings), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running(*arguments: str, folder: Path, **settings: str) -> Iterator[str]:
    """Run a command that listens; yields its origin."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=folder, env=environment(**settings), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        first = next(line for line in lines if "http://" in line)
        yield first[first.index("http://") :].split()[0].rstrip("/")
    finally:
        process.kill()
        process.communicate()


def test_the_parity_matrix_passes_on_it() -> None:
    arguments = ["-q", "-p", "no:cacheprovider", "-k", "test_parity and example or test_isolation"]
    modules = [str(Path(__file__).with_name(f"test_{name}.py")) for name in ("parity", "isolation")]
    report = ran(MATRIX, *arguments, *modules, folder=TESTS.parent)
    (row,) = [line for line in report.splitlines() if line.startswith("example ")]
    assert row.split() == ["example", *["yes"] * 7]


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The command `simulate`."""
    with running("simulate", "--port", "0", folder=tmp_path_factory.mktemp("simulate")) as origin:
        yield origin


def test_the_command_keys_knows_it(tmp_path: Path) -> None:
    arguments = ("keys", "new", "app", "--provider", "example")
    assert ran(COMMAND, *arguments, folder=tmp_path, key_store=str(tmp_path / "keys")).strip()


def test_the_command_check_asks_it(simulators: str, tmp_path: Path) -> None:
    urls = dict.fromkeys(("elevenlabs_url", "gemini_url", "openai_url", "cartesia_url"), simulators)
    example = simulators.replace("127.0.0.1", "localhost")
    found = ran(
        COMMAND, "check", folder=tmp_path, api_keys=API_KEY, secret=SECRET, example_url=example, **urls
    )
    assert f"{example}: connected" in found


def test_a_conversation_with_the_simulated_one(simulators: str, tmp_path: Path) -> None:
    settings = {"api_keys": API_KEY, "secret": SECRET, "example_url": simulators, "example_room": "kitchen"}
    with running("serve", "--port", "0", folder=tmp_path, **settings) as server:
        answer = httpx.post(
            f"{server}/v1/get-signed-url",
            json={"config": {"provider": "example", "provider_config": {"api_key": "simulated-example-key"}}},
            headers={"Authorization": f"Bearer {API_KEY}"},
        )
        documents = [httpx.get(f"{server}/schema/{kind}api.json").json() for kind in ("open", "async")]
        with connect(answer.raise_for_status().json()["signed_url"], proxy=None) as connection:
            assert json.loads(connection.recv())["room"] == "kitchen"
            connection.send('{"type":"say","text":"Hello"}')
            message = {"type": ""}
            while message["type"] != "audio":
                message = json.loads(connection.recv())
    assert {"visemes", "audio_duration"} <= set(message["visemes"])
    (body,) = documents[0]["paths"]["/v1/get-signed-url"]["post"]["requestBody"]["content"].values()
    assert "example" in body["schema"]["properties"]["config"]["properties"]["provider"]["enum"]
    assert documents[1]["channels"]["example"]["address"] == "/v1/example/ws"


def test_the_playground_talks_to_it(tmp_path: Path) -> None:
    with running("demo", "--port", "0", folder=tmp_path, demo_example_api_key="a-key") as page:
        origin = page.removesuffix("/playground")
        listed = httpx.get(f"{origin}/playground/api/config").json()["providers"]
        program = httpx.get(f"{origin}/playground/providers/example.js").raise_for_status()
    assert {"id": "example", "name": "Example", "simulated": False, "model": None} in listed
    assert program.text.startswith("/** The example")
