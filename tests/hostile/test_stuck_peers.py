"""Peers that never read, and peers that keep a broken connection open: their resources are released soon."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from support.apps import sign
from support.hostile import counted, descriptors, wait_until
from support.processes import serve_process
from support.raw import Raw, dial_raw, frame, raw_provider
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.conftest import Figures
    from support.processes import ServerProcess

pytestmark = pytest.mark.anyio

GIVE_UP = 15.0
MESSAGE = b"x" * 60_000


def running(server: ServerProcess) -> int:
    """Return the number of conversations that the server counts."""
    return int(counted(server, "mascot_sessions_active"))


async def fill(writer: asyncio.StreamWriter, *, masked: bool) -> None:
    """Send until the buffers to a peer that does not read are full."""
    try:
        async with asyncio.timeout(3):
            while True:
                writer.write(frame(1, MESSAGE, masked=masked))
                async with asyncio.timeout(0.5):
                    await writer.drain()
    except TimeoutError:
        pass


async def test_a_provider_that_never_reads_ends_with_its_app(tmp_path: Path, figure: Figures) -> None:
    async def deaf(peer: Raw) -> None:
        peer[1].transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(60)

    async with raw_provider(deaf) as origin:
        with serve_process(tmp_path, origin, max_session_seconds="4") as server:
            url, _ = await sign(server, "openai")
            _, app = await dial_raw(url)
            await fill(app, masked=True)
            assert running(server) == 1
            app.transport.abort()
            seconds = await asyncio.to_thread(wait_until, lambda: not running(server), GIVE_UP)
            figure("session counted after its app has left", seconds, "s", at_most=12)


async def test_apps_that_never_read_are_cut_off(tmp_path: Path, figure: Figures) -> None:
    async def talkative(peer: Raw) -> None:
        await fill(peer[1], masked=False)
        while await peer[0].read(1 << 16):
            pass

    async with raw_provider(talkative) as origin:
        with serve_process(tmp_path, origin, max_session_seconds="4") as server:
            at_rest = descriptors(server)
            apps = []
            for _ in range(10):
                url, _ = await sign(server, "openai")
                reader, app = await dial_raw(url)
                reader._transport.pause_reading()  # type: ignore[attr-defined]
                apps.append(app)
            assert descriptors(server) >= at_rest + 10
            await asyncio.sleep(4)
            seconds = await asyncio.to_thread(wait_until, lambda: descriptors(server) < at_rest + 5, GIVE_UP)
            figure("until their connections are closed", seconds, "s", at_most=12)
            for app in apps:
                app.transport.abort()


BREACHES = {
    "text that is not UTF-8": frame(1, b"\xff\xfe", masked=False),
    "not UTF-8 in fragments": frame(1, b"\xff", masked=False, fin=False) + frame(0, b"\xfe", masked=False),
    "reserved opcode": frame(3, b"", masked=False),
    "a continuation of nothing": frame(0, b"x", masked=False),
    "a message of 64 MB": b"\x82\x7f" + (1 << 26).to_bytes(8),
    "masked": frame(1, b"x", masked=True),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_provider_that_breaks_the_protocol_and_stays(
    breach: str, tmp_path: Path, figure: Figures
) -> None:
    async def rude(peer: Raw) -> None:
        await asyncio.sleep(0.2)
        peer[1].write(BREACHES[breach])
        await asyncio.sleep(60)

    async with raw_provider(rude) as origin:
        with serve_process(tmp_path, origin) as server:
            url, _ = await sign(server, "openai")
            async with connect(url, proxy=None, compression=None) as app:
                started = time.monotonic()
                try:
                    async with asyncio.timeout(GIVE_UP):
                        await app.recv()
                except (ConnectionClosed, TimeoutError):
                    pass
                figure("until the app is notified", time.monotonic() - started, "s", at_most=2)
            assert app.close_code == 1011
            assert "provider" in (app.close_reason or "")
            assert "Traceback" not in server.logged()


async def test_text_of_an_app_that_is_not_text_leaves_no_traceback(
    server: ServerProcess, figure: Figures
) -> None:
    url, _ = await sign(server, "openai")
    for breach in (frame(1, b"\xff", masked=True), frame(0, b"x", masked=True), frame(1, b"x", masked=False)):
        reader, writer = await dial_raw(url)
        writer.write(breach)
        started = time.monotonic()
        async with asyncio.timeout(GIVE_UP):
            while await reader.read(1 << 16):
                pass
        figure("until it is closed", time.monotonic() - started, "s", at_most=2)
        writer.close()
    assert "Traceback" not in server.logged()
