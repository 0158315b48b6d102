"""How long a conversation may last, be silent, or take to begin."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from support.apps import never, scripted, serving, sign, told
from websockets.asyncio.client import connect

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

pytestmark = pytest.mark.anyio


async def test_the_longest_conversation_is_ended_on_both_sides() -> None:
    left: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def talk(upstream: ServerConnection) -> None:
        try:
            while True:
                await upstream.send('{"type":"session.updated"}')
                await asyncio.sleep(0.02)
        finally:
            await upstream.wait_closed()
            left.set_result(upstream.close_code)

    async with scripted(talk) as upstream, serving(upstream, max_session_seconds=0.5) as server:
        url, _ = await sign(server, "openai")
        started = time.monotonic()
        async with connect(url, proxy=None) as connection:
            assert await told(connection) == (1008, "the conversation lasted 0.5 s")
        assert 0.4 < time.monotonic() - started < 3
        async with asyncio.timeout(5):
            assert await left == 1000
        assert server.metrics.closes["server", "1008"] == 1


async def test_a_conversation_that_nobody_speaks_in_is_ended() -> None:
    async with scripted(never) as upstream, serving(upstream, idle_seconds=0.4) as server:
        url, _ = await sign(server, "openai")
        started = time.monotonic()
        async with connect(url, proxy=None) as connection:
            assert await told(connection) == (1008, "neither side sent anything for 0.4 s")
        assert time.monotonic() - started > 0.35


@pytest.mark.parametrize("speaker", ["app", "provider"])
async def test_one_side_that_speaks_keeps_it_alive(speaker: str) -> None:
    async def talk(upstream: ServerConnection) -> None:
        for _ in range(20):
            if speaker == "provider":
                await upstream.send('{"type":"session.updated"}')
                await asyncio.sleep(0.05)
            else:
                await upstream.recv()
        await upstream.close(1000, "done")

    async with scripted(talk) as upstream, serving(upstream, idle_seconds=0.4) as server:
        url, _ = await sign(server, "openai")
        async with connect(url, proxy=None) as connection:
            closing = asyncio.create_task(told(connection))
            while speaker == "app" and not closing.done():
                await connection.send('{"type":"input_audio_buffer.clear"}')
                await asyncio.sleep(0.05)
            assert await closing == (1000, "done")


async def test_nothing_ends_where_both_are_off() -> None:
    async def late(upstream: ServerConnection) -> None:
        await asyncio.sleep(0.5)
        await upstream.close(1000, "done")

    async with scripted(late) as upstream, serving(upstream, idle_seconds=0, max_session_seconds=0) as server:
        url, _ = await sign(server, "openai")
        async with connect(url, proxy=None) as connection:
            assert await told(connection) == (1000, "done")


async def test_a_provider_that_never_answers_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    async with listener, serving(origin, handshake_seconds=0.3) as server:
        url, _ = await sign(server, "openai")
        started = time.monotonic()
        async with connect(url, proxy=None) as connection:
            assert await told(connection) == (1011, "openai is unreachable: no answer in time")
        assert time.monotonic() - started < 3
        assert server.metrics.dial_failures["openai", "unreachable"] == 1
