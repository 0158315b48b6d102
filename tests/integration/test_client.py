"""mascot-client against the real server: the official session objects, with visemes."""

from __future__ import annotations

import base64
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from anyio import create_task_group, to_thread
from elevenlabs.conversational_ai.conversation import AsyncConversation, AudioInterface, Conversation
from google.genai.live import AsyncSession
from google.genai.types import LiveConnectConfig, Modality
from openai.resources.realtime.realtime import AsyncRealtimeConnection, RealtimeConnection
from support.servers import API_KEY

from mascot_client import (
    AsyncMascotClient,
    AuthenticationError,
    BadRequestError,
    ElevenLabsConfig,
    GeminiConfig,
    MascotClient,
    OpenAIConfig,
    Timeline,
    VisemeFeed,
    Visemes,
    for_elevenlabs,
    for_gemini,
    for_openai,
)
from mascot_server import simulators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import Stage

pytestmark = pytest.mark.anyio

ELEVENLABS = ElevenLabsConfig(api_key=simulators.ELEVENLABS_API_KEY, agent_id=simulators.ELEVENLABS_AGENT_ID)
OPENAI = OpenAIConfig(ephemeral_token=simulators.OPENAI_EPHEMERAL)
GEMINI = GeminiConfig(ephemeral_token=simulators.GEMINI_EPHEMERAL)
VERTEX = GeminiConfig(
    api="vertex",
    access_token=simulators.VERTEX_ACCESS_TOKEN,
    project=simulators.VERTEX_PROJECT,
    location="europe-west4",
)
EXPRESS = GeminiConfig(api="vertex", api_key=simulators.VERTEX_API_KEY)
GEMINI_MODEL = "gemini-2.5-flash-preview"
AUDIO = LiveConnectConfig(response_modalities=[Modality.AUDIO])


class Silence(AudioInterface):
    """Plays nothing, counts what it should play, and has a microphone."""

    def __init__(self) -> None:
        self.bytes = 0
        self.interrupted = 0
        self.microphone: Callable[[bytes], None] = lambda _: None

    def start(self, input_callback: Callable[[bytes], None]) -> None:
        self.microphone = input_callback

    def stop(self) -> None:
        """Nothing runs."""

    def output(self, audio: bytes) -> None:
        self.bytes += len(audio)

    def interrupt(self) -> None:
        self.interrupted += 1


@pytest.fixture
def client(stage: Stage) -> Iterator[MascotClient]:
    with MascotClient(api_key=API_KEY, base_url=stage.server.origin) as client:
        yield client


def wait_until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def milliseconds(payloads: list[Visemes]) -> float:
    return sum(payload.audio_duration_ms for payload in payloads)


def moves(payloads: list[Visemes]) -> int:
    return sum(len(payload.visemes) for payload in payloads)


def test_elevenlabs(client: MascotClient) -> None:
    payloads: list[Visemes] = []
    speaker = Silence()
    conversation = for_elevenlabs.connect(
        client.get_signed_url(ELEVENLABS),
        agent_id=simulators.ELEVENLABS_AGENT_ID,
        on_visemes=payloads.append,
        audio_interface=speaker,
    )
    assert isinstance(conversation, Conversation)
    conversation.start_session()
    wait_until(lambda: moves(payloads) > 20)
    conversation.end_session()
    conversation.wait_for_session_end()
    # 16 kHz, 16 bits: what was heard is what was described, but for the message that hanging up may have cut off.
    assert speaker.bytes / 32 in {milliseconds(payloads), milliseconds(payloads[:-1])}


async def test_elevenlabs_asyncio(stage: Stage) -> None:
    payloads: list[Visemes] = []

    async def on_visemes(payload: Visemes) -> None:
        payloads.append(payload)

    async with AsyncMascotClient(api_key=API_KEY, base_url=stage.server.origin) as client:
        answer = await client.get_signed_url(ELEVENLABS)
    conversation = for_elevenlabs.connect_async(
        answer,
        agent_id=simulators.ELEVENLABS_AGENT_ID,
        on_visemes=on_visemes,
        audio_interface=_AsyncSilence(),
    )
    assert isinstance(conversation, AsyncConversation)
    await conversation.start_session()
    await to_thread.run_sync(wait_until, lambda: moves(payloads) > 20)
    await conversation.end_session()
    await conversation.wait_for_session_end()


def test_openai(client: MascotClient) -> None:
    payloads, size = [], 0
    with for_openai.connect(client.get_signed_url(OPENAI)) as connection:
        assert isinstance(connection, RealtimeConnection)
        connection.response.create()
        for event in connection:
            if event.type == "response.output_audio.delta":
                size += len(base64.b64decode(event.delta))
                payloads.append(_present(for_openai.visemes(event)))
            elif event.type == "response.done":
                break
    assert milliseconds(payloads) == size / 48
    assert moves(payloads) > 20


async def test_openai_asyncio(client: MascotClient) -> None:
    payloads = []
    async with for_openai.connect_async(client.get_signed_url(OPENAI)) as connection:
        assert isinstance(connection, AsyncRealtimeConnection)
        await connection.response.create()
        async for event in connection:
            if event.type == "response.output_audio.delta":
                payloads.append(_present(for_openai.visemes(event)))
            elif event.type == "response.done":
                break
    assert moves(payloads) > 20


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_gemini(stage: Stage, scheme: str) -> None:
    server, trust = (stage.server, None) if scheme == "http" else (stage.tls_server, stage.trust)
    async with httpx.AsyncClient(verify=trust or True) as http:
        client = AsyncMascotClient(api_key=API_KEY, base_url=server.origin, http_client=http)
        answer = await client.get_signed_url(GEMINI)
    payloads, size = [], 0
    async with for_gemini.connect(answer, model=GEMINI_MODEL, config=AUDIO, ssl_context=trust) as session:
        assert isinstance(session, AsyncSession)
        await session.send_realtime_input(text="What can you do?")
        async for message in session.receive():
            if message.data:
                size += len(message.data)
                payloads.append(_present(for_gemini.visemes(message)))
    assert milliseconds(payloads) == size / 48
    assert moves(payloads) > 20


