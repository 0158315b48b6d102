"""Viseme sets and blend weights through the official SDKs and mascot-client."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from support.servers import API_KEY

from mascot_client import (
    BadRequestError,
    ConfigurationError,
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
from mascot_visemes import ARKIT_POSES, load

from .test_client import AUDIO, GEMINI_MODEL, Silence, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Stage

pytestmark = pytest.mark.anyio

ARKIT = tuple(ARKIT_POSES["sil"])
OCULUS = load("lite", shapes="oculus").visemes


@pytest.fixture
def client(stage: Stage) -> Iterator[MascotClient]:
    with MascotClient(api_key=API_KEY, base_url=stage.server.origin) as client:
        yield client


def check(payloads: list[Visemes], names: tuple[str, ...], shapes: tuple[Any, ...]) -> None:
    """Every payload describes its audio, with visemes of the set and a row for each 10 ms."""
    assert any(payload.visemes for payload in payloads)
    assert {event.id for payload in payloads for event in payload.visemes} <= set(shapes)
    known = [payload for payload in payloads if payload.weights is not None]
    # What is interrupted is sent on without, and on a busy machine some predictions are late.
    assert len(known) > 3
    for payload in known:
        weights = payload.weights
        assert weights is not None
        assert weights.names == names
        first, last = weights.offset_ms, weights.offset_ms + 10 * (len(weights) - 1)
        assert 0 <= first <= 10
        assert payload.audio_duration_ms - 10 <= last <= payload.audio_duration_ms


async def test_openai_with_a_response_that_is_cancelled(client: MascotClient) -> None:
    config = OpenAIConfig(api_key=simulators.OPENAI_API_KEY, viseme_shapes="oculus", viseme_weights="arkit")
    feed = VisemeFeed()
    timeline = Timeline(shapes="oculus")
    payloads: list[Visemes] = []
    raw: dict[str, list[Any]] = {}
    timeline.played(0, now_ms=0)
    seen = set()
    async with for_openai.connect_async(client.get_signed_url(config)) as connection:
        await connection.response.create()
        read = for_openai.VisemeReader()
        async for event in for_openai.listen_async(connection, feed):
            payload = read(event)
            if event.type == "response.output_audio.delta":
                assert payload is not None
                assert event.model_extra is not None
                raw.setdefault(event.response_id, []).append(event.model_extra["mascotVisemes"])
                payloads.append(payload)
                timeline.add(payload, base64.b64decode(event.delta), sample_rate=24000, now_ms=0)
                if len(raw) == 1 and len(payloads) == 1:
                    await connection.response.cancel()
            elif event.type == "response.done":
                if len(raw) == 2:
                    break
                await connection.response.create()
    check(payloads, ARKIT, OCULUS)
    for its in raw.values():
        named = ["names" in payload["weights"] for payload in its if "weights" in payload]
        assert named == [True] + [False] * (len(named) - 1)
        assert its[0]["visemes"] == [] or its[0]["visemes"][0]["offset"] >= 0
    for now in range(0, int(timeline.end_ms), 20):
        mouth = timeline.mouth(now_ms=now)
        seen.add(mouth.viseme)
        assert mouth.weights.keys() <= set(ARKIT)
    assert len(seen) > 5
    assert seen <= set(OCULUS)
    closed = timeline.mouth(now_ms=timeline.end_ms + 100)
    assert (closed.viseme, dict(closed.weights)) == ("sil", {})


async def test_gemini(client: MascotClient) -> None:
    config = GeminiConfig(api_key=simulators.GEMINI_API_KEY, viseme_shapes="vrm", viseme_weights="oculus")
    payloads: list[Visemes] = []
    feed = VisemeFeed(on_visemes=payloads.append)
    async with for_gemini.connect(client.get_signed_url(config), model=GEMINI_MODEL, config=AUDIO) as session:
        await session.send_realtime_input(text="What can you do?")
        async for _ in for_gemini.listen(session.receive(), feed):
            pass
    feed.close()
    check(payloads, OCULUS, ("sil", "aa", "ih", "ou", "ee", "oh"))
    assert list(feed) == payloads


def test_elevenlabs_with_an_interruption(client: MascotClient) -> None:
    config = ElevenLabsConfig(
        api_key=simulators.ELEVENLABS_API_KEY,
        agent_id=simulators.ELEVENLABS_AGENT_ID,
        viseme_weights="arkit",
    )
    payloads: list[Visemes] = []
    speaker = Silence()
    conversation = for_elevenlabs.connect(
        client.get_signed_url(config),
        agent_id=simulators.ELEVENLABS_AGENT_ID,
        on_visemes=payloads.append,
        audio_interface=speaker,
    )
    conversation.start_session()
    wait_until(lambda: len(payloads) > 4)
    for _attempt in range(20):
        count = len(payloads)
        conversation.send_user_message("Go on.")
        wait_until(lambda count=count: len(payloads) > count)  # type: ignore[misc]
        speaker.microphone(b"\x00\x40\x00\xc0" * 1600)
        if speaker.interrupted:
            break
    speaker.microphone(bytes(32000))
    count = len(payloads)
    wait_until(lambda: len(payloads) > count + 4)
    conversation.end_session()
    conversation.wait_for_session_end()
    check(payloads, ARKIT, tuple(range(22)))


def test_refusals_name_the_field_and_the_sets(client: MascotClient) -> None:
    with pytest.raises(
        ConfigurationError, match=r"OpenAIConfig\.viseme_shapes.*'sapi', 'oculus', 'vrm' or 'rhubarb'"
    ):
        OpenAIConfig(api_key="sk-x", viseme_shapes="azure")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"viseme_weights cannot be combined with"):
        OpenAIConfig(api_key="sk-x", viseme_events="azure", viseme_weights="arkit")
    unchecked = OpenAIConfig.model_construct(api_key="sk-x", viseme_weights="azure")
    with pytest.raises(
        BadRequestError, match=r"provider_config\.viseme_weights: .*'oculus', 'vrm' or 'arkit'"
    ):
        client.get_signed_url(unchecked)
