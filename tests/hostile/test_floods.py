"""One app or provider sends as much as it can: others must not be affected, and memory must not grow."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

import pytest
from support.apps import sign
from support.hostile import memory_mb
from support.meanwhile import echo_provider, honest
from support.processes import serve_process
from support.raw import Raw, dial_raw, frame, raw_provider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from hostile.conftest import Figures
    from support.processes import ServerProcess

pytestmark = pytest.mark.anyio

SECONDS = 4.0
TOO_MUCH_MB = 400.0

FLOODS = {
    "short messages": (b"", 1, b"x"),
    "binary messages": (b"", 2, b"\x00"),
    "1000 byte messages": (b"", 1, b"x" * 1000),
    "empty fragments": (frame(1, b"", masked=False, fin=False), 0, b""),
    "short fragments": (frame(1, b"", masked=False, fin=False), 0, b"x"),
    "pings": (b"", 9, b""),
    "long pings": (b"", 9, b"x" * 125),
    "pongs": (b"", 10, b""),
}


def flood_bytes(kind: str, *, masked: bool) -> tuple[bytes, bytes]:
    """Return the bytes to send once, and the bytes to repeat."""
    first, opcode, payload = FLOODS[kind]
    fin = not kind.endswith("fragments")
    one = frame(opcode, payload, masked=masked, fin=fin)
    if first and masked:
        first = frame(1, b"", masked=True, fin=False)
    return first, one * (65_536 // len(one) + 1)


async def flood(peer: Raw, kind: str, *, masked: bool, server: ServerProcess, reads: bool) -> float:
    """Send for a while; return the largest growth of the server's memory in MB."""
    reader, writer = peer
    began, end = memory_mb(server), time.monotonic() + SECONDS
    largest = 0.0
    first, again = flood_bytes(kind, masked=masked)

    async def discard() -> None:
        while await reader.read(1 << 16):
            pass

    reading = asyncio.create_task(discard()) if reads else None
    with suppress(ConnectionError, TimeoutError):
        writer.write(first)
        while time.monotonic() < end and largest < TOO_MUCH_MB:
            writer.write(again)
            async with asyncio.timeout(max(0.01, end - time.monotonic())):
                await writer.drain()
            largest = max(largest, memory_mb(server) - began)
    while time.monotonic() < end and largest < TOO_MUCH_MB:
        await asyncio.sleep(0.1)
        largest = max(largest, memory_mb(server) - began)
    if reading is not None:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    writer.transport.abort()
    return largest


class Scene:
    """A server, an attacked conversation and an honest one."""

    def __init__(self, stack: AsyncExitStack, tmp_path: Path) -> None:
        self._stack = stack
        self._path = tmp_path

    async def serve(self, provider: Callable[[Raw], Awaitable[None]]) -> ServerProcess:
        flooded = await self._stack.enter_async_context(raw_provider(provider))
        echo = await self._stack.enter_async_context(echo_provider())
        return self._stack.enter_context(serve_process(self._path, flooded, gemini_url=echo))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        yield Scene(stack, tmp_path)


async def measure(
    server: ServerProcess, attack: Awaitable[float], figure: Figures, *, growth_mb: float
) -> None:
    async with honest(server) as other:
        quiet = await other.talk(1.5)
        attacking = asyncio.ensure_future(attack)
        await asyncio.sleep(0.2)
        during = await other.talk(SECONDS - 1)
        growth = await attacking
    figure("added p99 of another conversation", during - quiet, "ms", at_most=20)
    figure("memory growth", growth, "MB", at_most=growth_mb)
    assert "Traceback" not in server.logged()


@pytest.mark.parametrize("kind", FLOODS)
async def test_an_app_floods(kind: str, scene: Scene, figure: Figures) -> None:
    async def swallow(peer: Raw) -> None:
        while await peer[0].read(1 << 16):
            pass

    server = await scene.serve(swallow)
    url, _ = await sign(server, "openai")
    app = await dial_raw(url)
    # Half of them read no answers.
    attack = flood(app, kind, masked=True, server=server, reads="messages" in kind)
    await measure(server, attack, figure, growth_mb=24)


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_provider_floods(kind: str, scene: Scene, figure: Figures) -> None:
    arrived: asyncio.Future[Raw] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def attacker(peer: Raw) -> None:
        arrived.set_result(peer)
        await over.wait()

    server = await scene.serve(attacker)
    url, _ = await sign(server, "openai")
    reader, writer = await dial_raw(url)

    async def discard() -> None:
        while await reader.read(1 << 16):
            pass

    reading = asyncio.create_task(discard())
    attack = flood(await arrived, kind, masked=False, server=server, reads="messages" in kind)
    try:
        await measure(server, attack, figure, growth_mb=48 if "fragments" in kind else 24)
    finally:
        over.set()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        writer.transport.abort()


async def test_a_flood_does_not_keep_others_out(scene: Scene, figure: Figures) -> None:
    async def swallow(peer: Raw) -> None:
        while await peer[0].read(1 << 16):
            pass

    server = await scene.serve(swallow)
    url, _ = await sign(server, "openai")
    app = await dial_raw(url)
    waiting = asyncio.create_task(flood(app, "short messages", masked=True, server=server, reads=True))
    await asyncio.sleep(1)
    started = time.monotonic()
    async with honest(server) as other:
        await other.talk(0.1)
    figure("a new conversation begins in", time.monotonic() - started - 0.1, "s", at_most=1)
    await waiting