@pytest.mark.parametrize("vertex", [False, True], ids=["developer mode", "vertex mode"])
@pytest.mark.parametrize("config", [VERTEX, EXPRESS], ids=["access token", "express"])
async def test_gemini_on_vertex_ai(client: MascotClient, config: GeminiConfig, vertex: bool) -> None:
    answer = client.get_signed_url(config)
    payloads, size = [], 0
    async with for_gemini.connect(answer, model=GEMINI_MODEL, config=AUDIO, vertex=vertex) as session:
        await session.send_realtime_input(text="What can you do?")
        async for message in session.receive():
            if message.data:
                size += len(message.data)
                payloads.append(_present(for_gemini.visemes(message)))
    assert milliseconds(payloads) == size / 48
    assert moves(payloads) > 20


def test_elevenlabs_after_an_interruption_the_mouth_is_told_anew(client: MascotClient) -> None:
    seen: list[Any] = []

    class Speaker(Silence):
        def interrupt(self) -> None:
            seen.append("interrupted")

    speaker = Speaker()
    conversation = for_elevenlabs.connect(
        client.get_signed_url(ELEVENLABS),
        agent_id=simulators.ELEVENLABS_AGENT_ID,
        on_visemes=seen.append,
        audio_interface=speaker,
    )
    conversation.start_session()
    wait_until(lambda: len(seen) > 2)
    loud = b"\x00\x40\x00\xc0" * 1600
    # The greeting is sent within a tenth of a second and counts as heard at once; so the user speaks over an answer,
    # as often as it takes to catch the agent speaking.
    for _attempt in range(20):
        conversation.send_user_message("Go on.")
        count = len(seen)
        wait_until(partial(_longer, seen, count))
        speaker.microphone(loud)
        time.sleep(0.1)
        if "interrupted" in seen:
            break
    speaker.microphone(bytes(32000))
    at = seen.index("interrupted")

    def told() -> list[Visemes]:
        return [item for item in seen[at + 1 :] if isinstance(item, Visemes) and item.visemes]

    wait_until(told)
    conversation.end_session()
    conversation.wait_for_session_end()
    # On a busy machine the first prediction may be late; the first that comes tells the mouth all the same.
    assert told()[0].visemes[0].offset_ms == 0


async def test_openai_feed_and_timeline(client: MascotClient) -> None:
    feed = VisemeFeed()
    read: list[Visemes] = []

    async def reader() -> None:
        read.extend([payload async for payload in feed])

    timeline, size = Timeline(), 0
    async with create_task_group() as tasks:
        tasks.start_soon(reader)
        async with for_openai.connect_async(client.get_signed_url(OPENAI)) as connection:
            await connection.response.create()
            async for event in for_openai.listen_async(connection, feed):
                if event.type == "response.output_audio.delta":
                    pcm = base64.b64decode(event.delta)
                    timeline.add(for_openai.visemes(event), pcm, sample_rate=24000, now_ms=0)
                    size += len(pcm)
                elif event.type == "response.done":
                    feed.close()
                    break
    assert milliseconds(read) == size / 48
    assert timeline.end_ms == pytest.approx(size / 48)
    timeline.played(0, now_ms=0)
    assert len({timeline.mouth(now_ms=now).viseme for now in range(0, round(size / 48), 20)}) > 5


async def test_gemini_feed(client: MascotClient) -> None:
    feed = VisemeFeed()
    async with for_gemini.connect(client.get_signed_url(GEMINI), model=GEMINI_MODEL, config=AUDIO) as session:
        await session.send_realtime_input(text="What can you do?")
        sizes = [
            len(message.data) async for message in for_gemini.listen(session.receive(), feed) if message.data
        ]
    feed.close()
    assert milliseconds(list(feed)) == sum(sizes) / 48


def test_elevenlabs_feed(client: MascotClient) -> None:
    payloads: list[Visemes] = []
    feed = VisemeFeed(on_visemes=payloads.append)
    conversation = for_elevenlabs.connect(
        client.get_signed_url(ELEVENLABS),
        agent_id=simulators.ELEVENLABS_AGENT_ID,
        on_visemes=feed,
        audio_interface=Silence(),
    )
    conversation.start_session()
    wait_until(lambda: moves(payloads) > 20)
    conversation.end_session()
    conversation.wait_for_session_end()
    feed.close()
    assert list(feed) == payloads


def test_refusals_carry_the_servers_words(stage: Stage, client: MascotClient) -> None:
    with MascotClient(api_key="wrong", base_url=stage.server.origin) as stranger:
        with pytest.raises(AuthenticationError, match="Invalid API key"):
            stranger.get_signed_url(OPENAI)
    with pytest.raises(BadRequestError, match=r"config\.provider_config\.viseme_model"):
        client.get_signed_url(OpenAIConfig(api_key="sk-x", viseme_model="klingon"))


def _longer(seen: list[Any], count: int) -> bool:
    return len(seen) > count


def _present(payload: Visemes | None) -> Visemes:
    assert payload is not None
    return payload


class _AsyncSilence:
    """The asyncio form of an audio interface that plays nothing."""

    async def start(self, input_callback: Callable[[bytes], Any]) -> None:
        """There is no microphone."""

    async def stop(self) -> None:
        """Nothing runs."""

    async def output(self, audio: bytes) -> None:
        """Plays nothing."""

    async def interrupt(self) -> None:
        """Nobody interrupts."""
