"""Named upstreams, Azure's viseme events and translations, through the server with the official OpenAI SDK."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, OpenAI
from support.servers import API_KEY, run_server, run_simulators

from mascot_client import MascotClient, OpenAIConfig, Visemes, for_openai
from mascot_server import simulators
from mascot_server.providers.openai.simulator.services import SERVICES
from mascot_server.simulators.core.voice import answer, chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.servers import RunningServer

pytestmark = pytest.mark.anyio

ENDS = ("response.output_audio.done", "response.audio.done")
AUDIO = ("response.output_audio.delta", "response.audio.delta", "session.output_audio.delta")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A server whose upstreams are all simulated."""
    with run_simulators(burst=math.inf, playback=math.inf) as providers:
        upstreams = {name: {"profile": name, "url": f"{providers.origin}/{name}"} for name in SERVICES}
        with run_server(providers.origin, openai_upstreams=upstreams, viseme_budget_ms=10_000) as running:
            yield running


def conversation(server: RunningServer, config: OpenAIConfig) -> list[Any]:
    """The events of one response, up to the end of its audio."""
    with MascotClient(base_url=server.origin, api_key=API_KEY) as mascot:
        signed = mascot.get_signed_url(config)
    events = []
    with for_openai.connect(signed) as connection:
        connection.response.create()
        for event in connection:
            events.append(event)
            if event.type in ENDS:
                break
    return events


def payloads_of(events: list[Any]) -> list[Visemes]:
    read = for_openai.VisemeReader()
    return [payload for payload in map(read, events) if payload is not None]


def moves(payloads: list[Visemes]) -> list[tuple[float, int]]:
    """Each change of the mouth from a closed one on, in milliseconds from the start."""
    found: list[tuple[float, int]] = []
    start, shown = 0.0, 0
    for payload in payloads:
        for viseme in payload.visemes:
            if viseme.id != shown:
                found.append((start + viseme.offset_ms, viseme.id))
            shown = viseme.id
        start += payload.audio_duration_ms
    assert len(found) > 10
    return found


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_the_sdk_talks_to_every_upstream(server: RunningServer, name: str) -> None:
    config = OpenAIConfig(api_key=simulators.OPENAI_API_KEY, model="a-model", upstream=name)
    events = conversation(server, config)
    audio = [event for event in events if event.type in AUDIO]
    payloads = [for_openai.visemes(event) for event in audio]
    assert all(payload is not None for payload in payloads)
    assert sum(len(payload.visemes) for payload in payloads if payload is not None) > 10


@pytest.mark.parametrize("name", [None, "azure", "azure-preview", "azure-voice-live", "xai"])
def test_both_forms_of_visemes_say_the_same(server: RunningServer, name: str | None) -> None:
    found = {}
    for form in ("mascot", "azure"):
        config = OpenAIConfig(
            api_key=simulators.OPENAI_API_KEY, model="a-model", upstream=name, viseme_events=form
        )
        events = conversation(server, config)
        found[form] = payloads_of(events)
        kinds = [event.type for event in events]
        members = [event for event in events if "mascotVisemes" in (event.model_extra or {})]
        assert bool(members) == (form == "mascot")
        assert ("response.animation_viseme.delta" in kinds) == (form == "azure")
        if form == "azure":
            assert kinds[-2] == "response.animation_viseme.done"
    assert moves(found["azure"]) == moves(found["mascot"])
    durations = {form: [payload.audio_duration_ms for payload in list_] for form, list_ in found.items()}
    assert durations["azure"] == durations["mascot"]


def test_no_second_set_beside_voice_lives_own(server: RunningServer) -> None:
    config = OpenAIConfig(
        api_key=simulators.OPENAI_API_KEY, model="m", upstream="azure-voice-live", viseme_events="azure"
    )
    with MascotClient(base_url=server.origin, api_key=API_KEY) as mascot:
        signed = mascot.get_signed_url(config)
    events: list[Any] = []
    with for_openai.connect(signed) as connection:
        connection.send({"type": "session.update", "session": {"animation": {"outputs": ["viseme_id"]}}})  # type: ignore[arg-type]
        connection.response.create()
        for event in connection:
            events.append(event)
            if event.type in ENDS:
                break
    kinds = [event.type for event in events]
    assert kinds.count("response.animation_viseme.delta") == sum(kind in AUDIO for kind in kinds)
    assert kinds.count("response.animation_viseme.done") == 1
    assert not any("event_mascot" in event.event_id for event in events)


def microphone() -> bytes:
    speech = b"".join(chunk.data for chunk in chunks(answer(2), 24000, "pcm16"))
    return speech[: 24000 * 2 * 2] + bytes(24000 * 2)


async def test_translations_have_visemes(server: RunningServer) -> None:
    with MascotClient(base_url=server.origin, api_key=API_KEY) as mascot:
        signed = mascot.get_signed_url(OpenAIConfig(api_key=simulators.OPENAI_API_KEY))
    url, _, token = signed.url.partition("?token=")
    audio = base64.b64encode(microphone()).decode()
    async with AsyncOpenAI(api_key="mascot", websocket_base_url=url) as official:
        translations = official.realtime.translations
        query = {"token": token}
        async with translations.connect(model="ignored", extra_query=query) as connection:
            created = await connection.recv()
            assert created.type == "session.created"
            assert created.session.model == "gpt-realtime-translate"
            await connection.session.input_audio_buffer.append(audio=audio)
            deltas = [await connection.recv() for _ in range(10)]
    payloads = [for_openai.visemes(event) for event in deltas]
    assert all(payload is not None for payload in payloads)
    assert sum(len(payload.visemes) for payload in payloads if payload is not None) > 5


def test_translations_by_base_url_and_key(server: RunningServer) -> None:
    with MascotClient(base_url=server.origin, api_key=API_KEY) as mascot:
        signed = mascot.get_signed_url(OpenAIConfig(api_key=simulators.OPENAI_API_KEY))
    origin = f"ws{server.origin.removeprefix('http')}/v1"
    with OpenAI(api_key=signed.url.partition("?token=")[2], websocket_base_url=origin) as official:
        with official.realtime.translations.connect(model="ignored") as connection:
            assert connection.recv().type == "session.created"
