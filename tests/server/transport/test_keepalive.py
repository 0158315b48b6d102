"""Signs of life: whatever a peer sends, and answers to pings where it has nothing to send."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from support.apps import dial, scripted, serving, sign, told
from support.raw import Raw, dial_raw, frame, raw_provider
from websockets.asyncio.client import connect

from mascot_server.transport.provider_socket import ProviderSocket

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

    from mascot_server.providers.codec import Frame
    from mascot_server.transport.listener import PeerClosed

pytestmark = pytest.mark.anyio

PING_SECONDS = 0.2


class Listener:
    """Notes what it is called with."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.closed: asyncio.Future[PeerClosed] = asyncio.get_running_loop().create_future()

    def message_received(self, frame: Frame) -> None:
        self.frames.append(frame)

    def gone(self, closed: PeerClosed) -> None:
        if not self.closed.done():
            self.closed.set_result(closed)

    def congested(self) -> None: ...

    def relieved(self) -> None: ...


async def listening(origin: str) -> tuple[ProviderSocket, Listener]:
    socket = await connect(
        origin.replace("http", "ws"), create_connection=ProviderSocket, ping_interval=PING_SECONDS,
        compression=None, proxy=None,
    )  # fmt: skip
    assert isinstance(socket, ProviderSocket)
    listener = Listener()
    socket.listen(listener)
    return socket, listener


async def mute(peer: Raw, *, talks: bool) -> None:
    """Answers no ping."""
    reader, writer = peer

    async def discard() -> None:
        while await reader.read(1 << 16):
            pass

    reading = asyncio.create_task(discard())
    while talks:
        writer.write(frame(1, b"still here", masked=False))
        await writer.drain()
        await asyncio.sleep(PING_SECONDS / 4)
    await reading


async def test_a_provider_that_answers_no_ping_but_talks_is_alive() -> None:
    async with raw_provider(lambda peer: mute(peer, talks=True)) as origin:
        socket, listener = await listening(origin)
        await asyncio.sleep(5 * PING_SECONDS)
        assert not listener.closed.done()
        assert len(listener.frames) > 5
        socket.transport.abort()


async def test_a_provider_that_does_neither_is_given_up_at_once_and_says_why() -> None:
    async with raw_provider(lambda peer: mute(peer, talks=False)) as origin:
        socket, listener = await listening(origin)
        async with asyncio.timeout(5):
            closed = await listener.closed
        assert closed.code == 1006
        assert closed.reason == "the provider sent nothing for 0.2 s, nor answered a ping"
        # It has not closed its side, and never will.
        async with asyncio.timeout(8):
            await socket.leave(1000, "")


async def test_a_provider_that_answers_pings_is_alive() -> None:
    async def silent(upstream: ServerConnection) -> None:
        await upstream.wait_closed()

    async with scripted(silent) as origin:
        socket, listener = await listening(origin)
        await asyncio.sleep(5 * PING_SECONDS)
        assert not listener.closed.done()
        await socket.leave(1000, "")


@pytest.mark.parametrize("talks", [True, False])
async def test_an_app_that_answers_no_ping_is_alive_while_it_talks(talks: bool) -> None:
    reason: asyncio.Future[tuple[int | None, str | None]] = asyncio.get_running_loop().create_future()

    async def listen(upstream: ServerConnection) -> None:
        reason.set_result(await told(upstream))

    async with scripted(listen) as origin, serving(origin, ping_seconds=PING_SECONDS) as server:
        url, _ = await sign(server, "openai")
        _, writer = await dial_raw(url)
        for _ in range(20):
            await asyncio.sleep(PING_SECONDS / 4)
            if talks:
                writer.write(frame(1, b"still here", masked=True))
        assert reason.done() is not talks
        if not talks:
            assert await reason == (1000, "the app sent nothing for 0.2 s, nor answered a ping")
        writer.transport.abort()


async def test_pings_that_come_while_nothing_can_be_sent_get_one_answer() -> None:
    """Each of a million answers would wait in memory for an app that reads none."""

    async def talk(upstream: ServerConnection) -> None:
        await upstream.recv()
        for _ in range(100):
            await upstream.send("x" * 100_000)
        await upstream.wait_closed()

    async with scripted(talk) as origin, serving(origin) as server:
        async with await dial(server, "openai") as app:
            app.transport.pause_reading()
            await app.send("go")
            await asyncio.sleep(0.5)
            answers = [await app.ping(f"{i}") for i in range(500)]
            await asyncio.sleep(0.5)
            app.transport.resume_reading()
            reading = asyncio.create_task(told(app))
            # An answer to one ping is one to all before it (RFC 6455, section 5.5.3).
            await asyncio.wait_for(asyncio.gather(*answers), 10)
            reading.cancel()
