"""ElevenLabs' unmodified SDK: through the server it gets what it gets from the provider itself, and visemes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

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
from support.sdk_conversations import QUESTIONS, Events, microphone, sent_since, sign

from mascot_server import simulators

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .conftest import Stage


pytestmark = pytest.mark.anyio


PATIENCE = 20.0


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
