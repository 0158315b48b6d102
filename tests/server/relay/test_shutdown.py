"""SIGTERM in the middle of conversations: nobody who can still end by themselves is cut off."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.apps import CONFIGS, PATHS, never, scripted, token_for, told
from support.processes import ServerProcess, serve_process, worker_ids
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from mascot_server.relay.shutdown import Drain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.servers import Providers
    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import ServerConnection

pytestmark = pytest.mark.anyio


def dial(server: ServerProcess, provider: str) -> Any:
    url = f"ws{server.origin.removeprefix('http')}{PATHS[provider]}"
    token = token_for(provider, **CONFIGS[provider])
    if provider == "gemini":
        return connect(url, additional_headers={"x-goog-api-key": token}, compression=None, proxy=None)
    return connect(f"{url}?token={token}", compression=None, proxy=None)


@asynccontextmanager
async def draining(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    """Sends SIGTERM and waits until the server says that it drains."""
    async with httpx.AsyncClient(base_url=server.origin) as http:
        assert (await http.get("/readyz")).json() == {"status": "ready"}
        server.process.send_signal(signal.SIGTERM)
        # As systemd does it, which is still the first signal.
        for worker in worker_ids(server):
            if worker != server.process.pid:
                os.kill(worker, signal.SIGTERM)
        for _ in range(100):
            if (await http.get("/readyz")).status_code == 503:
                break
            await asyncio.sleep(0.05)
        yield http


async def exit_status(server: ServerProcess) -> int:
    return await asyncio.to_thread(server.process.wait, 20)


async def audio(connection: ClientConnection, messages: int) -> int:
    """Reads messages of a conversation with ElevenLabs; returns how many viseme payloads were among them."""
    return sum([json.loads(await connection.recv())["type"] == "visemes" for _ in range(messages)])


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_conversations_may_end_and_no_new_one_begins(
    workers: str, providers: Providers, tmp_path: Path
) -> None:
    upstream_told: list[int | None] = []

    async def silent(upstream: ServerConnection) -> None:
        await upstream.wait_closed()
        upstream_told.append(upstream.close_code)

    async with scripted(silent) as slow_provider:
        with serve_process(
            tmp_path, providers.origin, "--workers", workers, drain_seconds="2", openai_url=slow_provider
        ) as server:
            async with dial(server, "elevenlabs") as ends_in_time, dial(server, "openai") as goes_on:
                await audio(ends_in_time, 3)
                async with draining(server) as http:
                    health = await http.get("/healthz")
                    ready = await http.get("/readyz")
                    with pytest.raises(InvalidStatus) as refused:
                        await dial(server, "gemini")
                    visemes = await audio(ends_in_time, 10)
                    # Its answer comes after audio that somebody has to read.
                    await asyncio.gather(ends_in_time.close(), told(ends_in_time))
                    code, reason = await told(goes_on)
            status = await exit_status(server)
            log = server.logged()
    answer = refused.value.response
    body, retry = bytes(answer.body or b""), answer.headers["Retry-After"]
    # Shown by -s.
    sys.stdout.write(
        f"""{workers} worker(s), SIGTERM:
  ends in time: {visemes} viseme payloads after the signal, then its own close 1000
  goes on:      closed with {code} {reason!r}; its provider with {upstream_told}
  new:          HTTP {answer.status_code} {body!r}, Retry-After {retry}
  /healthz {health.status_code}, /readyz {ready.status_code} {ready.text}; exit status {status}
"""
    )
    assert health.status_code == 200
    assert ready.json() == {"error": "the server is going down"}
    assert visemes > 3
    assert (code, reason) == (1001, "the server is going down: connect again")
    assert upstream_told == [1000]
    assert answer.status_code == 503
    assert json.loads(body) == {"error": "the server is going down"}
    assert retry == "1"
    assert status == 0
    assert "closed by server after" in log


async def test_an_overloaded_server_takes_no_conversation_and_says_why() -> None:
    room: list[str] = ["the processor is busy"]
    drain = Drain(seconds=1, overloaded=lambda: next(iter(room), None))
    assert drain.refusal() == "the processor is busy"
    room.clear()
    assert drain.refusal() is None
    drain.begin()
    assert drain.refusal() == "the server is going down"


async def test_answers_may_end_as_conversations_may() -> None:
    drain = Drain(seconds=5, overloaded=lambda: None)
    with drain.request():
        draining = asyncio.create_task(drain.run())
        await asyncio.sleep(0.05)
        assert not draining.done()
    async with asyncio.timeout(1):
        await draining


async def test_an_app_that_still_talks_is_heard_out(tmp_path: Path) -> None:
    """Else what it says last is answered with a reset, and it may never see why its socket was closed."""
    async with scripted(never) as provider:
        with serve_process(tmp_path, provider, drain_seconds="0") as server:
            url = httpx.URL(server.origin)
            reader, writer = await asyncio.open_connection(url.host, url.port)
            writer.write(
                f"GET {PATHS['openai']}?token={token_for('openai')} HTTP/1.1\r\nHost: {url.netloc.decode()}\r\n"
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
            )
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
            server.process.send_signal(signal.SIGTERM)
            opcode, size = await reader.readexactly(2)
            payload = await reader.readexactly(size)
            # Sent before it knows. The server looks ten times a second whether it can end.
            for _ in range(12):
                writer.write(b"\x81\x82\0\0\0\0{}")
                await writer.drain()
                await asyncio.sleep(0.05)
            writer.write(b"\x88\x82\0\0\0\0" + payload[:2])
            rest = await reader.read()
            writer.close()
            await writer.wait_closed()
            status = await exit_status(server)
    assert (opcode, payload[:2]) == (0x88, (1001).to_bytes(2, "big"))
    assert rest == b""
    assert status == 0


async def test_a_server_without_conversations_ends_at_once(providers: Providers, tmp_path: Path) -> None:
    with serve_process(tmp_path, providers.origin) as server:
        server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            assert await exit_status(server) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_terminal_that_is_closed_drains_it(workers: str, tmp_path: Path) -> None:
    """SIGHUP, which may come twice, to all processes of the terminal."""
    async with scripted(never) as provider:
        with serve_process(tmp_path, provider, "--workers", workers, drain_seconds="2") as server:
            async with dial(server, "openai") as connection:
                await asyncio.sleep(0.2)
                for process in {server.process.pid, *worker_ids(server)}:
                    for _ in range(2):
                        os.kill(process, signal.SIGHUP)
                code, reason = await told(connection)
            status = await exit_status(server)
    assert (code, reason) == (1001, "the server is going down: connect again")
    assert status == 0


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_second_signal_ends_it_at_once(workers: str, tmp_path: Path) -> None:
    async with scripted(never) as provider:
        with serve_process(
            tmp_path, provider, "--workers", workers, key_store=str(tmp_path / "keys.db")
        ) as server:
            async with dial(server, "openai") as connection:
                async with draining(server):
                    server.process.send_signal(signal.SIGTERM)
                    # Much less than the drain.
                    async with asyncio.timeout(15):
                        code, _ = await told(connection)
                        status = await exit_status(server)
            log = server.logged()
    assert code == 1012
    assert status == 1
    assert "Traceback" not in log
    # Said at the start, where each holds keys to their limits by itself.
    assert ("each of the 2 workers counts separately" in server.logged()) == (workers == "2")
