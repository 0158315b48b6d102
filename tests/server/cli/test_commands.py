"""The command `mascot-server`."""

from __future__ import annotations

import os
import re
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
        (
            {"MASCOT_SECRET": SECRET, "MASCOT_API_KEYS": "<your key>"},
            "MASCOT_API_KEYS: contains a placeholder from the documentation; generate a key with: openssl",
        ),
        ({"MASCOT_SECRET": "short", "MASCOT_API_KEYS": "k"}, "MASCOT_SECRET: must be at least 32 bytes"),
        (
            {"MASCOT_SECRET": SECRET, "MASCOT_API_KEYS": "k", "MASCOT_TLS_CERT": "no.pem"},
            "MASCOT_TLS_CERT: must be the path",
        ),
    ],
)
def test_it_does_not_start_without_what_keeps_it_safe(
    tmp_path: Path, environment: dict[str, str], settings: dict[str, str], words: str
) -> None:
    ran = run(tmp_path, environment | settings, "serve", "--port", "0")
    assert ran.returncode == 2
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("MASCOT_")]
    assert line.startswith(words)
    assert "Traceback" not in ran.stderr


def test_everything_that_is_wrong_is_listed_at_once(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / ".env").write_text("MASCOT_SECERT=x\n")
    wrong = {
        "MASCOT_PORT": "eighty",
        "MASCOT_TLS_CERT": "no.pem",
        "MASCOT_API_KEYS": "sha256:beef",
        "MASCOT_PIPER_VOICES": "nowhere",
        "MASCOT_ALOWED_ORIGINS": "https://app.example.com",
    }
    ran = run(tmp_path, environment | wrong, "serve")
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert sorted(line.partition(":")[0] for line in ran.stderr.splitlines()) == [
        "MASCOT_ALOWED_ORIGINS", "MASCOT_API_KEYS", "MASCOT_PIPER_VOICES", "MASCOT_PORT", "MASCOT_SECERT",
        "MASCOT_SECRET", "MASCOT_TLS_CERT",
    ]  # fmt: skip
    assert "MASCOT_SECERT: unknown setting; did you mean MASCOT_SECRET?" in ran.stderr
    assert "MASCOT_ALOWED_ORIGINS: unknown setting; did you mean MASCOT_ALLOWED_ORIGINS?" in ran.stderr


def test_a_bare_serve_names_the_ways_to_try_it(tmp_path: Path, environment: dict[str, str]) -> None:
    ran = run(tmp_path, environment, "serve")
    assert ran.returncode == 2
    assert "`mascot-server serve --dev`" in ran.stderr
    assert "`mascot-server demo`" in ran.stderr
    ran = run(tmp_path, environment | {"MASCOT_API_KEYS": "k"}, "serve")
    assert "--dev" not in ran.stderr


def test_misspelt_settings_are_logged_by_a_server_that_runs(started: Any) -> None:
    _, process = started(
        "serve", "--dev", "--port", "0", MASCOT_LOG_LEVLE="debug", MASCOT_API_KEY="of-the-client"
    )
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert "MASCOT_LOG_LEVLE: unknown setting; did you mean MASCOT_LOG_LEVEL?" in errors
    assert "MASCOT_API_KEY:" not in errors


@pytest.mark.parametrize("command", [("serve",), ("check", "--offline"), ("demo",), ("keys", "list")])
def test_an_env_file_that_is_not_utf8_is_told_in_one_line(
    tmp_path: Path, environment: dict[str, str], command: tuple[str, ...]
) -> None:
    (tmp_path / ".env").write_bytes(b"MASCOT_PORT=0\nMASCOT_SECRET=caf\xe9\n")
    ran = run(tmp_path, environment, *command)
    assert ran.returncode == (1 if command[0] == "check" else 2)
    (line,) = (ran.stdout + ran.stderr).splitlines()
    assert line.endswith(f".env: line 2 is not UTF-8 text; save {tmp_path / '.env'} as UTF-8")


def test_dev_needs_loopback(tmp_path: Path, environment: dict[str, str]) -> None:
    ran = run(tmp_path, environment, "serve", "--dev", "--host", "0.0.0.0")  # noqa: S104
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1].startswith("--dev: allowed on loopback only")


def test_dev_serves_with_the_key_it_names(started: Any) -> None:
    line, process = started("serve", "--dev", "--port", "0")
    origin = line.removeprefix("listening on ")
    headers = {"Authorization": "Bearer mascot-dev"}
    answer = httpx.post(f"{origin}/v1/get-signed-url", json=BODY, headers=headers, timeout=20)
    assert answer.status_code == 200
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert "the API key is mascot-dev" in errors
    assert "totals since start: tokens_issued 1" in errors
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
    lines = [process.stdout.readline().strip() for _ in range(10)]
    assert lines[0] == f"MASCOT_ELEVENLABS_URL={origin}"
    assert "# OpenAI: api_key sk-simulated-openai-key, ephemeral_token ek_simulated_openai_secret" in lines
    keys = re.search(r"# ElevenLabs: api_key (\S+), agent_id (\S+)", "\n".join(lines))
    assert keys is not None
    response = httpx.get(
        f"{origin}/v1/convai/conversation/get-signed-url?agent_id={keys[2]}",
        headers={"xi-api-key": keys[1]}, timeout=20,
    )  # fmt: skip
    assert response.status_code == 200


def test_a_taken_port_is_told(started: Any, tmp_path: Path, environment: dict[str, str]) -> None:
    line, _ = started("simulate", "--port", "0")
    port = line.rpartition(":")[2]
    for command in (("simulate",), ("serve", "--dev")):
        ran = run(tmp_path, environment, *command, "--port", port)
        assert ran.returncode != 0
        assert "Traceback" not in ran.stderr
        assert "address already in use" in ran.stderr.lower()
