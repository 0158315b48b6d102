"""Messages between app and provider, and how each is notified that the other has disconnected."""

from __future__ import annotations

import asyncio
import gzip
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from support.apps import (
    PATHS,
    dial,
    never,
    scripted,
    serving,
    sign,
    told,
)
from support.wires import openai_session
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from mascot_server import simulators

if TYPE_CHECKING:
    from support.servers import RunningServer
    from websockets.asyncio.connection import Connection
    from websockets.asyncio.server import ServerConnection


pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("provider", sorted(PATHS))
async def test_a_provider_that_refuses_is_named_in_the_close_reason(
    server: RunningServer, provider: str
) -> None:
    wrong = {"elevenlabs": {"api_key": "sk_wrong_secret"}}.get(provider, {"ephemeral_token": "wrong_secret"})
    async with await dial(server, provider, **wrong) as connection:
        code, reason = await told(connection)
    # Gemini takes the connection and then closes it itwith a code and words of its own.
    assert code == (1007 if provider == "gemini" else 1008)
    assert reason
    assert "wrong_secret" not in reason


@pytest.mark.parametrize("provider", sorted(PATHS))
async def test_a_provider_that_is_not_there_is_told_at_once(provider: str) -> None:
    async with scripted(never) as origin:
        pass
    async with serving(origin) as server, await dial(server, provider) as connection:
        code, reason = await told(connection)
    assert code == 1011
    assert reason
    assert reason.startswith(f"{provider} is unreachable: ")


@pytest.mark.parametrize(
    ("code", "told_code"),
    [(1000, 1000), (1001, 1001), (1008, 1008), (1011, 1011), (3000, 3000), (4001, 4001)],
)
async def test_the_providers_close_reaches_the_app(code: int, told_code: int) -> None:
    async def close(upstream: ServerConnection) -> None:
        await upstream.close(code, "because ünd so" * 8)

    async with scripted(close) as origin, serving(origin) as server:
        async with await dial(server, "openai") as connection:
            assert await told(connection) == (told_code, "because ünd so" * 8)


async def test_a_provider_whose_connection_breaks_is_told_as_an_error() -> None:
    async def drop(upstream: ServerConnection) -> None:
        upstream.transport.abort()

    async with scripted(drop) as origin, serving(origin) as server:
        async with await dial(server, "openai") as connection:
            assert (await told(connection))[0] == 1011


@pytest.mark.parametrize(("code", "told_code"), [(1000, 1000), (1001, 1001), (4007, 4007)])
async def test_the_apps_close_reaches_the_provider(code: int, told_code: int) -> None:
    closed: asyncio.Queue[tuple[int | None, str | None]] = asyncio.Queue()

    async def wait(upstream: ServerConnection) -> None:
        await upstream.wait_closed()
        closed.put_nowait((upstream.close_code, upstream.close_reason))

    async with scripted(wait) as origin, serving(origin) as server:
        connection = await dial(server, "openai")
        await connection.close(code, "had enough")
        async with asyncio.timeout(10):
            assert await closed.get() == (told_code, "had enough")


