"""`POST /v1/visemes-audio` and `GET /v1/voices`."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.rest import AUTHORIZED, events, visemes
from support.servers import Providers, RunningServer, run_server

import mascot_visemes
from mascot_server import simulators
from mascot_server.http.rest.synthesis_request import parse_speech_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

PATH = "/v1/visemes-audio"
TEXT = "Hello there. This is a test of two sentences."
LOCAL = {"text": TEXT, "voice": "en-us"}
ELEVENLABS = {
    "text": TEXT,
    "voice": simulators.ELEVENLABS_VOICE_ID,
    "tts_engine": "elevenlabs",
    "tts_api_key": simulators.ELEVENLABS_API_KEY,
}
CARTESIA = {
    "text": TEXT,
    "voice": simulators.CARTESIA_VOICE_ID,
    "tts_engine": "cartesia",
    "tts_api_key": simulators.CARTESIA_API_KEY,
}
ENGINES = {"mascotbot-tts": LOCAL, "elevenlabs": ELEVENLABS, "cartesia": CARTESIA}


@pytest.fixture(params=sorted(ENGINES))
def asked(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A request for each engine in turn."""
    return ENGINES[request.param]


def pcm(found: list[Any]) -> bytes:
    return b"".join(base64.b64decode(event["data"]) for event in found if event["type"] == "audio")


def test_audio_and_visemes_in_turn(client: httpx.Client, asked: dict[str, Any]) -> None:
    response = client.post(PATH, json=asked)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    found = events(response.text)
    assert [event["type"] for event in found] == ["audio", "visemes"] * (len(found) // 2)
    for n, (audio, shapes) in enumerate(zip(found[::2], found[1::2], strict=True)):
        assert list(audio) == ["type", "data", "sample_rate", "sequence", "chunk_duration_ms"]
        assert list(shapes) == [
            "type", "visemes", "chunk_duration_ms", "audio_sequence", "viseme_sequence",
        ]  # fmt: skip
        assert (audio["sequence"], shapes["audio_sequence"]) == (n, n)
        assert shapes["viseme_sequence"] == f"{n + 1}/{n + 1}"
        assert audio["chunk_duration_ms"] == shapes["chunk_duration_ms"]
        start = 240 * n
        assert all(
            start <= each["offset"] <= start + audio["chunk_duration_ms"] for each in shapes["visemes"]
        )
    assert {event["chunk_duration_ms"] for event in found[:-2]} == {240}
    assert 0 < found[-1]["chunk_duration_ms"] <= 240


def test_visemes_are_those_of_the_audio(client: httpx.Client, asked: dict[str, Any]) -> None:
    for model in ("default", "indonesian"):
        found = events(client.post(PATH, json={**asked, "model": model}).text)
        stream = mascot_visemes.load(model).create_stream(sample_rate=found[0]["sample_rate"])
        expected = []
        for audio in found[::2]:
            expected += stream.accept_waveform(base64.b64decode(audio["data"]))
        expected += stream.input_finished()
        assert visemes(found) == [{"visemeId": event.viseme, "offset": event.time_ms} for event in expected]
        assert len(expected) > 5


def test_the_same_text_sounds_the_same(client: httpx.Client) -> None:
    first, second = (pcm(events(client.post(PATH, json=LOCAL).text)) for _ in range(2))
    assert first == second


def test_speed_and_voice_count(client: httpx.Client) -> None:
    def seconds(**change: Any) -> float:
        found = events(client.post(PATH, json={**LOCAL, **change}).text)
        return float(len(pcm(found)) / 2 / found[0]["sample_rate"])

    normal = seconds()
    assert seconds(speed=2) < 0.7 * normal
    assert seconds(speed=0.5) > 1.5 * normal
    assert seconds(voice="id", model="indonesian") != normal


def test_text_is_never_markup_nor_cut_short(client: httpx.Client) -> None:
    spoken = {}
    for text in ("one <break time='9s'/> two", "one\0two three four five six", "[[h@l'oU]] you", "-v id"):
        found = events(client.post(PATH, json={**LOCAL, "text": text}).text)
        spoken[text] = len(pcm(found)) / 2 / found[0]["sample_rate"]
    assert all(0.3 < seconds < 5 for seconds in spoken.values())
    assert spoken["one\0two three four five six"] > 1.2


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "Missing required fields: text and voice"),
        ({"text": "x"}, "Missing required fields: text and voice"),
        ({"voice": "en-us"}, "Missing required fields: text and voice"),
        ({"text": " ", "voice": "en-us"}, "Missing required fields: text and voice"),
        ({"text": None, "voice": "en-us"}, "Missing required fields: text and voice"),
        (
            {**ELEVENLABS, "tts_api_key": ""},
            "Missing required fields: text, voice, and tts_api_key for elevenlabs",
        ),
        (
            {"text": "x", "voice": "y", "tts_engine": "cartesia"},
            "Missing required fields: text, voice, and tts_api_key for cartesia",
        ),
        ({**LOCAL, "text": 7}, "text: must be text"),
        ({**LOCAL, "voice": ["en-us"]}, "voice: must be text"),
        ({**LOCAL, "text": "x" * 5001}, "text: must be 5000 characters or fewer, not 5001"),
        ({**LOCAL, "voice": "nobody"}, "Invalid voice ID specified"),
        ({**LOCAL, "voice": "../en-us"}, "Invalid voice ID specified"),
        ({**ELEVENLABS, "voice": "nobody"}, "Invalid voice ID specified"),
        ({**ELEVENLABS, "voice": "../../v1/user"}, "Invalid voice ID specified"),
        ({**ELEVENLABS, "voice": "a?b=c"}, "Invalid voice ID specified"),
        ({**CARTESIA, "voice": "nobody"}, "Invalid voice ID specified"),
        ({**ELEVENLABS, "tts_api_key": "wrong"}, "tts_api_key: elevenlabs rejected it with HTTP 401"),
        ({**CARTESIA, "tts_api_key": "wrong"}, "tts_api_key: cartesia rejected it with HTTP 401"),
        ({**ELEVENLABS, "tts_api_key": "a\r\nx: y"}, "tts_api_key: must be 1 to 2048 printable ASCII"),
        (
            {**ELEVENLABS, "tts_api_key": "sk_your_key"},
            "tts_api_key: is a placeholder from the documentation",
        ),
        ({**ELEVENLABS, "speed": 2}, "speed: must be from 0.7 to 1.2 for elevenlabs"),
        ({**CARTESIA, "speed": 0.5}, "speed: must be from 0.6 to 1.5 for cartesia"),
        ({**LOCAL, "speed": 2.1}, "speed: must be a number from 0.5 to 2.0"),
        ({**LOCAL, "speed": "fast"}, "speed: must be a number from 0.5 to 2.0"),
        ({**LOCAL, "speed": True}, "speed: must be a number from 0.5 to 2.0"),
        ({**LOCAL, "tts_engine": "openai"}, "tts_engine: must be one of mascotbot-tts, elevenlabs, cartesia"),
        ({**LOCAL, "tts_engine": {}}, "tts_engine: must be one of"),
        ({**LOCAL, "model": "klingon"}, "model: must be one of default, indonesian"),
    ],
)
def test_bad_requests_say_what_is_wrong(client: httpx.Client, fields: dict[str, Any], error: str) -> None:
    response = client.post(PATH, json=fields)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    assert response.json()["error"].startswith(error)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"text": "\\ud800", "voice": "en-us"}', b"NaN"]
)
def test_a_body_of_another_kind(client: httpx.Client, body: bytes) -> None:
    response = client.post(PATH, content=body)
    assert response.status_code == 400
    assert response.json()["error"].startswith("Invalid request: the body is not")


