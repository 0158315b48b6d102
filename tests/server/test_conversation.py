"""Conversations over real sockets: who is let in, what passes, how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import socket
import ssl
import threading
import time
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trustme
from support.servers import API_KEY, SECRET, Providers, RunningServer, run_server, run_simulators
from support.wires import WIRES, elevenlabs_metadata, openai_session
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mascot_server import simulators
from mascot_server.observe import configure_logging
from mascot_server.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.connection import Connection
    from websockets.asyncio.server import ServerConnection

pytestmark = pytest.mark.anyio

CONFIGS: dict[str, dict[str, Any]] = {
    "elevenlabs": {"api_key": simulators.ELEVENLABS_API_KEY, "agent_id": simulators.ELEVENLABS_AGENT_ID},
    "openai": {"ephemeral_token": simulators.OPENAI_EPHEMERAL},
    "gemini": {"ephemeral_token": simulators.GEMINI_EPHEMERAL},
}
GEMINI_PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
PATHS = {"elevenlabs": "/v1/conversation", "openai": "/v1/openai-realtime/ws", "gemini": GEMINI_PATH}


@pytest.fixture(scope="module")
def providers() -> Iterator[Providers]:
    with run_simulators(burst=50, playback=math.inf) as providers:
        yield providers


@pytest.fixture(scope="module")
def server(providers: Providers) -> Iterator[RunningServer]:
    with run_server(providers.origin) as server:
        yield server


async def sign(server: RunningServer, provider: str, **config: Any) -> tuple[str, dict[str, str]]:
    """Asks for a signed URL; returns the URL to dial and the headers to dial it with."""
    body = {"config": {"provider": provider, "provider_config": {**CONFIGS[provider], **config}}}
    async with httpx.AsyncClient(base_url=server.origin) as http:
        response = await http.post(
            "/v1/get-signed-url", json=body, headers={"Authorization": f"Bearer {API_KEY}"}
        )
    answer = response.raise_for_status().json()
    if provider == "gemini":
        return f"ws{answer['base_url'].removeprefix('http')}{GEMINI_PATH}", {
            "x-goog-api-key": answer["api_key"]
        }
    return answer["signed_url"], {}


async def dial(server: RunningServer, provider: str, **config: Any) -> ClientConnection:
    url, headers = await sign(server, provider, **config)
    return await connect(url, additional_headers=headers, compression=None, proxy=None)


async def refused(url: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    with pytest.raises(InvalidStatus) as caught:
        await connect(url, additional_headers=headers, proxy=None)
    response = caught.value.response
    assert response.headers["content-type"] == "application/json"
    return response.status_code, json.loads(response.body or b"null")


async def told(connection: Connection) -> tuple[int | None, str | None]:
    """Reads until the connection is closed; returns code and reason."""
    async with asyncio.timeout(15):
        try:
            while True:
                await connection.recv()
        except ConnectionClosed:
            return connection.close_code, connection.close_reason


@asynccontextmanager
async def scripted(handler: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    """A provider that does as it is told, on any path."""
    async with serve(handler, "127.0.0.1", 0, compression=None) as upstream:
        yield f"http://127.0.0.1:{next(iter(upstream.sockets)).getsockname()[1]}"


@asynccontextmanager
async def serving(upstream: str) -> AsyncIterator[RunningServer]:
    """The server, stopped without blocking this loop: a scripted provider in it has to answer meanwhile."""
    with ExitStack() as stack:
        yield stack.enter_context(run_server(upstream))
        await asyncio.to_thread(stack.pop_all().close)


def token_for(provider: str, **config: Any) -> str:
    return Tokens([SECRET]).seal(provider, json.dumps(config or CONFIGS[provider]).encode())


class TestAdmission:
    @pytest.mark.parametrize("provider", sorted(PATHS))
    async def test_without_a_good_token_the_handshake_is_refused(
        self, server: RunningServer, provider: str
    ) -> None:
        url = f"ws{server.origin.removeprefix('http')}{PATHS[provider]}"
        expired = Tokens([SECRET], clock=lambda: 1_000_000_000.0).seal(provider, b"{}")
        other = token_for("openai" if provider != "openai" else "elevenlabs")
        foreign = Tokens(["the-secret-of-another-server-somewhere"]).seal(provider, b"{}")
        for token in ("", "rubbish", expired, other, foreign, f"{token_for(provider)}x"):
            parameter = "key" if provider == "gemini" else "token"
            status, body = await refused(f"{url}?{parameter}={token}")
            assert status == 401
            assert list(body) == ["error"]
            assert not token or token not in body["error"]
        assert (await refused(url))[0] == 401

    async def test_a_token_is_good_for_its_own_socket_only(self, server: RunningServer) -> None:
        url, _ = await sign(server, "elevenlabs")
        assert (await refused(url.replace("/v1/conversation", "/v1/openai-realtime/ws")))[0] == 401

    async def test_an_unknown_viseme_model_is_refused(self, server: RunningServer) -> None:
        url, _ = await sign(server, "openai")
        status, body = await refused(f"{url}&viseme_model=klingon")
        assert (status, body) == (400, {"error": "viseme_model: must be one of default, indonesian"})

    async def test_a_rpc_that_gemini_does_not_have_is_not_found(self, server: RunningServer) -> None:
        url, headers = await sign(server, "gemini")
        assert (await refused(url.replace("BidiGenerateContent", "Generate"), headers))[0] == 404

    async def test_query_parameters_of_sdks_are_ignored(self, server: RunningServer) -> None:
        url, _ = await sign(server, "elevenlabs")
        async with connect(
            f"{url}&source=js_sdk&version=1.2.3&viseme_model=indonesian", proxy=None
        ) as connection:
            assert json.loads(await connection.recv())["type"] == "conversation_initiation_metadata"

    async def test_a_url_may_start_several_conversations(self, server: RunningServer) -> None:
        url, _ = await sign(server, "elevenlabs")
        for _attempt in range(2):
            async with connect(url, proxy=None) as connection:
                assert json.loads(await connection.recv())["type"] == "conversation_initiation_metadata"

    @pytest.mark.parametrize(
        ("provider", "offered", "selected"),
        [
            ("elevenlabs", ["convai"], "convai"),
            ("elevenlabs", ["other"], None),
            ("openai", ["realtime", "openai-insecure-api-key.proxy"], "realtime"),
            ("gemini", ["other"], None),
        ],
    )
    async def test_the_subprotocol_that_an_sdk_insists_on_is_selected(
        self, server: RunningServer, provider: str, offered: list[Any], selected: str | None
    ) -> None:
        url, headers = await sign(server, provider)
        async with connect(url, additional_headers=headers, subprotocols=offered, proxy=None) as connection:
            assert connection.subprotocol == selected

    @pytest.mark.parametrize("slashes", ["/", "//"])
    @pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
    @pytest.mark.parametrize("method", ["BidiGenerateContent", "BidiGenerateContentConstrained"])
    @pytest.mark.parametrize("place", ["x-goog-api-key", "authorization", "key", "access_token"])
    async def test_gemini_sdks_come_by_many_paths(
        self, server: RunningServer, slashes: str, version: str, method: str, place: str
    ) -> None:
        _, headers = await sign(server, "gemini")
        api_key = headers["x-goog-api-key"]
        rpc = f"google.ai.generativelanguage.{version}.GenerativeService.{method}"
        url = f"ws{server.origin.removeprefix('http')}{slashes}ws/{rpc}"
        sent = {"x-goog-api-key": api_key} if place == "x-goog-api-key" else {}
        if place == "authorization":
            sent = {"Authorization": f"Token {api_key}"}
        elif not sent:
            url = f"{url}?{place}={api_key}"
        async with connect(url, additional_headers=sent, proxy=None) as connection:
            await connection.send('{"setup":{"model":"models/gemini-2.5-flash-preview"}}')
            message = await connection.recv()
            assert isinstance(message, bytes)
            assert "setupComplete" in json.loads(message)


class TestRelay:
    @pytest.mark.parametrize("provider", sorted(PATHS))
    async def test_a_provider_that_refuses_is_named_in_the_close_reason(
        self, server: RunningServer, provider: str
    ) -> None:
        wrong = {"elevenlabs": {"api_key": "sk_wrong_secret"}}.get(
            provider, {"ephemeral_token": "wrong_secret"}
        )
        async with await dial(server, provider, **wrong) as connection:
            code, reason = await told(connection)
        # Gemini takes the connection and then closes it itself, with a code and words of its own.
        assert code == (1007 if provider == "gemini" else 1008)
        assert reason
        assert "wrong_secret" not in reason

    @pytest.mark.parametrize("provider", sorted(PATHS))
    async def test_a_provider_that_is_not_there_is_told_at_once(self, provider: str) -> None:
        async with scripted(_never) as origin:
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
    async def test_the_providers_close_reaches_the_app(self, code: int, told_code: int) -> None:
        async def close(upstream: ServerConnection) -> None:
            await upstream.close(code, "because ünd so" * 8)

        async with scripted(close) as origin, serving(origin) as server:
            async with await dial(server, "openai") as connection:
                assert await told(connection) == (told_code, "because ünd so" * 8)

    async def test_a_provider_whose_connection_breaks_is_told_as_an_error(self) -> None:
        async def drop(upstream: ServerConnection) -> None:
            upstream.transport.abort()

        async with scripted(drop) as origin, serving(origin) as server:
            async with await dial(server, "openai") as connection:
                assert (await told(connection))[0] == 1011

    @pytest.mark.parametrize(("code", "told_code"), [(1000, 1000), (1001, 1001), (4007, 4007)])
    async def test_the_apps_close_reaches_the_provider(self, code: int, told_code: int) -> None:
        closed: asyncio.Queue[tuple[int | None, str | None]] = asyncio.Queue()

        async def wait(upstream: ServerConnection) -> None:
            await upstream.wait_closed()
            closed.put_nowait((upstream.close_code, upstream.close_reason))

        async with scripted(wait) as origin, serving(origin) as server:
            connection = await dial(server, "openai")
            await connection.close(code, "had enough")
            async with asyncio.timeout(10):
                assert await closed.get() == (told_code, "had enough")

    async def test_an_app_that_vanishes_is_a_normal_close_to_the_provider(self) -> None:
        closed: asyncio.Queue[int | None] = asyncio.Queue()

        async def wait(upstream: ServerConnection) -> None:
            await upstream.wait_closed()
            closed.put_nowait(upstream.close_code)

        async with scripted(wait) as origin, serving(origin) as server:
            connection = await dial(server, "openai")
            connection.transport.abort()
            async with asyncio.timeout(10):
                assert await closed.get() == 1000

    async def test_an_app_that_leaves_while_the_provider_is_dialled_leaves_nothing_open(self) -> None:
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

    async def test_frames_keep_their_bytes_their_opcode_and_their_order_both_ways(self) -> None:
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

    async def test_nothing_of_the_apps_request_goes_to_the_provider(self) -> None:
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
        self, credential: dict[str, str], method: str, header: str
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

    async def test_a_signed_url_of_a_foreign_host_is_not_dialled(self) -> None:
        async def reply(_connection: ServerConnection, request: Any) -> Any:
            assert "get-signed-url" in request.path
            return _connection.respond(200, json.dumps({"signed_url": "wss://evil.example/v1/convai"}))

        async with serve(_never, "127.0.0.1", 0, process_request=reply) as upstream:
            origin = f"http://127.0.0.1:{next(iter(upstream.sockets)).getsockname()[1]}"
            async with serving(origin) as server, await dial(server, "elevenlabs") as connection:
                assert await told(connection) == (
                    1011, "elevenlabs is unreachable: it answered a signed_url of a foreign host",
                )  # fmt: skip

    async def test_a_configured_voice_is_asked_for_before_the_app_hears_of_the_session(self) -> None:
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


class TestVisemes:
    async def test_unusable_audio_passes_bare_and_is_counted(self) -> None:
        frames = [elevenlabs_metadata("pcm_24000"), *WIRES["elevenlabs"].broken]

        async def speak(upstream: ServerConnection) -> None:
            for frame in frames:
                await upstream.send(frame)
            await upstream.wait_closed()

        async def sign_locally(connection: ServerConnection, request: Any) -> Any:
            if "get-signed-url" not in request.path:
                return None
            host = request.headers["Host"]
            return connection.respond(200, json.dumps({"signed_url": f"ws://{host}/v1/convai/conversation"}))

        async with serve(speak, "127.0.0.1", 0, process_request=sign_locally) as upstream:
            origin = f"http://127.0.0.1:{next(iter(upstream.sockets)).getsockname()[1]}"
            async with serving(origin) as server:
                async with await dial(server, "elevenlabs") as connection:
                    assert [await connection.recv() for _ in frames] == frames
                assert server.counters["chunks_undecodable"] == len(frames) - 1

    async def test_over_budget_the_audio_goes_on_with_an_empty_list_and_is_counted(
        self, providers: Providers
    ) -> None:
        with run_server(providers.origin, viseme_budget_ms=0) as server:
            async with await dial(server, "elevenlabs") as connection:
                payloads = [await _first(connection, "visemes") for _ in range(10)]
            late = server.counters["chunks_late"]
        # With no time at all nearly every prediction is late; one may be as quick as the question whether it is there.
        assert late > 5
        assert [payload["visemes"] for payload in payloads].count([]) > 5
        assert all(payload["audio_duration"] > 0 for payload in payloads)

    async def test_the_same_speech_gives_the_same_visemes(self, server: RunningServer) -> None:
        runs = []
        for _attempt in range(2):
            async with await dial(server, "elevenlabs") as connection:
                runs.append([await _first(connection, "visemes") for _ in range(10)])
        assert runs[0] == runs[1]
        assert sum(len(payload["visemes"]) for payload in runs[0]) > 5


async def test_what_is_logged_holds_no_key_and_no_token(
    providers: Providers, capfd: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    secrets = [API_KEY, SECRET, *(str(value) for config in CONFIGS.values() for value in config.values())]
    secrets.remove(simulators.ELEVENLABS_AGENT_ID)
    try:
        configure_logging()
        with run_server(providers.origin) as server:
            for provider in PATHS:
                url, headers = await sign(server, provider)
                secrets += [*headers.values(), url.partition("token=")[2]]
                async with connect(url, additional_headers=headers, proxy=None) as connection:
                    if provider == "gemini":
                        await connection.send('{"setup":{"model":"models/gemini-2.5-flash-preview"}}')
                    await connection.recv()
                await refused(
                    f"{url}?key={headers['x-goog-api-key']}x" if provider == "gemini" else f"{url}x"
                )
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    printed = "".join(capfd.readouterr())
    assert "provider openai" in printed
    for secret in filter(None, secrets):
        assert secret not in printed


async def test_an_application_that_logs_its_own_way_logs_no_token_either(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url, _ = await sign(server, "elevenlabs")
    async with connect(url, proxy=None) as connection:
        await connection.recv()
    assert "/v1/conversation?token=[redacted]" in caplog.text
    assert url.partition("token=")[2] not in caplog.text


def test_the_server_stops_in_peace_while_an_app_takes_its_time_to_close(
    providers: Providers, tmp_path: Path
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    tls = {"tls_cert": tmp_path / "cert.pem", "tls_key": tmp_path / "key.pem"}
    with ExitStack() as stopped:
        # An exception in its thread is a warning, hence an error.
        server = stopped.enter_context(run_server(providers.origin, **tls))
        host, _, port = server.origin.removeprefix("https://").partition(":")
        with trust.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host) as app:
            request = [
                f"GET /v1/conversation?token={token_for('elevenlabs')} HTTP/1.1",
                f"Host: {host}",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ]
            app.sendall("\r\n".join([*request, "", ""]).encode())
            assert app.recv(4096).startswith(b"HTTP/1.1 101 ")
            masked_close_1000 = b"\x88\x82\x00\x00\x00\x00\x03\xe8"
            app.sendall(masked_close_1000)
            time.sleep(0.2)
            stop = threading.Thread(target=stopped.pop_all().close)
            stop.start()
            time.sleep(0.2)
        stop.join()


async def _never(upstream: ServerConnection) -> None:
    await upstream.wait_closed()


async def _first(connection: Connection, kind: str) -> Any:
    async with asyncio.timeout(10):
        while True:
            message = json.loads(await connection.recv())
            if message["type"] == kind:
                return message
