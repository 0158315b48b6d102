"""Simulate faults of apps, unknown clients and providers. Each fault is one function that cleans up after itself."""

from __future__ import annotations

import asyncio
import io
import wave
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from tools.soak.apps import NoRoomError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from websockets.asyncio.client import ClientConnection

    from tools.soak.apps import Apps

__all__ = ["FAULTS", "UnexpectedAnswerError", "commit"]

_PATIENCE: Final = 90.0
_MASK: Final = b"\0\0\0\0"
_BROKEN_FRAMES: Final = (
    b"\x83\x85" + _MASK + b"hello",  # a reserved opcode
    b"\x81\x05hello",  # no mask
    b"\xf1\x80" + _MASK,  # reserved bits
    b"\x81\xff" + b"\xff" * 8,  # a length beyond all bounds
    b"\x89\xfe\x00\xff" + _MASK + bytes(255),  # a long ping
    b"\x81\x82" + _MASK + b"\xff\xfe",  # text that is not UTF-8
)


class UnexpectedAnswerError(Exception):
    """The server answered a fault in a wrong way."""


async def crash(apps: Apps) -> None:
    """Let an app crash in the middle of a turn."""
    socket = await apps.begun()
    await asyncio.sleep(apps.random.uniform(0, 2))
    socket.transport.abort()


async def slow_reader(apps: Apps) -> None:
    """Let an app stop reading during a long turn, and then continue or crash."""
    socket = await apps.begun()
    await apps.order(socket, "burst")
    socket.transport.pause_reading()
    await asyncio.sleep(apps.random.uniform(2, 5))
    if apps.random.random() < 0.5:  # noqa: PLR2004 - half of them
        socket.transport.resume_reading()
        await socket.close()
    socket.transport.abort()


async def provider_drops(apps: Apps) -> None:
    """Break the provider's connection: the app must receive a close."""
    socket = await apps.begun()
    await apps.order(socket, "drop")
    await _closed(socket)


async def deaf_provider(apps: Apps) -> None:
    """Let the provider stop reading, then disconnect."""
    socket = await apps.begun()
    await apps.order(socket, "deaf")
    with suppress(ConnectionClosed, TimeoutError):
        async with asyncio.timeout(2):
            while True:
                await socket.send(b"x" * 60_000)
    await socket.close()


async def bad_frames(apps: Apps) -> None:
    """Break the WebSocket protocol as an app: the server must close the connection."""
    socket = await apps.begun()
    socket.transport.write(apps.random.choice(_BROKEN_FRAMES))
    await _closed(socket)


async def refused_handshake(apps: Apps) -> None:
    """Connect with an invalid token or key."""
    path = apps.random.choice(["/v1/conversation", "/v1/openai-realtime/ws"])
    try:
        await connect(
            f"ws{apps.origin.removeprefix('http')}{path}?token=eyJhbGciOiJIUzI1NiJ9.e30.AAAA", proxy=None
        )
    except InvalidStatus as refusal:
        _expect(refusal.response.status_code, {401, 503})
    else:
        raise UnexpectedAnswerError("an invalid token was accepted")
    answer = await apps.http.post(
        f"{apps.origin}/v1/get-signed-url", headers={"Authorization": "Bearer made-up"}
    )
    _expect(answer.status_code, {401, 503})


async def slow_stranger(apps: Apps) -> None:
    """Send half a request."""
    reader, writer = await asyncio.open_connection(*apps.address())
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    await asyncio.sleep(apps.random.uniform(0.5, 3))
    writer.transport.abort()
    del reader


async def upload(apps: Apps) -> None:
    """Upload a recording by HTTP."""
    answer = await apps.http.post(
        f"{apps.origin}/v1/visemes",
        content=_recording(),
        headers=_authorised(apps) | {"Content-Type": "audio/wav"},
    )
    _expect(answer.status_code, {200, 429, 503})


async def broken_upload(apps: Apps) -> None:
    """Send an upload that ends in the middle or is not audio."""
    if apps.random.random() < 0.5:  # noqa: PLR2004 - half of them
        answer = await apps.http.post(
            f"{apps.origin}/v1/visemes", content=b'{"audio":"?"}', headers=_authorised(apps)
        )
        _expect(answer.status_code, {400, 429, 503})
        return
    _, writer = await asyncio.open_connection(*apps.address())
    head = f"POST /v1/visemes HTTP/1.1\r\nHost: x\r\nAuthorization: {_authorised(apps)['Authorization']}\r\n"
    writer.write(f"{head}Content-Type: audio/wav\r\nContent-Length: 100000\r\n\r\n".encode() + b"RIFF" * 1000)
    await asyncio.sleep(apps.random.uniform(0, 1))
    writer.transport.abort()


FAULTS: Final[tuple[Callable[[Apps], Awaitable[None]], ...]] = (
    *(crash, slow_reader, provider_drops, deaf_provider, bad_frames),
    *(refused_handshake, slow_stranger, upload, broken_upload),
)


async def commit(apps: Apps, fault: Callable[[Apps], Awaitable[None]]) -> str | None:
    """Run a fault and count it; return a description of the server's wrong answer, if any."""
    name = fault.__name__.replace("_", " ")
    patience = asyncio.timeout(_PATIENCE)
    try:
        async with patience:
            await fault(apps)
    except NoRoomError:
        apps.done[f"{name}, rejected for now"] += 1
        return None
    except UnexpectedAnswerError as wrong:
        return f"{name}: {wrong}"
    except (OSError, WebSocketException, httpx.HTTPError) as error:
        if patience.expired():
            return f"{name}: not over within {_PATIENCE:g} s"
        # A worker that is killed answers so.
        apps.done[f"{name}, cut off: {type(error).__name__}"] += 1
        return None
    apps.done[name] += 1
    return None


async def _closed(socket: ClientConnection) -> None:
    try:
        async with asyncio.timeout(15):
            while True:
                await socket.recv()
    except ConnectionClosed:
        await socket.wait_closed()
    except TimeoutError:
        raise UnexpectedAnswerError("the connection is still open after 15 s") from None


def _expect(status: int, wanted: set[int]) -> None:
    if status not in wanted:
        raise UnexpectedAnswerError(f"HTTP {status}, not one of {sorted(wanted)}")


def _authorised(apps: Apps) -> dict[str, str]:
    return {"Authorization": f"Bearer {apps.keys['load']}"}


def _recording() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16000)
        writer.writeframes(bytes(16000))
    return file.getvalue()
