"""The command `mascot-server`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "0123456789abcdef0123456789abcdef"
BODY = {"config": {"provider": "openai", "provider_config": {"api_key": "sk-x"}}}


@pytest.fixture
def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")}


def run(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mascot_server", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def started(tmp_path: Path, environment: dict[str, str]) -> Iterator[Any]:
    """Starts the command; what comes out is its first line and the process."""
    processes = []

    def start(*arguments: str, **settings: str) -> tuple[str, subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "mascot_server", *arguments],
            cwd=tmp_path, env=environment | settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        processes.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip(), process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"MASCOT_API_KEYS": "k"}, "MASCOT_SECRET: missing"),
        ({"MASCOT_SECRET": SECRET}, "MASCOT_API_KEYS: missing"),
        ({"MASCOT_SECRET": "short", "MASCOT_API_KEYS": "k"}, "MASCOT_SECRET: must be 32 bytes"),
        (
            {"MASCOT_SECRET": SECRET, "MASCOT_API_KEYS": "k", "MASCOT_TLS_CERT": "no.pem"},
            "MASCOT_TLS_CERT: must name",
        ),
    ],
)
def test_it_does_not_start_without_what_keeps_it_safe(
    tmp_path: Path, environment: dict[str, str], settings: dict[str, str], words: str
) -> None:
    ran = run(tmp_path, environment | settings, "serve", "--port", "0")
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1].startswith(words)
    assert "Traceback" not in ran.stderr


def test_dev_needs_loopback(tmp_path: Path, environment: dict[str, str]) -> None:
    ran = run(tmp_path, environment, "serve", "--dev", "--host", "0.0.0.0")  # noqa: S104
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1].startswith("--dev: only on loopback")


def test_dev_serves_with_the_key_it_names(started: Any) -> None:
    line, process = started("serve", "--dev", "--port", "0")
    origin = line.removeprefix("listening on ")
    headers = {"Authorization": "Bearer mascot-dev"}
    answer = httpx.post(f"{origin}/v1/get-signed-url", json=BODY, headers=headers, timeout=20)
    assert answer.status_code == 200
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert "the API key is mascot-dev" in errors
    assert "counted since the start: tokens_issued 1" in errors
    assert answer.json()["signed_url"] not in errors


def test_made_up_secrets_are_the_same_in_all_workers(started: Any) -> None:
    line, _ = started(
        "serve", "--dev", "--port", "0", "--workers", "2", MASCOT_OPENAI_URL="http://127.0.0.1:1"
    )
    origin = line.removeprefix("listening on ")
    headers = {"Authorization": "Bearer mascot-dev"}
    # Connections of their own, which the kernel deals out: none to the other worker is a chance of 1 in 32,000.
    for _ in range(8):
        answer = httpx.post(f"{origin}/v1/get-signed-url", json=BODY, headers=headers, timeout=20)
        with connect(answer.json()["signed_url"]) as connection:
            with pytest.raises(ConnectionClosedError) as closed:
                connection.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.reason == "openai is unreachable: no connection"


def test_dev_takes_any_secret(started: Any) -> None:
    line, _ = started("serve", "--dev", "--port", "0", MASCOT_SECRET="short")
    assert line.startswith("listening on http://127.0.0.1:")


def test_settings_of_the_environment_count(started: Any) -> None:
    line, _ = started("serve", MASCOT_SECRET=SECRET, MASCOT_API_KEYS="a,b", MASCOT_PORT="0")
    origin = line.removeprefix("listening on ")
    for key, status in (("a", 200), ("b", 200), ("mascot-dev", 401)):
        headers = {"Authorization": f"Bearer {key}"}
        assert (
            httpx.post(f"{origin}/v1/get-signed-url", json=BODY, headers=headers, timeout=20).status_code
            == status
        )


def test_simulate_says_where_it_is(started: Any) -> None:
    line, process = started("simulate", "--port", "0")
    origin = line.removeprefix("listening on ")
    response = httpx.get(
        f"{origin}/v1/convai/conversation/get-signed-url?agent_id=agent_simulated", timeout=20
    )
    assert response.status_code == 401
    assert process.stdout.readline().strip() == f"MASCOT_ELEVENLABS_URL={origin}"


def test_a_taken_port_is_told(started: Any, tmp_path: Path, environment: dict[str, str]) -> None:
    line, _ = started("simulate", "--port", "0")
    port = line.rpartition(":")[2]
    for command in (("simulate",), ("serve", "--dev")):
        ran = run(tmp_path, environment, *command, "--port", port)
        assert ran.returncode != 0
        assert "Traceback" not in ran.stderr
        assert "address already in use" in ran.stderr.lower()
