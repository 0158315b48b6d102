"""Whole conversations over real sockets, and what the simulators leave behind."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import math
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from mascot_server.providers.elevenlabs.simulator import ElevenLabsSimulator
from mascot_server.simulators import (
    ELEVENLABS_AGENT_ID,
    ELEVENLABS_API_KEY,
    GEMINI_API_KEY,
    OPENAI_API_KEY,
    Simulators,
)
from mascot_server.simulators.core.answers import Answer, Request
from mascot_server.simulators.core.conversation import Pacing
from mascot_server.simulators.core.provider import Setup
from mascot_server.simulators.core.voice import answer, greeting

pytestmark = pytest.mark.anyio

OPENAI = "/v1/realtime?model=gpt-realtime"
OPENAI_HEADERS = {"Authorization": f"Bearer {OPENAI_API_KEY}"}
GEMINI = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
GEMINI_HEADERS = {"x-goog-api-key": GEMINI_API_KEY}
SETUP = {"setup": {"model": "models/gemini-live"}}
ASK = {"realtimeInput": {"text": "Hello"}}
CREATE = {"type": "response.create"}


def elevenlabs() -> str:
    """A signed target, from the same simulator without a socket."""
    simulator = ElevenLabsSimulator(Setup(Pacing(), signature_lifetime=60))
    headers = {"xi-api-key": ELEVENLABS_API_KEY, "host": "host"}
    target = f"/v1/convai/conversation/get-signed-url?agent_id={ELEVENLABS_AGENT_ID}"
    answered = simulator.get(Request(target, headers, secure=False), time.monotonic())
    assert isinstance(answered, Answer)
    url: str = answered.body["signed_url"]
    return url.removeprefix("ws://host")


async def until(socket: Any, last: str) -> list[str | bytes]:
    """Receive messages up to the first that mentions ``last``."""
    received = []
    while True:
        received.append(await socket.recv())
        if last in json.dumps(json.loads(received[-1])):
            return received


async def openai_turn(stage: Any) -> list[str | bytes]:
    async with stage.dial(OPENAI, additional_headers=OPENAI_HEADERS) as socket:
        await socket.send(json.dumps(CREATE))
        return await until(socket, "response.done")


async def gemini_turn(stage: Any) -> list[str | bytes]:
    async with stage.dial(GEMINI, additional_headers=GEMINI_HEADERS) as socket:
        await socket.send(json.dumps(SETUP))
        await socket.send(json.dumps(ASK))
        return await until(socket, "turnComplete")


async def elevenlabs_turn(stage: Any) -> list[str | bytes]:
    async with stage.dial(elevenlabs()) as socket:
        await socket.send(json.dumps({"type": "conversation_initiation_client_data"}))
        return [*await until(socket, '"ping"'), *await until(socket, '"ping"')]


TURNS = {"elevenlabs": elevenlabs_turn, "openai": openai_turn, "gemini": gemini_turn}


def pcm_of(message: str | bytes) -> bytes:
    """The audio in a message of any provider."""
    event = json.loads(message)
    text = event.get("delta", "") if event.get("type") == "response.output_audio.delta" else ""
    text = event.get("audio_event", {}).get("audio_base_64", text)
    parts = event.get("serverContent", {}).get("modelTurn", {}).get("parts", [])
    return base64.b64decode(parts[0]["inlineData"]["data"] if parts else text)


@pytest.mark.parametrize("provider", TURNS)
async def test_every_turn_is_reported_as_it_is_sent(stage: Any, provider: str) -> None:
    before = time.monotonic()
    messages = await TURNS[provider](stage)
    sounds = [sound for sound in map(pcm_of, messages) if sound]
    assert [sent.pcm for sent in stage.sent] == sounds
    assert [sent.index for sent in stage.sent] == list(range(len(sounds)))
    assert {(sent.provider, sent.conversation) for sent in stage.sent} == {(provider, 0)}
    times = [sent.time for sent in stage.sent]
    assert times == sorted(times)
    assert before <= times[0]
    assert times[-1] <= time.monotonic()
    said = greeting() if provider == "elevenlabs" else answer(0)
    assert [word for sent in stage.sent for word in sent.words] == said.text.split()
    rate = 16000 if provider == "elevenlabs" else 24000
    assert {(sent.sample_rate, sent.encoding) for sent in stage.sent} == {(rate, "pcm16")}
    assert sum(map(len, sounds)) == said.duration_ms * rate // 1000 * 2


@pytest.mark.parametrize("provider", TURNS)
async def test_two_conversations_are_the_same_byte_for_byte(stage: Any, provider: str) -> None:
    assert await TURNS[provider](stage) == await TURNS[provider](stage)
    assert {sent.conversation for sent in stage.sent} == {0, 1}


async def test_opcodes(stage: Any) -> None:
    assert all(isinstance(message, bytes) for message in await gemini_turn(stage))
    assert all(isinstance(message, str) for message in await openai_turn(stage))
    assert all(isinstance(message, str) for message in await elevenlabs_turn(stage))


async def test_audio_goes_out_by_the_burst() -> None:
    sent: list[Any] = []
    async with Simulators(on_audio=sent.append, burst=20, playback=math.inf) as simulators:
        target = "ws" + simulators.origin.removeprefix("http") + OPENAI

        async with connect(target, additional_headers=OPENAI_HEADERS) as socket:
            await socket.send(json.dumps(CREATE))
            await until(socket, "response.done")
    took = sent[-1].time - sent[0].time
    # Exact times are tested by a clock of the tests' own. Here a busy machine may send the first message late, so half
    # of the time is enough to tell it from all at once.
    assert took >= answer(0).duration_ms / 1000 / 20 / 2


async def test_an_interruption_stops_the_audio(stage: Any, speech: Any) -> None:
    async with stage.dial(GEMINI, additional_headers=GEMINI_HEADERS) as socket:
        await socket.send(json.dumps(SETUP))
        await socket.send(json.dumps(ASK))
        await until(socket, "inlineData")
        loud = {"data": base64.b64encode(speech.loud(200)).decode(), "mimeType": "audio/pcm;rate=16000"}
        await socket.send(json.dumps({"realtimeInput": {"audio": loud}}))
        messages = await until(socket, "turnComplete")
    assert json.loads(messages[-2]) == {"serverContent": {"interrupted": True}}
    assert len(stage.sent) < 30


async def test_many_at_once(stage: Any) -> None:
    turns = await asyncio.gather(*(turn(stage) for turn in list(TURNS.values()) * 5))
    for provider in range(3):
        assert all(turn == turns[provider] for turn in turns[provider::3])
    assert len({sent.conversation for sent in stage.sent}) == 15


async def test_a_message_that_is_too_big_is_refused(stage: Any) -> None:
    socket = await stage.dial(OPENAI, additional_headers=OPENAI_HEADERS)

    async def send_too_much() -> None:
        await socket.send("x" * (4 * 2**20 + 1))
        await until(socket, "nothing says this")

    with pytest.raises(ConnectionClosed):
        await send_too_much()
    await socket.wait_closed()


async def test_leaving_closes_what_is_open_and_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    async with Simulators(burst=0.1) as simulators:
        target = "ws" + simulators.origin.removeprefix("http") + OPENAI
        socket = await connect(target, additional_headers=OPENAI_HEADERS)
        await socket.send(json.dumps(CREATE))
        await until(socket, "response.output_audio.delta")
    with pytest.raises(ConnectionClosed):
        await until(socket, "nothing says this")
    assert socket.close_code == 1001
    await socket.wait_closed()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_client_that_goes_away_in_a_turn_is_no_error(
    stage: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with stage.dial(OPENAI, additional_headers=OPENAI_HEADERS) as socket:
            await socket.send(json.dumps(CREATE))
            await until(socket, "response.output_audio.delta")
            socket.transport.abort()
        await openai_turn(stage)
    assert [record for record in caplog.records if record.name.startswith("mascot_server")] == []


async def test_nothing_of_keys_or_audio_is_logged(stage: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for turn in TURNS.values():
            await turn(stage)
    own = [
        record.getMessage() for record in caplog.records if not record.name.startswith("websockets.client")
    ]
    logged = "\n".join(own)
    for secret in (OPENAI_API_KEY, GEMINI_API_KEY, "conversation_signature", "audio_base_64", "delta"):
        assert secret not in logged
