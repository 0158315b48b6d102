"""`MASCOT_LIVE_MODEL=auto` through the real server: the fast network under overload, and back."""

from __future__ import annotations

import asyncio
import json
import math
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from support.apps import sign
from support.servers import RunningServer, run_server, run_simulators
from websockets.asyncio.client import ClientConnection, connect

from mascot_server.inference.overload import Sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = pytest.mark.anyio

OVERLOADED = Sample(busy=1.0, lag=1.0, chunks=0, late=0)


@pytest.fixture
def auto() -> Iterator[RunningServer]:
    """A server as it is by default, in front of agents that send audio faster than it is played."""
    with (
        run_simulators(burst=4, playback=math.inf) as providers,
        run_server(providers.origin, viseme_budget_ms=1000) as server,
    ):
        yield server


def inference_takes(server: RunningServer, seconds: float) -> None:
    """Let the accurate network have taken so long for a second of audio."""
    for _ in range(300):
        server.capacity.ran("default", streams=16, audio=1.0, took=seconds)


@asynccontextmanager
async def conversation(server: RunningServer) -> AsyncIterator[ClientConnection]:
    url, _ = await sign(server, "elevenlabs")
    async with asyncio.timeout(60), connect(url, compression=None, proxy=None) as connection:
        yield connection


async def messages(connection: ClientConnection, count: int) -> list[dict[str, Any]]:
    """The next messages with audio, each of which had a viseme payload before it."""
    found: list[dict[str, Any]] = []
    payload = None
    while len(found) < count:
        message = json.loads(await connection.recv())
        if message["type"] == "visemes":
            payload = message
        elif message["type"] == "audio":
            assert payload is not None
            found.append(payload)
            payload = None
    return found


async def network_of_a_turn(server: RunningServer) -> str:
    before = {network: server.metrics.turns[(network,)] for network in ("default", "lite")}
    async with conversation(server) as connection:
        await messages(connection, 2)
    return next(n for n in before if server.metrics.turns[(n,)] > before[n])


async def until_accurate(server: RunningServer) -> None:
    """Wait until turns get the accurate network: a busy machine may give it a moment later."""
    async with asyncio.timeout(120):
        while await network_of_a_turn(server) != "default":
            pass


async def test_turns_use_the_fast_network_under_overload_and_come_back(auto: RunningServer) -> None:
    await until_accurate(auto)
    inference_takes(auto, 10.0)
    assert [await network_of_a_turn(auto) for _ in range(3)] == ["lite"] * 3
    inference_takes(auto, 0.001)
    await until_accurate(auto)
    assert auto.metrics.chunks_without_visemes.total == 0


async def test_a_turn_in_progress_changes_and_all_its_messages_have_visemes(auto: RunningServer) -> None:
    await until_accurate(auto)
    async with conversation(auto) as connection:
        payloads = await messages(connection, 3)
        for _ in range(2):
            auto.capacity.sample(OVERLOADED, monotonic())
        payloads += await messages(connection, 17)
    assert auto.metrics.turn_downgrades.total == 1
    assert sum(len(payload["visemes"]) for payload in payloads) > 20
    assert auto.metrics.chunks_without_visemes.total == 0
