"""The official ElevenLabs conversations through the helper, against a scripted server."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, Any

import pytest

from mascot_client import SignedUrl, VisemeEvent, VisemeFeed, Visemes, for_elevenlabs

from .fakes import AUDIO, BAD_PAYLOADS, PAYLOADS, TOKEN, Socket, SocketServer, b64, socket_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

sdk = pytest.importorskip(
    "elevenlabs.conversational_ai.conversation", reason="needs the extra mascot-client[elevenlabs]"
)

EVENTS = [Visemes.parse(payload) for payload in PAYLOADS]
IN_ORDER = [item for pair in zip(EVENTS, AUDIO, strict=True) for item in pair]


def script_until_audio(socket: Socket) -> None:
    assert socket.receive()["type"] == "conversation_initiation_client_data"
    socket.send(
        {
            "type": "conversation_initiation_metadata",
            "conversation_initiation_metadata_event": {
                "conversation_id": "conv_1",
                "agent_output_audio_format": "pcm_24000",
                "user_input_audio_format": "pcm_16000",
            },
        }
    )
    for bad in BAD_PAYLOADS:
        socket.send({"type": "visemes", **(bad if isinstance(bad, dict) else {"visemes": bad})})
    socket.send({"type": "of_the_future", "value": 1})
    for number, (pcm, payload) in enumerate(zip(AUDIO, PAYLOADS, strict=True), start=1):
        socket.send({"type": "visemes", **payload})
        socket.send({"type": "audio", "audio_event": {"audio_base_64": b64(pcm), "event_id": number}})


def script(socket: Socket) -> None:
    script_until_audio(socket)
    socket.send({"type": "ping", "ping_event": {"event_id": 7}})
    assert socket.receive() == {"type": "pong", "event_id": 7}


@pytest.fixture
def provider() -> Iterator[SocketServer]:
    with socket_server(script) as running:
        yield running


def answer_of(provider: SocketServer) -> SignedUrl:
    return SignedUrl(f"{provider.origin}/v1/conversation?token={TOKEN}")


class Speaker(sdk.AudioInterface):  # type: ignore[misc, name-defined]
    def __init__(self, heard: list[object]) -> None:
        self.heard = heard

    def start(self, input_callback: Callable[[bytes], None]) -> None:
        pass

    def stop(self) -> None:
        pass

    def output(self, audio: bytes) -> None:
        self.heard.append(audio)

    def interrupt(self) -> None:
        pass


class AsyncSpeaker(sdk.AsyncAudioInterface):  # type: ignore[misc, name-defined]
    def __init__(self, heard: list[object]) -> None:
        self.heard = heard

    async def start(self, input_callback: Callable[[bytes], Awaitable[None]]) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def output(self, audio: bytes) -> None:
        self.heard.append(audio)

    async def interrupt(self) -> None:
        pass


def talk(answer: SignedUrl, on_visemes: Callable[[Visemes], object], heard: list[object]) -> Any:
    conversation = for_elevenlabs.connect(
        answer,
        agent_id="agent_1",
        on_visemes=on_visemes,
        audio_interface=Speaker(heard),
    )
    assert isinstance(conversation, sdk.Conversation)
    conversation.start_session()
    assert conversation.wait_for_session_end() == "conv_1"
    return conversation


async def talk_async(answer: SignedUrl, on_visemes: Callable[[Visemes], Any], heard: list[object]) -> None:
    conversation = for_elevenlabs.connect_async(
        answer, agent_id="agent_1", on_visemes=on_visemes, audio_interface=AsyncSpeaker(heard)
    )
    assert isinstance(conversation, sdk.AsyncConversation)
    await conversation.start_session()
    assert await asyncio.wait_for(conversation.wait_for_session_end(), 5) == "conv_1"


def test_visemes_come_just_before_the_audio_they_describe(provider: SocketServer) -> None:
    heard: list[object] = []
    talk(answer_of(provider), heard.append, heard)
    assert heard == IN_ORDER
    assert EVENTS[0].visemes == (VisemeEvent(4, 0), VisemeEvent(18, 11))


@pytest.mark.anyio
async def test_async_visemes_to_a_function(provider: SocketServer) -> None:
    heard: list[object] = []
    await talk_async(answer_of(provider), heard.append, heard)
    assert heard == IN_ORDER


@pytest.mark.anyio
async def test_async_visemes_to_a_coroutine_function(provider: SocketServer) -> None:
    heard: list[object] = []

    async def on_visemes(visemes: Visemes) -> None:
        await asyncio.sleep(0)
        heard.append(visemes)

    await talk_async(answer_of(provider), on_visemes, heard)
    assert heard == IN_ORDER


def interrupting(socket: Socket) -> None:
    script_until_audio(socket)
    # The SDK takes numbers as text too.
    socket.send({"type": "interruption", "interruption_event": {"event_id": "2"}})
    # Still on its way when the user spoke: the SDK plays it no more.
    socket.send({"type": "visemes", **PAYLOADS[0]})
    socket.send({"type": "audio", "audio_event": {"audio_base_64": b64(AUDIO[0]), "event_id": 1}})
    socket.send({"type": "visemes", **PAYLOADS[2]})
    socket.send({"type": "audio", "audio_event": {"audio_base_64": b64(AUDIO[2]), "event_id": 3}})
    socket.send({"type": "ping", "ping_event": {"event_id": 8}})
    socket.receive()


def test_an_interruption_clears_the_feed() -> None:
    seen: list[object] = []
    heard: list[object] = []
    feed = VisemeFeed(on_visemes=seen.append, on_interrupted=lambda: seen.append("interrupted"))
    with socket_server(interrupting) as provider:
        talk(answer_of(provider), feed, heard)
    assert seen == [*EVENTS, "interrupted", EVENTS[2]]
    assert heard == [*AUDIO, AUDIO[2]]
    feed.close()
    assert list(feed) == [EVENTS[2]]


@pytest.mark.anyio
async def test_an_interruption_clears_the_feed_on_asyncio() -> None:
    feed = VisemeFeed()
    with socket_server(interrupting) as provider:
        await talk_async(answer_of(provider), feed, [])
    feed.close()
    assert [payload async for payload in feed] == [EVENTS[2]]


def test_the_socket_gets_the_token_and_no_key(provider: SocketServer, keys_in_environment: str) -> None:
    talk(answer_of(provider), lambda _visemes: None, [])
    [seen] = provider.connections
    assert seen.path.startswith(f"/v1/conversation?token={TOKEN}")
    assert "authorization" not in seen.headers
    assert keys_in_environment not in seen.everything()


@pytest.mark.anyio
async def test_one_answer_starts_several_conversations(provider: SocketServer) -> None:
    heard: list[object] = []
    for _ in range(2):
        await talk_async(answer_of(provider), heard.append, heard)
    assert heard == [*IN_ORDER, *IN_ORDER]


def test_a_failing_callback_does_not_end_the_call(
    provider: SocketServer, caplog: pytest.LogCaptureFixture
) -> None:
    def on_visemes(_visemes: Visemes) -> None:
        raise RuntimeError("no face")

    heard: list[object] = []
    talk(answer_of(provider), on_visemes, heard)
    assert heard == AUDIO
    assert [record.getMessage() for record in caplog.records if record.name.startswith("mascot_client")] == [
        "on_visemes failed; the conversation continues"
    ] * len(PAYLOADS)


@pytest.mark.anyio
async def test_a_failing_coroutine_does_not_end_the_call(provider: SocketServer) -> None:
    async def on_visemes(_visemes: Visemes) -> None:
        await asyncio.sleep(0)
        raise RuntimeError("no face")

    heard: list[object] = []
    await talk_async(answer_of(provider), on_visemes, heard)
    assert heard == AUDIO


def test_the_token_is_in_no_log(provider: SocketServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="mascot_client")
    conversation = talk(answer_of(provider), lambda _visemes: None, [])
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(conversation)


# Older versions of the SDK let the error end their thread; newer ones log it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_refusal_ends_the_session_and_logs_no_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    heard: list[object] = []
    with socket_server(script, refuse=True) as provider:
        conversation: Any = for_elevenlabs.connect(
            answer_of(provider), agent_id="agent_1", on_visemes=heard.append, audio_interface=Speaker(heard)
        )
        conversation.start_session()
        conversation.wait_for_session_end()
    assert heard == []
    assert TOKEN not in caplog.text


@pytest.mark.skipif(
    inspect.signature(sdk.Conversation).parameters["audio_interface"].default is inspect.Parameter.empty,
    reason="this version of the SDK has no text-only conversations",
)
def test_a_text_only_conversation_has_visemes_too(provider: SocketServer) -> None:
    payloads: list[Visemes] = []
    conversation: Any = for_elevenlabs.connect(
        answer_of(provider), agent_id="agent_1", on_visemes=payloads.append
    )
    conversation.start_session()
    conversation.wait_for_session_end()
    assert payloads == EVENTS


def test_a_warning_tells_of_an_sdk_without_the_hook(
    provider: SocketServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Stands for an SDK that has renamed the method.
    monkeypatch.delattr(sdk.Conversation, "_handle_message")
    for_elevenlabs.connect(
        answer_of(provider), agent_id="agent_1", on_visemes=print, audio_interface=Speaker([])
    )
    assert "the conversation works, but without visemes" in caplog.text
