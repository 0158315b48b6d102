"""Stores that are not there when the server starts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.redis import run_redis
from support.servers import API_KEY, SECRET, run_server

if TYPE_CHECKING:
    from pathlib import Path

    from support.servers import Providers


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_key_database_that_cannot_be_used_ends_the_start_with_one_line(
    tmp_path: Path, workers: str
) -> None:
    path = tmp_path / "keys.db"
    path.write_bytes(b"this is no database at all, but long enough to be read")
    settings = {"SECRET": SECRET, "PORT": "0", "KEY_STORE": str(path), "WORKERS": workers}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")}
    environment |= {f"MASCOT_{name}": value for name, value in settings.items()}
    ran = subprocess.run(
        [sys.executable, "-m", "mascot_server", "serve"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"MASCOT_KEY_STORE: key store {path}: file is not a database\n"


@pytest.mark.parametrize(
    ("settings", "ready"),
    [
        # Keys are in Redis and nowhere else.
        ({"api_keys": ""}, False),
        ({"redis_down": "closed"}, False),
        # The keys of the settings can be used, and limits are counted here meanwhile.
        ({}, True),
    ],
)
def test_a_server_is_ready_once_the_redis_that_it_needs_has_answered(
    providers: Providers, settings: dict[str, Any], *, ready: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with run_redis() as redis:
        redis.stop()
        with run_server(providers.origin, redis_url=redis.url, **settings) as server:
            answer = httpx.get(f"{server.origin}/readyz")
            assert answer.is_success is ready
            assert httpx.get(f"{server.origin}/healthz").is_success
            assert "Redis is unavailable: ConnectionError" in caplog.text
            if not ready:
                assert answer.json() == {"error": "the key store or the counters have not answered yet"}
                assert "/readyz answers 503 until that store answers" in caplog.text
                redis.start()
                deadline = time.monotonic() + 10
                while not httpx.get(f"{server.origin}/readyz").is_success:
                    assert time.monotonic() < deadline
                    time.sleep(0.1)
                redis.stop()
                # From then on it stays ready: Redis is unavailable for all servers alike.
                assert httpx.get(f"{server.origin}/readyz").is_success
            unknown = httpx.post(
                f"{server.origin}/v1/get-signed-url", headers={"Authorization": f"Bearer {API_KEY}x"}
            )
            assert unknown.status_code in {401, 503}