def test_a_body_too_long(client: httpx.Client) -> None:
    response = client.post(PATH, content=bytes(200_000))
    assert (response.status_code, list(response.json())) == (413, ["error"])


def test_who_may_not_and_how_not(client: httpx.Client, server: RunningServer) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        for method, path in (("POST", PATH), ("GET", "/v1/voices")):
            response = httpx.request(method, server.origin + path, headers=headers)
            assert (response.status_code, response.json()) == (401, {"error": "Invalid API key"})
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        response = client.request(method, PATH)
        assert response.status_code == 405
        assert response.json() == {"error": "Method not allowed. Use POST with JSON body."}
        assert "POST" in response.headers["allow"]


def test_voices_are_listed_and_can_be_asked_for(client: httpx.Client) -> None:
    voices = client.get("/v1/voices").json()["voices"]
    assert {"id": "en-us", "name": "English (America)", "language": "en-us", "gender": "male"} in voices
    assert {"id", "id+f3"} <= {voice["id"] for voice in voices}
    ids = [voice["id"] for voice in voices]
    assert len(ids) == len(set(ids)) > 200
    for voice in (ids[0], "id+f3", ids[-1]):
        assert client.post(PATH, json={"text": "1 2", "voice": voice}).status_code == 200


def test_the_first_audio_comes_before_the_text_is_spoken(providers: Providers) -> None:
    with run_server(providers.origin) as server, httpx.Client(headers=AUTHORIZED, timeout=20) as client:
        began = time.monotonic()
        long = {**LOCAL, "text": "This is one more sentence. " * 80}
        with client.stream("POST", server.origin + PATH, json=long) as response:
            times = [time.monotonic() - began for line in response.iter_lines() if line]
    assert times[0] < 0.5 * times[-1]


