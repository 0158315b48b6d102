"""Unmodified official SDKs: through the server they get what they get from the provider itself, and visemes."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from anyio import to_thread
from elevenlabs import ElevenLabs
from elevenlabs.conversational_ai.conversation import (
    AsyncAudioInterface,
    AsyncConversation,
    AudioInterface,
    Conversation,
    ConversationInitiationData,
)
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials
from openai import AsyncOpenAI, OpenAI
from support.servers import API_KEY
from websockets.exceptions import InvalidStatus

from mascot_server import simulators
from mascot_server.simulators.core.voice import answer, chunks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support.servers import Providers, RunningServer

    from .conftest import Stage

pytestmark = pytest.mark.anyio

QUESTIONS = ["What can you do?", "And when does it leave?"]
PATIENCE = 20.0

Events = list[Any]


def sign(server: RunningServer, config: dict[str, Any], *, verify: Any = True) -> Any:
    """Asks for a signed URL as any HTTP client would."""
    response = httpx.post(
        f"{server.origin}/v1/get-signed-url",
        json={"config": config},
        headers={"Authorization": f"Bearer {API_KEY}"},
        verify=verify,
    )
    return response.raise_for_status().json()


def sent_since(providers: Providers, count: int) -> list[bytes]:
    """The audio that a simulator says it sent after the first `count` messages."""
    return [message.pcm for message in providers.sent[count:]]


def microphone(sample_rate: int) -> bytes:
    """A user's sentence and the silence after it, as PCM."""
    speech = b"".join(chunk.data for chunk in chunks(answer(2), sample_rate, "pcm16"))
    return speech[: sample_rate * 2 * 2] + bytes(sample_rate * 2)


# ElevenLabs ---------------------------------------------------------------------------------------------------


class Speaker(AudioInterface):
    """Notes what there is to play, and says once what the user says."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self.microphone: Callable[[bytes], None] = lambda _: None

    def start(self, input_callback: Callable[[bytes], None]) -> None:
        self.microphone = input_callback

    def stop(self) -> None:
        """Nothing runs."""

    def output(self, audio: bytes) -> None:
        self.events.append(("audio", audio))

    def interrupt(self) -> None:
        self.events.append(("interrupt",))


class AsyncSpeaker(AsyncAudioInterface):
    """The same for asyncio."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self.microphone: Callable[[bytes], Awaitable[None]] | None = None

    async def start(self, input_callback: Callable[[bytes], Awaitable[None]]) -> None:
        self.microphone = input_callback

    async def stop(self) -> None:
        """Nothing runs."""

    async def output(self, audio: bytes) -> None:
        self.events.append(("audio", audio))

    async def interrupt(self) -> None:
        self.events.append(("interrupt",))


def elevenlabs_client(stage: Stage, agent_id: str, *, through_server: bool) -> ElevenLabs:
    if not through_server:
        return ElevenLabs(base_url=stage.providers.origin, api_key=simulators.ELEVENLABS_API_KEY)
    config = {"api_key": simulators.ELEVENLABS_API_KEY, "agent_id": agent_id}
    signed_url = sign(stage.server, {"provider": "elevenlabs", "provider_config": config})["signed_url"]
    # The SDK asks its HTTP client for a signed URL; this one has it already.
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"signed_url": signed_url}))
    return ElevenLabs(api_key="unused", httpx_client=httpx.Client(transport=transport))


def settle(events: Events, count: int) -> None:
    """Waits for events beyond the first `count`, and then for a while without any."""
    deadline = time.monotonic() + PATIENCE
    last, since = count, time.monotonic()
    while last == count or time.monotonic() - since < 0.3:
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.02)
        if len(events) != last:
            last, since = len(events), time.monotonic()


def elevenlabs_conversation(stage: Stage, agent_id: str, *, through_server: bool) -> Events:
    events: Events = []
    speaker = Speaker(events)
    conversation = Conversation(
        elevenlabs_client(stage, agent_id, through_server=through_server),
        agent_id,
        requires_auth=True,
        audio_interface=speaker,
        config=ConversationInitiationData(dynamic_variables={"user_name": "Ada"}),
        callback_agent_response=lambda text: events.append(("response", text)),
        callback_user_transcript=lambda text: events.append(("user", text)),
        callback_agent_response_correction=lambda old, new: events.append(("correction", old, new)),
    )
    conversation.start_session()
    settle(events, 0)
    for question in QUESTIONS:
        count = len(events)
        conversation.send_user_message(question)
        settle(events, count)
    count = len(events)
    speaker.microphone(microphone(16000))
    settle(events, count)
    conversation.end_session()
    conversation.wait_for_session_end()
    return events


