"""Google's unmodified SDK: through the server it gets what it gets from the provider itself, and visemes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials
from support.sdk_conversations import (
    QUESTIONS,
    Events,
    both_ways,
    check_payloads,
    microphone,
    sent_since,
    sign,
)
from websockets.exceptions import InvalidStatus

from mascot_server import simulators

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .conftest import Stage


pytestmark = pytest.mark.anyio


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
    await check_both_ways(stage, partial(gemini_conversation, stage, credential))


async def check_both_ways(stage: Stage, converse: Callable[..., Awaitable[Events]]) -> Events:
    """Returns the conversation through the server, which is that with the provider itself, and visemes."""
    direct, through, sent = await both_ways(stage.providers, converse)
    parts = spoken(through)
    assert [part.inline_data.data for part in parts] == sent
    payloads = [part.part_metadata["mascotVisemes"] for part in parts]
    for part in parts:
        part.part_metadata = None
    assert through == direct
    check_payloads(payloads, [len(part.inline_data.data) for part in parts], {"type": "audio/pcm"})
    return through


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
    through = await check_both_ways(stage, partial(gemini_conversation, stage, EXPRESS, vertex=True))
    mime_types = {part.inline_data.mime_type for part in spoken(through)}
    assert mime_types == {"audio/pcm;rate=24000", "audio/pcm"}
    assert any(message.usage_metadata and message.usage_metadata.response_token_count for message in through)


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
        credentials=Credentials(token),  # type: ignore[no-untyped-call]  # google-auth has no types for it
        http_options=options,
    )
    with pytest.raises(InvalidStatus, match="401"):
        async with client.aio.live.connect(model="gemini-live"):
            pass
    assert token not in caplog.text
    assert token not in "".join(capfd.readouterr())