@asynccontextmanager
async def upstream(
    speak: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """Run a service that answers each request with ``speak``."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await speak(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1")
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def serving(origin: str) -> AsyncIterator[str]:
    """Our server in front of it, which is stopped without blocking this loop."""
    running = run_server(origin, cartesia_url=origin)
    server = await asyncio.to_thread(running.__enter__)
    try:
        yield server.origin
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: audio/pcm\r\ntransfer-encoding: chunked\r\n\r\n"
SECOND = b"7d00\r\n" + bytes(32000) + b"\r\n"


@pytest.mark.anyio
async def test_a_client_that_goes_ends_the_request_behind() -> None:
    ended = asyncio.Event()

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        try:
            while True:
                writer.write(SECOND)
                await writer.drain()
                await asyncio.sleep(0.02)
        finally:
            ended.set()

    async with upstream(speak) as origin, serving(origin) as server, httpx.AsyncClient() as client:
        async with client.stream("POST", server + PATH, json=CARTESIA, headers=AUTHORIZED) as response:
            assert response.status_code == 200
            async for _ in response.aiter_lines():
                break
        async with asyncio.timeout(5):
            await ended.wait()


@pytest.mark.anyio
async def test_a_client_that_goes_before_there_is_anything_ends_it_too() -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def speak(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        asked.set()
        while await reader.read(1000):
            pass
        ended.set()

    async with upstream(speak) as origin, serving(origin) as server, httpx.AsyncClient() as client:
        request = asyncio.ensure_future(client.post(server + PATH, json=ELEVENLABS, headers=AUTHORIZED))
        async with asyncio.timeout(5):
            await asked.wait()
            request.cancel()
            await ended.wait()


@pytest.mark.anyio
async def test_a_service_that_breaks_off_is_told_in_the_stream() -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + SECOND)
        await writer.drain()

    async with upstream(speak) as origin, serving(origin) as server, httpx.AsyncClient() as client:
        response = await client.post(server + PATH, json=ELEVENLABS, headers=AUTHORIZED)
    found = events(response.text)
    assert response.status_code == 200
    assert found[-1] == {
        "type": "error",
        "error": "elevenlabs stopped during the response: RemoteProtocolError",
    }
    assert [event["type"] for event in found[:4]] == ["audio", "visemes", "audio", "visemes"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", 502, "cartesia answered HTTP 500"),
        (b"HTTP/1.1 429 No\r\ncontent-length: 0\r\n\r\n", 502, "cartesia answered HTTP 429"),
        (
            b"HTTP/1.1 302 There\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            502,
            "cartesia answered HTTP 302, a redirect, which is not followed",
        ),
        (b"nonsense\r\n\r\n", 502, "cartesia is unreachable: RemoteProtocolError"),
        (HEAD + b"0\r\n\r\n", 400, "text: contains nothing to speak"),
        (
            b"HTTP/1.1 400 No\r\ncontent-length: 15\r\n\r\nvoice_not_found",
            400,
            "Invalid voice ID specified",
        ),
    ],
)
async def test_services_that_do_not_speak(answer: bytes, status: int, error: str) -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    async with upstream(speak) as origin, serving(origin) as server, httpx.AsyncClient() as client:
        response = await client.post(server + PATH, json=CARTESIA, headers=AUTHORIZED)
    assert (response.status_code, response.json()) == (status, {"error": error})


def test_no_key_is_logged_or_answered(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = "a-key-of-the-caller"
    for body in (ELEVENLABS, CARTESIA):
        assert key not in client.post(PATH, json={**body, "tts_api_key": key}).text
        assert client.post(PATH, json=body).status_code == 200
        assert body["tts_api_key"] not in caplog.text
    assert key not in caplog.text
    assert key not in repr(parse_speech_request(json.dumps({**ELEVENLABS, "tts_api_key": key}).encode()))


def test_what_is_asked_of_the_services() -> None:
    """Hosts and paths come from the settings, keys travel in headers alone."""

    async def run() -> list[dict[str, Any]]:
        requests = []

        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            requests.append(json.loads(await reader.readuntil(b"}}")))
            writer.write(HEAD + SECOND + b"0\r\n\r\n")
            await writer.drain()

        async with upstream(speak) as origin, serving(origin) as server, httpx.AsyncClient() as client:
            for body in (ELEVENLABS, CARTESIA):
                await client.post(
                    server + PATH, json={**body, "speed": 1.1, "model": "indonesian"}, headers=AUTHORIZED
                )
        return requests

    elevenlabs, cartesia = asyncio.run(run())
    assert elevenlabs == {"text": TEXT, "model_id": "eleven_flash_v2_5", "voice_settings": {"speed": 1.1}}
    assert (cartesia["transcript"], cartesia["language"]) == (TEXT, "id")
    assert simulators.CARTESIA_API_KEY not in json.dumps(cartesia)


@pytest.mark.parametrize("command", ["\x0180S", "\x010A", "\x01200B"])
def test_commands_of_the_synthesiser_are_text(client: httpx.Client, command: str) -> None:
    found = [
        pcm(events(client.post(PATH, json={**LOCAL, "text": f"{first}{command[1:]} hello"}).text))
        for first in ("\x01", " ")
    ]
    assert found[0] == found[1]


def test_speech_that_is_too_long(providers: Providers) -> None:
    with run_server(providers.origin, max_speech_seconds=1) as server:
        answer = httpx.post(
            f"{server.origin}{PATH}", json={**LOCAL, "text": TEXT * 5}, headers=AUTHORIZED, timeout=20
        )
    *made, last = events(answer.text)
    assert len(pcm(made)) <= 22050 * 2
    assert last == {
        "type": "error",
        "error": "text: the speech is longer than 1 seconds (MASCOT_MAX_SPEECH_SECONDS); send it in parts",
    }
