"""How long a worker that ended waits to be started again."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import httpx
from support.hostile import wait_until
from support.processes import serve_process, worker_ids

from mascot_server.process.restarts import Restarts

if TYPE_CHECKING:
    from pathlib import Path

    from support.servers import Providers


def test_a_worker_that_ends_soon_waits_longer_each_time() -> None:
    restarts = Restarts()
    assert [restarts.delay(ran=2) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [restarts.delay(ran=0) for _ in range(100)][-1] == 60


def test_a_worker_that_ran_for_long_is_started_soon() -> None:
    restarts = Restarts()
    for _ in range(5):
        restarts.delay(ran=2)
    assert [restarts.delay(ran=3600), restarts.delay(ran=2)] == [1, 2]


def test_while_one_waits_the_others_take_all_connections(providers: Providers, tmp_path: Path) -> None:
    with serve_process(tmp_path, providers.origin, "--workers", "2") as server:
        victim = worker_ids(server)[0]
        os.kill(victim, signal.SIGKILL)
        assert wait_until(lambda: server.logged().count("Application startup complete") >= 3, 60) < 60
        (again,) = set(worker_ids(server)[2:])
        os.kill(again, signal.SIGKILL)
        assert wait_until(lambda: "restarting it in 2 s" in server.logged(), 20) < 20
        for _ in range(20):
            assert httpx.get(f"{server.origin}/healthz", timeout=1.5).status_code == 200
        assert wait_until(lambda: server.logged().count("Application startup complete") >= 4, 60) < 60
        server.process.terminate()
        assert server.process.wait(20) == 0