async def test_a_providers_last_words_reach_an_app_that_keeps_talking() -> None:
    words = [f"word {i}" for i in range(200)]

    async def speak_and_leave(upstream: ServerConnection) -> None:
        await upstream.recv()
        for word in words:
            await upstream.send(word)
        listening = asyncio.create_task(told(upstream))
        await upstream.close(4001, "that was all")
        await listening

    async def talk(connection: Connection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await connection.send("x" * 1000)
                await asyncio.sleep(0)

    async with scripted(speak_and_leave) as origin, serving(origin) as server:
        async with await dial(server, "openai") as connection:
            talking = asyncio.create_task(talk(connection))
            heard = []
            async with asyncio.timeout(20):
                with suppress(ConnectionClosed):
                    while True:
                        heard.append(await connection.recv())
            await talking
            assert heard == words
            assert (connection.close_code, connection.close_reason) == (4001, "that was all")


async def test_the_apps_close_code_reaches_a_provider_that_keeps_talking() -> None:
    closed: asyncio.Queue[tuple[int | None, str | None]] = asyncio.Queue()

    async def talk(upstream: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await upstream.send("x" * 1000)
                await asyncio.sleep(0)
        closed.put_nowait((upstream.close_code, upstream.close_reason))

    async with scripted(talk) as origin, serving(origin) as server:
        for _attempt in range(10):
            connection = await dial(server, "openai")
            await connection.recv()
            listening = asyncio.create_task(told(connection))
            await connection.close(4007, "had enough")
            async with asyncio.timeout(20):
                await listening
                assert await closed.get() == (4007, "had enough")


async def test_an_app_that_vanishes_is_a_normal_close_to_the_provider() -> None:
    closed: asyncio.Queue[int | None] = asyncio.Queue()

    async def wait(upstream: ServerConnection) -> None:
        await upstream.wait_closed()
        closed.put_nowait(upstream.close_code)

    async with scripted(wait) as origin, serving(origin) as server:
        connection = await dial(server, "openai")
        connection.transport.abort()
        async with asyncio.timeout(10):
            assert await closed.get() == 1000


async def test_an_app_that_leaves_while_the_provider_is_dialled_leaves_nothing_open() -> None:
    dialled, go_on = asyncio.Event(), asyncio.Event()
    closed: asyncio.Queue[int | None] = asyncio.Queue()

    async def hesitate(_connection: ServerConnection, _request: Any) -> None:
        dialled.set()
        await go_on.wait()

    async def wait(upstream: ServerConnection) -> None:
        await upstream.wait_closed()
        closed.put_nowait(upstream.close_code)

    async with serve(wait, "127.0.0.1", 0, process_request=hesitate) as upstream:
        origin = f"http://127.0.0.1:{next(iter(upstream.sockets)).getsockname()[1]}"
        async with serving(origin) as server:
            url, _ = await sign(server, "openai")
            app = asyncio.ensure_future(connect(url, proxy=None).__aenter__())
            await dialled.wait()
            app.cancel()
            with suppress(asyncio.CancelledError):
                await app
            go_on.set()
            async with asyncio.timeout(10):
                assert await closed.get() == 1000


async def test_frames_keep_their_bytes_their_opcode_and_their_order_both_ways() -> None:
    frames: list[str | bytes] = [
        '{"type":"x", "a": 1.0}',
        b"\x00\xff",
        "",
        "not json",
        b"{}",
        "ünïcode",
        "[1]",
    ]

    async def echo(upstream: ServerConnection) -> None:
        async for frame in upstream:
            await upstream.send(frame)

    async with scripted(echo) as origin, serving(origin) as server:
        async with await dial(server, "openai") as connection:
            for frame in frames:
                await connection.send(frame)
            async with asyncio.timeout(10):
                assert [await connection.recv() for _ in frames] == frames


async def test_nothing_of_the_apps_request_goes_to_the_provider() -> None:
    seen: asyncio.Queue[Any] = asyncio.Queue()

    async def note(upstream: ServerConnection) -> None:
        seen.put_nowait(upstream.request)
        await upstream.wait_closed()

    async with scripted(note) as origin, serving(origin) as server:
        url, _ = await sign(server, "openai", model="gpt-realtime-mini")
        headers = {
            "Cookie": "session=private",
            "Authorization": "Bearer mascot",
            "OpenAI-Beta": "realtime=v1",
        }
        async with connect(f"{url}&model=dearer&x=1", additional_headers=headers, proxy=None):
            request = await seen.get()
    assert request.path == "/v1/realtime?model=gpt-realtime-mini"
    assert request.headers["Authorization"] == f"Bearer {simulators.OPENAI_EPHEMERAL}"
    assert "Cookie" not in request.headers
    assert "OpenAI-Beta" not in request.headers


@pytest.mark.parametrize(
    ("credential", "method", "header"),
    [
        ({"ephemeral_token": "auth_tokens/x"}, "v1alpha BidiGenerateContentConstrained", "authorization"),
        ({"ephemeral_token": None, "api_key": "AIzaX"}, "v1beta BidiGenerateContent", "x-goog-api-key"),
    ],
)
async def test_the_kind_of_credential_decides_how_gemini_is_asked(
    credential: dict[str, str], method: str, header: str
) -> None:
    seen: asyncio.Queue[Any] = asyncio.Queue()

    async def note(upstream: ServerConnection) -> None:
        seen.put_nowait(upstream.request)
        await upstream.wait_closed()

    async with scripted(note) as origin, serving(origin) as server:
        async with await dial(server, "gemini", **credential):
            request = await seen.get()
    rpc = method.replace(" ", ".GenerativeService.")
    assert request.path == f"/ws/google.ai.generativelanguage.{rpc}"
    assert request.headers[header] in {"Token auth_tokens/x", "AIzaX"}


@pytest.mark.parametrize(
    ("headers", "body", "why"),
    [
        ({}, b" " * 300_000, "AnswerTooLargeError"),
        ({"Content-Encoding": "gzip"}, gzip.compress(b" " * 3000), "AnswerTooLargeError"),
        ({}, b"[" * 100_000, "its answer contains no signed_url"),
    ],
    ids=["long", "compressed", "deep"],
)
async def test_an_answer_without_a_signed_url(headers: dict[str, str], body: bytes, why: str) -> None:
    async def reply(connection: ServerConnection, _: Any) -> Any:
        response = connection.respond(200, "")
        response.body = body
        del response.headers["Content-Length"]
        response.headers["Content-Length"] = str(len(body))
        response.headers.update(headers)
        return response

    async with serve(never, "127.0.0.1", 0, process_request=reply) as upstream:
        origin = f"http://127.0.0.1:{next(iter(upstream.sockets)).getsockname()[1]}"
        async with serving(origin) as server, await dial(server, "elevenlabs") as connection:
            assert await told(connection) == (1011, f"elevenlabs is unreachable: {why}")


async def test_a_signed_url_of_a_foreign_host_is_not_dialled() -> None:
    async def reply(_connection: ServerConnection, request: Any) -> Any:
        assert "get-signed-url" in request.path
        return _connection.respond(200, json.dumps({"signed_url": "wss://evil.example/v1/convai"}))

    async with serve(never, "127.0.0.1", 0, process_request=reply) as upstream:
        origin = f"http://127.0.0.1:{next(iter(upstream.sockets)).getsockname()[1]}"
        async with serving(origin) as server, await dial(server, "elevenlabs") as connection:
            assert await told(connection) == (
                1011, "elevenlabs is unreachable: it answered with a signed_url for another host",
            )  # fmt: skip


async def test_a_configured_voice_is_asked_for_before_the_app_hears_of_the_session() -> None:
    seen: asyncio.Queue[str | bytes] = asyncio.Queue()

    async def listen(upstream: ServerConnection) -> None:
        await upstream.send(openai_session({"type": "audio/pcm", "rate": 24000}, voice="alloy"))
        async for frame in upstream:
            seen.put_nowait(frame)

    async with scripted(listen) as origin, serving(origin) as server:
        async with await dial(server, "openai", voice="marin") as connection:
            await connection.recv()
            update = json.loads(await seen.get())
    assert update["session"]["audio"]["output"]["voice"] == "marin"