@pytest.mark.parametrize(
    "voice",
    [
        "",
        *(f"_pcm_{rate}" for rate in (8000, 16000, 22050, 24000, 44100, 48000)),
        "_ulaw_8000",
        "_newer",
        "_queue",
    ],
)
def test_elevenlabs_conversations_are_the_same_through_the_server(stage: Stage, voice: str) -> None:
    agent_id = simulators.ELEVENLABS_AGENT_ID + voice
    direct = elevenlabs_conversation(stage, agent_id, through_server=False)
    count = len(stage.providers.sent)
    through = elevenlabs_conversation(stage, agent_id, through_server=True)
    assert [event[1] for event in through if event[0] == "audio"] == sent_since(stage.providers, count)
    assert through == direct
    assert {event[0] for event in through} >= {"audio", "response", "user"}


async def test_elevenlabs_asyncio_conversations_too(stage: Stage) -> None:
    heard = {}
    for through_server in (False, True):
        count = len(stage.providers.sent)
        events: Events = []
        conversation = AsyncConversation(
            elevenlabs_client(stage, simulators.ELEVENLABS_AGENT_ID, through_server=through_server),
            simulators.ELEVENLABS_AGENT_ID,
            requires_auth=True,
            audio_interface=AsyncSpeaker(events),
        )
        await conversation.start_session()
        await to_thread.run_sync(settle, events, 0)
        await conversation.end_session()
        await conversation.wait_for_session_end()
        heard[through_server] = events
        assert [event[1] for event in events] == sent_since(stage.providers, count)
    assert heard[True] == heard[False]


# OpenAI -------------------------------------------------------------------------------------------------------


