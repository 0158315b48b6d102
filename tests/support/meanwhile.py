"""Measure the effect of an attack on a normal conversation."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from support.apps import sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import ServerConnection

    from support.processes import ServerProcess

__all__ = ["Honest", "echo_provider", "honest"]

_EVERY = 0.01
"""Seconds from one message to the next."""


@asynccontextmanager
async def echo_provider() -> AsyncIterator[str]:
    """Run a provider that returns its messages; yield its origin."""

    async def echo(upstream: ServerConnection) -> None:
        async for message in upstream:
            await upstream.send(message)

    async with serve(echo, "127.0.0.1", 0, compression=None) as upstream:
        yield f"http://127.0.0.1:{next(iter(upstream.sockets)).getsockname()[1]}"


@dataclass
class Honest:
    """A conversation with `echo_provider`, and the round-trip times of its messages.

    Attributes:
        app: Its connection.
        seconds: Round-trip times since the last call of `p99_ms`.
    """

    app: ClientConnection
    seconds: list[float] = field(default_factory=list)

    async def talk(self, seconds: float) -> float:
        """Send messages for a while; return the 99th percentile of the round-trip time in milliseconds.

        A message without an answer at the end counts with its time so far.
        """
        sent: list[float] = []
        taken: list[float] = []
        end = time.monotonic() + seconds

        async def listen() -> None:
            async for _ in self.app:
                taken.append(time.monotonic() - sent[len(taken)])

        listening = asyncio.create_task(listen())
        while time.monotonic() < end:
            sent.append(time.monotonic())
            await self.app.send("are you there?")
            await asyncio.sleep(_EVERY)
        try:
            async with asyncio.timeout(5):
                while len(taken) < len(sent):  # noqa: ASYNC110 - the count is all there is to look at
                    await asyncio.sleep(0.01)
        except TimeoutError:
            taken += [time.monotonic() - at for at in sent[len(taken) :]]
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        return sorted(taken)[int(len(taken) * 0.99)] * 1000


@asynccontextmanager
async def honest(server: ServerProcess) -> AsyncIterator[Honest]:
    """Yield an app that talks to a server whose Gemini is an `echo_provider`."""
    url, headers = await sign(server, "gemini")
    async with connect(url, additional_headers=headers, compression=None, proxy=None) as app:
        yield Honest(app)
