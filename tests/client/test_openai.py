"""The official OpenAI Realtime connections through the helper, against a scripted server."""

from __future__ import annotations

import base64
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mascot_client import SignedUrl, Visemes, for_openai

from .fakes import AUDIO, BAD_PAYLOADS, PAYLOADS, TOKEN, Socket, SocketServer, b64, socket_server

if TYPE_CHECKING:
    from collections.abc import Iterator

realtime = pytest.importorskip(
    "openai.resources.realtime.realtime", reason="needs the extra mascot-client[openai]"
)

EVENTS = [Visemes.parse(payload) for payload in PAYLOADS]
AUDIO_NAMES = ["response.output_audio.delta", "response.audio.delta", "response.output_audio.delta"]


def audio(name: str, pcm: bytes, **more: object) -> dict[str, object]:
    where = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
    return {"type": name, "event_id": "e", **where, "delta": b64(pcm), **more}


def script(socket: Socket) -> None:
    socket.send({"type": "session.created", "event_id": "e", "session": {"type": "realtime"}})
    assert socket.receive()["type"] == "response.create"
    for bad in BAD_PAYLOADS:
        socket.send(audio("response.output_audio.delta", b"", mascotVisemes=bad))
    socket.send({"type": "of.the.future", "event_id": "e", "value": 1})
    for name, pcm, payload in zip(AUDIO_NAMES, AUDIO, PAYLOADS, strict=True):
        socket.send(audio(name, pcm, mascotVisemes=payload))


@pytest.fixture
def provider() -> Iterator[SocketServer]:
    with socket_server(script) as running:
        yield running


def answer_of(provider: SocketServer) -> SignedUrl:
    return SignedUrl(f"{provider.origin}/v1/openai-realtime/ws?token={TOKEN}")


class Heard:
    def __init__(self) -> None:
        self.audio: list[bytes] = []
        self.visemes: list[Visemes] = []

    def __call__(self, event: Any) -> None:
        if event.type in AUDIO_NAMES and event.delta:
            self.audio.append(base64.b64decode(event.delta))
        visemes = for_openai.visemes(event)
        if visemes is not None:
            self.visemes.append(visemes)


def talk(answer: SignedUrl, **arguments: Any) -> Heard:
    heard = Heard()
    manager = for_openai.connect(answer, **arguments)
    assert isinstance(manager, realtime.RealtimeConnectionManager)
    with manager as connection:
        assert isinstance(connection, realtime.RealtimeConnection)
        connection.response.create()
        for event in connection:
            heard(event)
    return heard


def test_visemes_come_on_the_audio_events(provider: SocketServer) -> None:
    heard = talk(answer_of(provider))
    assert heard.audio == AUDIO
    assert heard.visemes == EVENTS


@pytest.mark.anyio
async def test_async_visemes_come_on_the_audio_events(
    provider: SocketServer, keys_in_environment: str
) -> None:
    heard = Heard()
    manager = for_openai.connect_async(answer_of(provider))
    assert isinstance(manager, realtime.AsyncRealtimeConnectionManager)
    async with manager as connection:
        assert isinstance(connection, realtime.AsyncRealtimeConnection)
        await connection.response.create()
        async for event in connection:
            heard(event)
    assert heard.audio == AUDIO
    assert heard.visemes == EVENTS
    assert keys_in_environment not in provider.connections[0].everything()


def test_the_socket_gets_the_token_and_the_model(provider: SocketServer) -> None:
    talk(answer_of(provider), model="gpt-realtime-mini", extra_query={"trace": "on", "token": "other"})
    parts = urlsplit(provider.connections[0].path)
    assert parts.path == "/v1/openai-realtime/ws/realtime"
    assert parse_qs(parts.query) == {"token": [TOKEN], "model": ["gpt-realtime-mini"], "trace": ["on"]}


def test_no_key_of_the_environment_leaves(provider: SocketServer, keys_in_environment: str) -> None:
    talk(answer_of(provider))
    [seen] = provider.connections
    assert keys_in_environment not in seen.everything()
    assert "openai-organization" not in seen.headers


def test_the_token_is_in_no_log(provider: SocketServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="mascot_client")
    talk(answer_of(provider))
    assert TOKEN not in caplog.text


def test_a_refusal_is_the_sdks_error_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with socket_server(script, refuse=True) as provider, pytest.raises(Exception, match="401") as caught:
        talk(answer_of(provider))
    assert TOKEN not in f"{caught.value!r} {caught.value} {caplog.text}"


@pytest.mark.parametrize("event", [None, object(), {"mascotVisemes": PAYLOADS[0]}])
def test_what_is_no_event_carries_no_visemes(event: object) -> None:
    assert for_openai.visemes(event) is None
