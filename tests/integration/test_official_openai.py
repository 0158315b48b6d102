"""OpenAI's unmodified SDK: through the server it gets what it gets from the provider itself, and visemes."""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from openai import AsyncOpenAI, OpenAI
from support.sdk_conversations import (
    QUESTIONS,
    Events,
    both_ways,
    check_payloads,
    microphone,
    sent_since,
    sign,
)

from mascot_server import simulators

if TYPE_CHECKING:
    from .conftest import Stage


pytestmark = pytest.mark.anyio


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
    converse = partial(openai_conversation, stage, audio_format)
    direct, through, sent = await both_ways(stage.providers, converse)
    deltas = [event for _, event in through if event["type"] == "response.output_audio.delta"]
    assert [base64.b64decode(delta["delta"]) for delta in deltas] == sent
    payloads = [delta.pop("mascotVisemes") for delta in deltas]
    assert through == direct
    check_payloads(payloads, [len(base64.b64decode(delta["delta"])) for delta in deltas], audio_format)


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