def openai_target(stage: Stage, *, through_server: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The client's arguments and the query to connect with."""
    if not through_server:
        origin = f"ws{stage.providers.origin.removeprefix('http')}"
        return {"websocket_base_url": f"{origin}/v1", "api_key": simulators.OPENAI_API_KEY}, {}
    config = {"api_key": simulators.OPENAI_API_KEY, "model": "gpt-realtime-2.1"}
    url = httpx.URL(sign(stage.server, {"provider": "openai", "provider_config": config})["signed_url"])
    return {"websocket_base_url": str(url.copy_with(query=None)), "api_key": "mascot"}, dict(url.params)


FORMATS = [{"type": "audio/pcm", "rate": 24000}, {"type": "audio/pcmu"}, {"type": "audio/pcma"}]


async def openai_conversation(stage: Stage, audio_format: dict[str, Any], *, through_server: bool) -> Events:
    client, query = openai_target(stage, through_server=through_server)
    events: Events = []
    async with AsyncOpenAI(**client) as official:
        async with official.realtime.connect(model="gpt-realtime-2.1", extra_query=query) as connection:
            session: Any = {"type": "realtime", "audio": {"output": {"format": audio_format}}}
            await connection.session.update(session=session)
            for question in QUESTIONS:
                content = [{"type": "input_text", "text": question}]
                item: Any = {"type": "message", "role": "user", "content": content}
                await connection.conversation.item.create(item=item)
                await connection.response.create()
                await _openai_response(connection, events)
            for start in range(0, len(speech := microphone(24000)), 9600):
                audio = base64.b64encode(speech[start : start + 9600]).decode()
                await connection.input_audio_buffer.append(audio=audio)
            await _openai_response(connection, events)
    return events


async def _openai_response(connection: Any, events: Events) -> None:
    async for event in connection:
        events.append((type(event).__name__, event.to_dict()))
        if event.type == "response.done":
            return


@pytest.mark.parametrize("audio_format", FORMATS, ids=["pcm", "mulaw", "alaw"])
async def test_openai_sessions_are_the_same_through_the_server(
    stage: Stage, audio_format: dict[str, Any]
) -> None:
    direct = await openai_conversation(stage, audio_format, through_server=False)
    count = len(stage.providers.sent)
    through = await openai_conversation(stage, audio_format, through_server=True)
    deltas = [event for _, event in through if event["type"] == "response.output_audio.delta"]
    assert [base64.b64decode(delta["delta"]) for delta in deltas] == sent_since(stage.providers, count)
    payloads = [delta.pop("mascotVisemes") for delta in deltas]
    assert through == direct
    check_payloads(payloads, [len(base64.b64decode(delta["delta"])) for delta in deltas], audio_format)


def check_payloads(payloads: list[Any], sizes: list[int], audio_format: dict[str, Any]) -> None:
    bytes_per_ms = 48 if audio_format["type"] == "audio/pcm" else 8
    shown = 0
    for payload, size in zip(payloads, sizes, strict=True):
        assert payload["audio_duration"] == size / bytes_per_ms
        offsets = [viseme["offset"] for viseme in payload["visemes"]]
        assert offsets == sorted(offsets)
        assert all(0 <= offset < payload["audio_duration"] for offset in offsets)
        for viseme in payload["visemes"]:
            # After an interruption the first shape is sent again.
            assert viseme["visemeId"] != shown or viseme["offset"] == 0
            shown = viseme["visemeId"]
    assert [payload["audio_event_id"] for payload in payloads] == list(range(1, len(payloads) + 1))
    seconds = sum(payload["audio_duration"] for payload in payloads) / 1000
    assert 4 < sum(len(payload["visemes"]) for payload in payloads) / seconds < 18


def test_openai_blocking_sessions_too(stage: Stage) -> None:
    heard = {}
    for through_server in (False, True):
        client, query = openai_target(stage, through_server=through_server)
        count, audio = len(stage.providers.sent), []
        with OpenAI(**client).realtime.connect(model="gpt-realtime-2.1", extra_query=query) as connection:
            connection.response.create()
            for event in connection:
                if event.type == "response.output_audio.delta":
                    audio.append(base64.b64decode(event.delta))
                elif event.type == "response.done":
                    break
        assert audio == sent_since(stage.providers, count)
        heard[through_server] = audio
    assert heard[True] == heard[False]


# Gemini -------------------------------------------------------------------------------------------------------


async def gemini_conversation(
    stage: Stage, credential: dict[str, str], *, through_server: bool, vertex: bool = False
) -> Events:
    # Over TLS both times: the SDK dials nothing else.
    if through_server:
        config = {"provider": "gemini", "provider_config": credential}
        answered = sign(stage.tls_server, config, verify=stage.trust)
        api_key, base_url = answered["api_key"], answered["base_url"]
    else:
        api_key, base_url = (
            (credential.get("api_key") or credential["ephemeral_token"]),
            stage.tls_providers.origin,
        )
    options = types.HttpOptions(base_url=base_url, async_client_args={"ssl": stage.trust})
    if api_key.startswith("auth_tokens/"):
        options.api_version = "v1alpha"
    client = genai.Client(vertexai=vertex, api_key=api_key, http_options=options)
    events: Events = []
    live = types.LiveConnectConfig(
        response_modalities=[types.Modality.AUDIO],
        output_audio_transcription=types.AudioTranscriptionConfig(),
        input_audio_transcription=types.AudioTranscriptionConfig(),
    )
    async with client.aio.live.connect(model="gemini-2.5-flash-preview", config=live) as session:
        for question in QUESTIONS:
            await session.send_realtime_input(text=question)
            events += [message async for message in session.receive()]
        for start in range(0, len(speech := microphone(16000)), 6400):
            blob = types.Blob(data=speech[start : start + 6400], mime_type="audio/pcm;rate=16000")
            await session.send_realtime_input(audio=blob)
        events += [message async for message in session.receive()]
    return events


@pytest.mark.parametrize(
    "credential",
    [{"api_key": simulators.GEMINI_API_KEY}, {"ephemeral_token": simulators.GEMINI_EPHEMERAL}],
    ids=["key", "ephemeral token"],
)
@pytest.mark.filterwarnings("ignore:The SDK's ephemeral token support is experimental")
async def test_gemini_sessions_are_the_same_through_the_server(
    stage: Stage, credential: dict[str, str]
) -> None:
    direct = await gemini_conversation(stage, credential, through_server=False)
    count = len(stage.providers.sent)
    through = await gemini_conversation(stage, credential, through_server=True)
    parts = spoken(through)
    assert [part.inline_data.data for part in parts] == sent_since(stage.providers, count)
    payloads = [part.part_metadata["mascotVisemes"] for part in parts]
    for part in parts:
        part.part_metadata = None
    assert through == direct
    check_payloads(payloads, [len(part.inline_data.data) for part in parts], {"type": "audio/pcm"})


def spoken(messages: Events) -> list[Any]:
    """The parts of a conversation that hold audio."""
    return [
        part
        for message in messages
        if message.server_content and message.server_content.model_turn
        for part in message.server_content.model_turn.parts
    ]


EXPRESS = {"api": "vertex", "api_key": simulators.VERTEX_API_KEY}
CLOUD = {
    "api": "vertex",
    "project": simulators.VERTEX_PROJECT,
    "location": "europe-west4",
    "access_token": simulators.VERTEX_ACCESS_TOKEN,
}


async def test_gemini_in_vertex_mode_is_the_same_through_the_server(stage: Stage) -> None:
    direct = await gemini_conversation(stage, EXPRESS, through_server=False, vertex=True)
    count = len(stage.providers.sent)
    through = await gemini_conversation(stage, EXPRESS, through_server=True, vertex=True)
    parts = spoken(through)
    assert [part.inline_data.data for part in parts] == sent_since(stage.providers, count)
    assert {part.inline_data.mime_type for part in parts} == {"audio/pcm;rate=24000", "audio/pcm"}
    payloads = [part.part_metadata["mascotVisemes"] for part in parts]
    for part in parts:
        part.part_metadata = None
    assert through == direct
    assert any(message.usage_metadata and message.usage_metadata.response_token_count for message in through)
    check_payloads(payloads, [len(part.inline_data.data) for part in parts], {"type": "audio/pcm"})


@pytest.mark.parametrize("vertex", [False, True], ids=["developer client", "vertex client"])
@pytest.mark.parametrize(
    "config", [CLOUD, EXPRESS, {"api_key": simulators.GEMINI_API_KEY}], ids=["cloud", "express", "developer"]
)
async def test_gemini_clients_of_either_mode_reach_either_api(
    stage: Stage, config: dict[str, str], vertex: bool
) -> None:
    count = len(stage.providers.sent)
    through = await gemini_conversation(stage, config, through_server=True, vertex=vertex)
    parts = spoken(through)
    assert [part.inline_data.data for part in parts] == sent_since(stage.providers, count)
    assert all("mascotVisemes" in part.part_metadata for part in parts)


async def test_gemini_in_enterprise_mode_by_a_base_url_alone(stage: Stage) -> None:
    """Such a client dials the URL as it is, with our token in its query."""
    answered = sign(stage.tls_server, {"provider": "gemini", "provider_config": CLOUD}, verify=stage.trust)
    path = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
    url = f"wss{answered['base_url'].removeprefix('https')}{path}?key={answered['api_key']}"
    options = types.HttpOptions(base_url=url, async_client_args={"ssl": stage.trust})
    client = genai.Client(enterprise=True, http_options=options)
    live = types.LiveConnectConfig(response_modalities=[types.Modality.AUDIO])
    async with client.aio.live.connect(model="gemini-live", config=live) as session:
        await session.send_realtime_input(text="Hello")
        parts = spoken([message async for message in session.receive()])
    assert parts
    assert all("mascotVisemes" in part.part_metadata for part in parts)


async def test_gemini_with_googles_own_credentials_is_refused(
    stage: Stage, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG", logger="mascot_server")
    token = "ya29.an-access-token-of-the-app-itself"
    options = types.HttpOptions(base_url=stage.tls_server.origin, async_client_args={"ssl": stage.trust})
    client = genai.Client(
        vertexai=True,
        project="of-the-app",
        location="eu",
        credentials=Credentials(token),  # type: ignore[no-untyped-call]  # the library's
        http_options=options,
    )
    with pytest.raises(InvalidStatus, match="401"):
        async with client.aio.live.connect(model="gemini-live"):
            pass
    assert token not in caplog.text
    assert token not in "".join(capfd.readouterr())
