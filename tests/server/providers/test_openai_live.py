"""GPT-Live: what is asked for, what of it reaches the service, and what is read from its audio."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.apps import first_of, refused, scripted, serving, token_for
from support.servers import API_KEY
from support.wires import b64, live_audio, live_started
from websockets.asyncio.client import connect
from websockets.typing import Origin

from mascot_server import simulators
from mascot_server.http.asyncapi import asyncapi_document
from mascot_server.providers.codec import Audio, AudioFormat, Undecodable
from mascot_server.providers.openai.live.codec import LiveCodec
from mascot_server.simulators.core.voice import answer, chunks

if TYPE_CHECKING:
    from support.servers import Providers, RunningServer
    from websockets.asyncio.server import ServerConnection

    from mascot_server.providers.codec import Event

pytestmark = pytest.mark.anyio

LIVE = {"api": "live", "api_key": simulators.OPENAI_API_KEY}
PATH = "/v1/openai-live/ws"
SPEECH = chunks(answer(2), 24000, "pcm16")[:8]


def start(**session: Any) -> str:
    return json.dumps({"type": "session.start", "session": session})


def url(server: RunningServer, path: str = f"{PATH}/live/sessions", **config: Any) -> str:
    return f"ws{server.origin.removeprefix('http')}{path}?token={token_for('openai', **(config or LIVE))}"


async def ask(server: RunningServer, **config: Any) -> httpx.Response:
    body = {"config": {"provider": "openai", "provider_config": config}}
    async with httpx.AsyncClient(base_url=server.origin) as http:
        return await http.post(
            "/v1/get-signed-url", json=body, headers={"Authorization": f"Bearer {API_KEY}"}
        )


@pytest.mark.parametrize(
    "config", [LIVE, {"model": "gpt-live-1", "api_key": "sk-1"}, {**LIVE, "model": "a-deployment"}]
)
async def test_the_signed_url_is_that_of_the_live_socket(server: RunningServer, config: Any) -> None:
    answer = (await ask(server, **config)).raise_for_status().json()
    assert answer["signed_url"].startswith(f"ws{server.origin.removeprefix('http')}{PATH}?token=")


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"api": "live", "ephemeral_token": "ek_1"}, "GPT-Live does not support ephemeral_token"),
        ({**LIVE, "ephemeral_token": "ek_1"}, "GPT-Live does not support ephemeral_token"),
        ({"model": "gpt-live-1", "ephemeral_token": "ek_1"}, "GPT-Live does not support ephemeral_token"),
        ({"api": "live"}, "api_key is required"),
        ({"api": "realtime", "model": "gpt-live-1", "api_key": "sk-1"}, 'api must be "live"'),
        ({"api": "webrtc", "api_key": "sk-1"}, "api: Input should be 'realtime' or 'live'"),
    ],
)
async def test_what_cannot_work_is_refused_when_asked_for(
    server: RunningServer, config: Any, problem: str
) -> None:
    answer = await ask(server, **config)
    assert answer.status_code == 400
    assert problem in answer.json()["error"]
    assert "ek_1" not in answer.text
    assert "sk-1" not in answer.text


async def test_a_token_opens_the_socket_it_was_asked_for_alone(server: RunningServer) -> None:
    assert await refused(url(server, "/v1/openai-realtime/ws")) == (
        400,
        {"error": f"This token is for {PATH}"},
    )
    realtime = url(server, PATH, ephemeral_token=simulators.OPENAI_EPHEMERAL)
    assert await refused(realtime) == (400, {"error": "This token is for /v1/openai-realtime/ws"})


@pytest.mark.parametrize("kind", ["attach", "fork"])
async def test_sidebands_and_forks_are_not_found(server: RunningServer, kind: str) -> None:
    status, body = await refused(url(server, f"{PATH}/live/sessions/live_1/{kind}"))
    assert status == 404
    assert PATH in body["sockets"]


async def test_the_service_gets_the_key_and_neither_query_nor_origin() -> None:
    seen: list[Any] = []

    async def service(connection: ServerConnection) -> None:
        seen.append(connection.request)
        await connection.wait_closed()

    async with scripted(service) as upstream, serving(upstream) as server:
        async with connect(url(server), origin=Origin("https://page.example"), proxy=None):
            pass
    (request,) = seen
    assert request.path == "/v1/live/sessions"
    assert request.headers["Authorization"] == f"Bearer {simulators.OPENAI_API_KEY}"
    assert "Origin" not in request.headers


@pytest.mark.parametrize(
    ("sent", "reaches"),
    [
        (
            '{"type":"session.start", "session":{"model" : "gpt-live-1","instructions":"Hi"}}',
            '{"type":"session.start", "session":{"model" : "m","instructions":"Hi",'
            '"audio":{"output":{"voice":"sage"}}}}',
        ),
        (
            '{"session":{"audio":{"format":{"type":"audio/pcmu","rate":8000},"output":null}},"type":"session.start"}',
            '{"session":{"audio":{"format":{"type":"audio/pcmu","rate":8000},"output":{"voice":"sage"}},"model":"m"},'
            '"type":"session.start"}',
        ),
        (
            r'{"type":"session\u002estart","session":{"model":"m","audio":{"output":{"voice":{"id":"voice_1"}}}}}',
            r'{"type":"session\u002estart","session":{"model":"m","audio":{"output":{"voice":"sage"}}}}',
        ),
        (
            '{"type":"session.start"}',
            '{"type":"session.start","session":{"model":"m","audio":{"output":{"voice":"sage"}}}}',
        ),
        # The service refuses these.
        ('{"type":"session.start","session":7}', '{"type":"session.start","session":7}'),
        ('{"type":"session.start",', '{"type":"session.start",'),
    ],
)
def test_model_and_voice_are_put_into_the_start_and_nothing_else_changes(sent: str, reaches: str) -> None:
    codec = LiveCodec(model="m", voice="sage")
    assert codec.see_client(sent) == reaches
    assert codec.see_client(sent.encode()) == reaches.encode()


def test_what_is_not_asked_for_is_the_apps_own() -> None:
    frame = start(model="gpt-live-1", audio={"output": {"voice": "marin"}})
    assert LiveCodec().see_client(frame) == frame
    custom = json.loads(str(LiveCodec(voice="voice_7").see_client(frame)))
    assert custom["session"]["audio"]["output"]["voice"] == {"id": "voice_7"}


def test_what_is_sent_in_the_session_passes_unread() -> None:
    codec = LiveCodec(model="m")
    codec.see(live_started())
    for frame in (start(model="other"), json.dumps({"type": "session.input_audio.append", "audio": "AAAA"})):
        assert codec.see_client(frame) == frame


PCMU = {"type": "audio/pcmu", "rate": 8000}
PCM16 = {"type": "audio/pcm", "rate": 16000}


@pytest.mark.parametrize(
    ("asked", "answered", "expected"),
    [
        ({}, {}, AudioFormat("pcm16", 24000)),
        ({"audio": {"format": PCM16}}, {}, AudioFormat("pcm16", 16000)),
        ({"audio": {"format": PCMU}}, {"audio": {"format": PCM16}}, AudioFormat("pcm16", 16000)),
        ({}, {"audio": {"format": PCMU}}, AudioFormat("mulaw", 8000)),
        ({}, {"audio": {"format": {"type": "audio/pcma", "rate": 8000}}}, AudioFormat("alaw", 8000)),
        ({}, {"audio": {"format": {"type": "audio/pcm", "rate": "fast"}}}, AudioFormat("pcm16", 24000)),
        ({}, {"audio": {"format": {"type": "audio/opus"}}}, None),
    ],
)
def test_the_format_is_that_of_the_session(asked: Any, answered: Any, expected: AudioFormat | None) -> None:
    codec = LiveCodec()
    codec.see_client(start(model="gpt-live-1", **asked))
    codec.see(live_started(**answered))
    (event,) = codec.see(live_audio(bytes(480), 1))
    assert (event.format if isinstance(event, Audio) else None) == expected
    assert isinstance(event, Audio | Undecodable)


def test_audio_is_one_stream_counted_by_its_deltas() -> None:
    codec = LiveCodec()
    codec.see(live_started())
    events: list[Event] = []
    for frame in (
        live_audio(bytes(4800), 1),
        json.dumps({"type": "session.output_transcript.delta", "delta": "Hi ", "start_ms": 0, "end_ms": 90}),
        json.dumps({"type": "session.output_audio.delta", "delta": "A*A="}),
        json.dumps({"type": "error", "error": {"type": "moderation", "code": "c", "message": "m"}}),
        live_audio(bytes(4800), 3),
        json.dumps({"type": "session.closed", "reason": "expired"}),
    ):
        events += codec.see(frame)
    first, broken, second = events
    assert isinstance(first, Audio)
    assert isinstance(broken, Undecodable)
    assert isinstance(second, Audio)
    assert (first.event_id, second.event_id) == (1, 3)
    assert first.stream == second.stream
    assert first.real_time


async def test_the_service_is_kept_until_it_confirms_the_end() -> None:
    """An app that leaves right after `session.close` does not take the confirmation from the service."""
    closes: list[int | None] = []
    confirmed = asyncio.Event()

    async def service(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(live_started())
        await connection.recv()
        # The app is gone by now. A connection that is lost ends the session without a confirmation.
        await asyncio.sleep(0.3)
        await connection.send(live_audio(bytes(4800), 1))
        await connection.send(json.dumps({"type": "session.closed", "reason": "close_requested"}))
        confirmed.set()
        await connection.wait_closed()
        closes.append(connection.close_code)

    async with scripted(service) as upstream, serving(upstream) as server:
        async with connect(url(server), proxy=None) as app:
            await app.send(start(model="gpt-live-1"))
            await first_of(app, "session.started")
            await app.send(json.dumps({"type": "session.close"}))
        assert not confirmed.is_set()
        async with asyncio.timeout(5):
            await confirmed.wait()
            while not closes:  # noqa: ASYNC110 - the service has no event for it
                await asyncio.sleep(0.01)
    assert closes == [1000]


async def test_an_app_that_just_leaves_takes_the_service_with_it() -> None:
    closed = asyncio.Event()

    async def service(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(live_started())
        await connection.wait_closed()
        closed.set()

    async with scripted(service) as upstream, serving(upstream) as server:
        async with connect(url(server), proxy=None) as app:
            await app.send(start(model="gpt-live-1"))
            await first_of(app, "session.started")
        async with asyncio.timeout(3):
            await closed.wait()


async def test_a_conversation_with_the_simulated_service(providers: Providers) -> None:
    """Every delta has a payload; that of silence is empty."""
    user = b"".join(chunk.data for chunk in SPEECH) + bytes(2 * 24000 * 3)
    async with (
        serving(providers.origin, viseme_budget_ms=5000) as server,
        connect(url(server), proxy=None) as app,
    ):
        await app.send(start(model="gpt-live-1"))
        assert "audio" not in (await first_of(app, "session.started"))["session"]
        for at in range(0, len(user), 4800):
            await app.send(
                json.dumps({"type": "session.input_audio.append", "audio": b64(user[at : at + 4800])})
            )
        deltas = [await first_of(app, "session.output_audio.delta") for _ in range(len(user) // 4800)]
        await app.send(json.dumps({"type": "session.close"}))
        assert (await first_of(app, "session.closed"))["reason"] == "close_requested"
        await app.wait_closed()
        assert app.close_code == 1000
    payloads = [delta["mascotVisemes"] for delta in deltas]
    assert [payload["audio_event_id"] for payload in payloads] == list(range(1, len(deltas) + 1))
    assert {payload["audio_duration"] for payload in payloads} == {100}
    spoken = [bool(payload["visemes"]) for payload in payloads]
    assert not any(spoken[:10])
    assert any(spoken)


def test_the_socket_is_in_the_description_of_the_sockets() -> None:
    document = asyncapi_document("https://lips.example.com")
    assert document["channels"]["openaiLive"]["address"] == PATH
    assert document["operations"]["openaiLiveSend"]["channel"] == {"$ref": "#/channels/openaiLive"}
    name = document["components"]["schemas"]["openaiLiveAudio"]["properties"]["type"]["const"]
    (event,) = LiveCodec().see(json.dumps({"type": name, "delta": b64(bytes(480))}))
    assert isinstance(event, Audio)
