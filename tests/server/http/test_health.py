"""What the server says of itself: /healthz, /readyz, /metrics."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.apps import CONFIGS, dial, refused, sign, told
from support.processes import ServerProcess, serve_process, worker_ids
from support.servers import API_KEY, run_server

from mascot_server import SettingsError, load_settings
from mascot_server.observability.metrics import Metrics
from mascot_server.observability.prometheus import Worker, numbers_written, serve_metrics

if TYPE_CHECKING:
    from pathlib import Path

    from support.servers import Providers, RunningServer

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(origin: str) -> Series:
    """Every sample by its name and labels."""
    answer = httpx.get(f"{origin}/metrics", timeout=20).raise_for_status()
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def total(series: Series, name: str, **labels: str) -> float:
    """The sum of all series of a name that have these labels."""
    return sum(
        value for (found, having), value in series.items() if found == name and labels.items() <= set(having)
    )


@pytest.fixture
def fresh(providers: Providers) -> Any:
    with run_server(providers.origin) as server:
        yield server


def test_it_is_alive_and_ready_until_it_drains(fresh: RunningServer) -> None:
    with httpx.Client(base_url=fresh.origin) as http:
        assert http.get("/healthz").json() == {"status": "alive"}
        assert http.get("/readyz").json() == {"status": "ready"}
        fresh.drain.begin()
        assert http.get("/healthz").status_code == 200
        ready = http.get("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {"error": "the server is going down"}
    assert ready.headers["cache-control"] == "no-store"


@pytest.mark.anyio
async def test_a_conversation_is_counted(fresh: RunningServer) -> None:
    await refused(f"{(await sign(fresh, 'openai'))[0]}x")
    async with await dial(fresh, "elevenlabs") as connection:
        for _ in range(20):
            await connection.recv()
        during = scrape(fresh.origin)
        # The server's answer comes after audio that somebody has to read.
        await asyncio.gather(connection.close(), told(connection))
    async with await dial(fresh, "openai", ephemeral_token="wrong_secret"):
        pass
    wait_for(lambda: not total(scrape(fresh.origin), "mascot_sessions_active"))
    after = scrape(fresh.origin)
    assert total(during, "mascot_sessions_active", provider="elevenlabs", worker="0") == 1
    assert total(after, "mascot_sessions_total", provider="elevenlabs") == 1
    assert total(during, "mascot_asyncio_tasks", worker="0") > total(after, "mascot_asyncio_tasks") > 0
    assert total(after, "mascot_session_closes_total", side="app", code="1000") == 1
    assert total(after, "mascot_session_duration_seconds_count") == 1
    assert total(after, "mascot_upstream_dial_seconds_count") == 1
    assert total(after, "mascot_upstream_dial_failures_total", provider="openai", reason="refused") == 1
    assert total(after, "mascot_handshakes_refused_total", status="401") == 1
    assert total(after, "mascot_tokens_issued_total") == 3
    assert total(after, "mascot_rest_requests_total", path="/v1/get-signed-url", status="200") == 3
    assert total(after, "mascot_audio_chunks_total") >= 9
    for histogram in ("added_latency_seconds", "viseme_compute_seconds", "viseme_batch_size"):
        assert total(after, f"mascot_{histogram}_count") > 0
    # Ranges hold all smaller ones; the last holds everything.
    buckets = total(after, "mascot_upstream_dial_seconds_bucket", le="+Inf")
    assert buckets == total(after, "mascot_upstream_dial_seconds_count")


def test_refused_requests_are_counted_too(fresh: RunningServer) -> None:
    httpx.post(f"{fresh.origin}/v1/get-signed-url", json={})
    assert total(scrape(fresh.origin), "mascot_rest_requests_total", status="401") == 1


def test_metrics_can_be_off(providers: Providers) -> None:
    with run_server(providers.origin, metrics="off") as server:
        assert httpx.get(f"{server.origin}/metrics").status_code == 404
        assert httpx.get(f"{server.origin}/readyz").status_code == 200


@pytest.mark.parametrize("address", ["yes", ":9464", "127.0.0.1", "127.0.0.1:http"])
def test_where_metrics_are_is_checked(address: str) -> None:
    with pytest.raises(SettingsError, match=r"^MASCOT_METRICS: must be on, off or an address"):
        load_settings(metrics=address)


def test_an_address_of_metrics_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SettingsError, match=rf"^MASCOT_METRICS: cannot listen on {address}: "):
            serve_metrics(address, dict)


def wait_for(condition: Any) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def ask(server: ServerProcess, times: int) -> None:
    body = {"config": {"provider": "openai", "provider_config": CONFIGS["openai"]}}
    for _ in range(times):
        headers = {"Authorization": f"Bearer {API_KEY}"}
        httpx.post(f"{server.origin}/v1/get-signed-url", json=body, headers=headers).raise_for_status()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_scrape_sees_all_workers_and_one_that_dies_is_started_again(
    providers: Providers, tmp_path: Path
) -> None:
    metrics = f"127.0.0.1:{free_port()}"
    with serve_process(tmp_path, providers.origin, "--workers", "2", metrics=metrics) as server:
        assert httpx.get(f"{server.origin}/metrics").status_code == 404
        own = f"http://{metrics}"
        # By 40 connections of their own, which the kernel deals out: all to one worker is a chance of 2 in 10^12.
        ask(server, 40)
        wait_for(lambda: total(scrape(own), "mascot_tokens_issued_total") == 40)
        tokens = [total(scrape(own), "mascot_tokens_issued_total", worker=worker) for worker in "01"]
        assert all(tokens)

        os.kill(worker_ids(server)[1], signal.SIGKILL)
        wait_for(lambda: server.logged().count("Application startup complete") == 3)
        wait_for(lambda: total(scrape(own), "mascot_tokens_issued_total") in tokens)
        ask(server, 10)
        server.process.terminate()
        assert server.process.wait(10) == 0
        assert "ended with status -9; restarting it" in server.logged()


@pytest.mark.anyio
async def test_numbers_that_cannot_be_written_are_told_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "numbers"
    async with numbers_written(Worker(1, folder), Metrics(), every=0.01):
        await asyncio.sleep(0.1)
        assert [record.getMessage() for record in caplog.records] == [
            "the metrics cannot be written: FileNotFoundError"
        ]
        folder.mkdir()
        async with asyncio.timeout(10):
            while not list(folder.glob("1.json")):  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.01)
            while len(caplog.records) < 2:  # noqa: ASYNC110 - nor has a log
                await asyncio.sleep(0.01)
    assert caplog.records[1].getMessage() == "the metrics are written again"
