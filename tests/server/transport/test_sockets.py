"""The short cuts of both sockets against real peers: every shape of message, and what breaks the rules."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest
from support.apps import dial, refused, scripted, serving, sign, told
from support.raw import Raw, frame, raw_provider
from support.wires import WIRES
from websockets.exceptions import ConnectionClosed

from mascot_server.transport.asgi_socket import AsgiSocket

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

pytestmark = pytest.mark.anyio

LARGE = "x" * 300_000
SHAPES: list[str | bytes | list[str] | list[bytes]] = [
    "",
    b"",
    "ünï",
    LARGE,
    LARGE.encode(),
    ["fragments ", "of ", "text ü"],
    [b"of", b"", b"bytes\xff"],
    ["x" * 70_000] * 3,
    "the end",
]


def whole(shape: str | bytes | list[str] | list[bytes]) -> str | bytes:
    if isinstance(shape, str | bytes):
        return shape
    return "".join(shape) if isinstance(shape[0], str) else b"".join(shape)


async def echo(upstream: ServerConnection) -> None:
    async for message in upstream:
        await upstream.send(message)


# Our own protocol under uvicorn, and uvicorn's, as any ASGI server has one.
@pytest.fixture(params=[None, "websockets-sansio"], ids=["direct", "asgi"])
def ws(request: pytest.FixtureRequest) -> str | None:
    name: str | None = request.param
    return name


async def test_every_shape_of_message_goes_up_and_down_whole(ws: str | None) -> None:
    async with scripted(echo) as origin, serving(origin, ws=ws) as server:
        async with await dial(server, "openai") as app:
            for shape in SHAPES:
                await app.send(shape)
            async with asyncio.timeout(20):
                assert [await app.recv() for _ in SHAPES] == [whole(shape) for shape in SHAPES]
            await asyncio.wait_for(await app.ping(), 10)


async def test_a_provider_may_speak_in_fragments_too() -> None:
    async def speak(upstream: ServerConnection) -> None:
        for shape in SHAPES:
            await upstream.send(shape)
            await upstream.ping()
        await upstream.wait_closed()

    async with scripted(speak) as origin, serving(origin) as server:
        async with await dial(server, "openai") as app, asyncio.timeout(20):
            assert [await app.recv() for _ in SHAPES] == [whole(shape) for shape in SHAPES]


async def test_audio_and_close_arrive_under_any_asgi_server(ws: str | None) -> None:
    async def speak(upstream: ServerConnection) -> None:
        for i in range(3):
            await upstream.send(WIRES["openai"].audio(bytes(4800), i))
        await upstream.recv()
        await upstream.close(4001, "done")

    async with scripted(speak) as origin, serving(origin, ws=ws) as server:
        async with await dial(server, "openai") as app:
            async with asyncio.timeout(20):
                heard = [json.loads(await app.recv()) for _ in range(3)]
            assert all(message["mascotVisemes"]["audio_duration"] == 100 for message in heard)
            await app.send("thanks")
            assert await told(app) == (4001, "done")


async def test_text_of_a_provider_that_is_not_text_ends_the_conversation() -> None:
    told_provider: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def babble(upstream: ServerConnection) -> None:
        await upstream.send(b"\xff\xfe", text=True)
        await upstream.wait_closed()
        told_provider.set_result(upstream.close_code)

    async with scripted(babble) as origin, serving(origin) as server:
        async with await dial(server, "openai") as app:
            assert (await told(app))[0] == 1011 or app.close_code == 1007
            assert await asyncio.wait_for(told_provider, 10) == 1007


@pytest.mark.parametrize(
    ("breach", "reason"),
    [
        (frame(1, b"\xff", masked=False), "the provider sent text that is not UTF-8"),
        (frame(3, b"", masked=False), "the provider broke the WebSocket protocol: "),
        (b"\x82\x7f" + (1 << 26).to_bytes(8), "the provider broke the WebSocket protocol: "),
    ],
    ids=["not UTF-8", "opcode", "64 MB"],
)
async def test_a_provider_that_breaks_the_protocol_is_gone_even_if_it_stays(
    breach: bytes, reason: str
) -> None:
    async def rude(peer: Raw) -> None:
        await peer[0].read(1 << 16)
        peer[1].write(breach)
        await asyncio.sleep(60)

    async with raw_provider(rude) as origin, serving(origin) as server:
        async with await dial(server, "openai") as app:
            await app.send("go")
            async with asyncio.timeout(3):
                code, said = await told(app)
            assert code == 1011
            assert (said or "").startswith(reason)


@pytest.mark.parametrize("fragments", [[b"\xff\xfe"], [b"\xff", b"\xfe"]], ids=["whole", "fragments"])
async def test_text_of_an_app_that_is_not_text_is_told_so(
    fragments: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted(echo) as origin, serving(origin) as server:
        async with await dial(server, "openai") as app:
            await app.send(fragments if len(fragments) > 1 else fragments[0], text=True)
            assert (await told(app))[0] == 1007
    # The scripted provider's own complaint is another matter.
    assert not [r for r in caplog.records if r.exc_info and r.name != "websockets.server"]


async def test_waiting_for_an_app_that_takes_nothing_can_be_given_up() -> None:
    class Deaf:
        def message_received(self, frame: object) -> None: ...
        def gone(self, closed: object) -> None: ...
        def congested(self) -> None: ...
        def relieved(self) -> None: ...

    async def for_ever(*_: object) -> None:
        await asyncio.Event().wait()

    before = asyncio.all_tasks()
    socket = AsgiSocket(for_ever, for_ever)
    socket.listen(Deaf())
    socket.write("never taken")
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await socket.flush()
    assert asyncio.all_tasks() == before


async def test_a_message_too_long_for_the_server_is_told_so() -> None:
    async with scripted(echo) as origin, serving(origin) as server:
        async with await dial(server, "openai") as app:
            with suppress(ConnectionClosed):
                await app.send(bytes(17 * 1024 * 1024))
            assert (await told(app))[0] == 1009


async def test_a_reader_that_stalls_holds_the_provider_and_loses_nothing(ws: str | None) -> None:
    count, sent = 400, 0

    async def flood(upstream: ServerConnection) -> None:
        nonlocal sent
        for _ in range(count):
            await upstream.send("x" * 100_000)
            sent += 1
        await upstream.wait_closed()

    async with scripted(flood) as origin, serving(origin, ws=ws) as server:
        async with await dial(server, "openai") as app:
            app.transport.pause_reading()
            await asyncio.sleep(0.7)
            # 40 MB do not fit into the buffers on the way: the provider is slowed down.
            assert sent < count
            app.transport.resume_reading()
            async with asyncio.timeout(30):
                for _ in range(count):
                    assert len(await app.recv()) == 100_000


async def test_before_running_conversations_get_worse_new_ones_are_refused() -> None:
    async def talk(upstream: ServerConnection) -> None:
        i = 0
        while True:
            # No faster than it plays, so that all of it is needed at once.
            await upstream.send(WIRES["openai"].audio(bytes(240), i))
            await asyncio.sleep(0.005)
            i += 1

    # With next to no budget all visemes are late.
    async with scripted(talk) as origin, serving(origin, viseme_budget_ms=0.001) as server:
        async with await dial(server, "openai") as app, httpx.AsyncClient(base_url=server.origin) as http:
            reading = asyncio.create_task(told(app))
            url, headers = await sign(server, "openai")
            async with asyncio.timeout(10):
                while (await http.get("/readyz")).status_code == 200:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
            assert await refused(url, headers) == (503, {"error": "visemes come too late"})
            assert not reading.done()
            reading.cancel()
