"""The official Gemini Live session through the helper, against a scripted server."""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from mascot_client import ConfigurationError, GeminiCredentials, Visemes, for_gemini

from .fakes import AUDIO, BAD_PAYLOADS, PAYLOADS, TOKEN, Socket, SocketServer, b64, socket_server

if TYPE_CHECKING:
    from collections.abc import Iterator

genai = pytest.importorskip("google.genai", reason="needs the extra mascot-client[gemini]")
live = pytest.importorskip("google.genai.live", reason="needs the extra mascot-client[gemini]")

EVENTS = [Visemes.parse(payload) for payload in PAYLOADS]
KEY = f"mascot_ephemeral_{TOKEN}"
AUDIO_ONLY = genai.types.Modality.AUDIO
MODEL = "gemini-2.5-flash-preview"


def content(*parts: object, **more: object) -> dict[str, object]:
    return {"serverContent": {"modelTurn": {"role": "model", "parts": list(parts)}}, **more}


def audio(pcm: bytes, **more: object) -> dict[str, object]:
    return {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": b64(pcm)}, **more}


def script(socket: Socket) -> None:
    assert "setup" in socket.receive()
    socket.send({"setupComplete": {}}, binary=True)
    socket.receive()
    for bad in BAD_PAYLOADS:
        socket.send(content({"partMetadata": {"mascotVisemes": bad}}), binary=True)
    socket.send(content({"partMetadata": {"other": 1}}), binary=True)
    for pcm, payload in zip(AUDIO[:-1], PAYLOADS[:-1], strict=True):
        part = audio(pcm, partMetadata={"mascotVisemes": payload})
        socket.send(content(part, mascotVisemes=payload), binary=True)
    # Several parts: one payload for all of them, on the first.
    first = audio(AUDIO[-1][:100], partMetadata={"mascotVisemes": PAYLOADS[-1]})
    socket.send(content(first, audio(AUDIO[-1][100:]), mascotVisemes=PAYLOADS[-1]), binary=True)
    socket.send({"serverContent": {"turnComplete": True}}, binary=True)


@pytest.fixture
def provider() -> Iterator[SocketServer]:
    with socket_server(script) as running:
        yield running


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_provider(authority: trustme.CA) -> Iterator[SocketServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with socket_server(script, tls=context) as running:
        yield running


def answer_of(provider: SocketServer) -> GeminiCredentials:
    return GeminiCredentials(KEY, "http" + provider.origin.removeprefix("ws"))


async def talk(answer: GeminiCredentials, **arguments: Any) -> tuple[list[bytes], list[Visemes]]:
    pcm: list[bytes] = []
    events: list[Visemes] = []
    connection = for_gemini.connect(
        answer, model=MODEL, config={"response_modalities": [AUDIO_ONLY]}, **arguments
    )
    async with connection as session:
        assert isinstance(session, live.AsyncSession)
        await session.send_realtime_input(text="hello")
        async for message in session.receive():
            visemes = for_gemini.visemes(message)
            if visemes is not None:
                events.append(visemes)
            if message.data:
                pcm.append(message.data)
    return pcm, events


@pytest.mark.anyio
async def test_visemes_come_with_the_audio_over_plain_http(provider: SocketServer) -> None:
    assert await talk(answer_of(provider)) == (AUDIO, EVENTS)


@pytest.mark.anyio
async def test_visemes_come_with_the_audio_over_tls(
    tls_provider: SocketServer, authority: trustme.CA
) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    assert await talk(answer_of(tls_provider), ssl_context=context) == (AUDIO, EVENTS)


@pytest.mark.anyio
async def test_a_refusal_is_the_sdks_error_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with socket_server(script, refuse=True) as provider, pytest.raises(Exception, match="401") as caught:
        await talk(answer_of(provider))
    assert TOKEN not in f"{caught.value!r} {caught.value} {caplog.text}"


@pytest.mark.anyio
async def test_an_unknown_authority_is_refused(tls_provider: SocketServer) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await talk(answer_of(tls_provider))


@pytest.mark.anyio
async def test_the_server_gets_the_key_and_no_other(provider: SocketServer, keys_in_environment: str) -> None:
    await talk(answer_of(provider))
    [seen] = provider.connections
    assert seen.path.startswith("/ws/google.ai.generativelanguage.v1")
    assert seen.path.endswith(".GenerativeService.BidiGenerateContent")
    assert seen.headers["x-goog-api-key"] == KEY
    assert "gl-python" in seen.headers["x-goog-api-client"]
    assert seen.messages[0]["setup"]["model"] == f"models/{MODEL}"
    assert keys_in_environment not in seen.everything()


@pytest.mark.anyio
async def test_a_client_in_vertex_mode_sends_the_key_and_no_other(
    provider: SocketServer, keys_in_environment: str
) -> None:
    assert await talk(answer_of(provider), vertex=True) == (AUDIO, EVENTS)
    [seen] = provider.connections
    assert seen.path.endswith("LlmBidiService/BidiGenerateContent")
    assert seen.headers["x-goog-api-key"] == KEY
    assert "authorization" not in seen.headers
    assert seen.messages[0]["setup"]["model"] == f"publishers/google/models/{MODEL}"
    assert keys_in_environment not in seen.everything()


@pytest.mark.anyio
async def test_a_path_before_the_socket_is_kept(provider: SocketServer) -> None:
    answer = answer_of(provider)
    await talk(GeminiCredentials(answer.api_key, f"{answer.base_url}/lips/"))
    assert (
        provider.connections[0].path.replace("//", "/").startswith("/lips/ws/google.ai.generativelanguage.")
    )


@pytest.mark.anyio
async def test_the_logs_hold_no_token_and_no_warning_about_visemes(
    provider: SocketServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The SDK gives its warning once in a process; an earlier test may have used it up.
    monkeypatch.setattr("google.genai.types._live_server_data_warning_logged", False, raising=False)
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="mascot_client")
    await talk(answer_of(provider))
    assert TOKEN not in caplog.text
    assert "non-data parts" not in caplog.text


def test_other_warnings_of_the_sdk_still_come(
    caplog: pytest.LogCaptureFixture, provider: SocketServer
) -> None:
    for_gemini.client(answer_of(provider))
    logger = logging.getLogger("google_genai.types")
    kept = "Warning: there are non-data parts in the response: ['part_metadata', 'text'], returning …"
    logger.warning(kept)
    logger.warning("Warning: there are non-data parts in the response: ['part_metadata', 'part_metadata'], …")
    assert [record.getMessage() for record in caplog.records] == [kept]


def test_the_client_is_the_sdks() -> None:
    client = for_gemini.client(GeminiCredentials(KEY, "https://lips.example.com"))
    assert isinstance(client, genai.Client)
    assert not client.vertexai
    assert TOKEN not in repr(client)


def test_an_sdk_that_cannot_be_led_to_plain_http_is_named(
    provider: SocketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("google.genai._api_client.BaseApiClient._websocket_base_url")
    with pytest.raises(ConfigurationError, match="supports https only"):
        for_gemini.client(answer_of(provider))


@pytest.mark.parametrize("message", [None, object()])
def test_what_is_no_message_carries_no_visemes(message: object) -> None:
    assert for_gemini.visemes(message) is None
