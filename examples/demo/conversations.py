"""Hold the same short conversation with the official SDK of each provider, directly or through the server."""

from __future__ import annotations

import asyncio
import base64
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from elevenlabs import ElevenLabs
from elevenlabs.conversational_ai.conversation import AudioInterface, Conversation
from google.genai.types import LiveConnectConfig, Modality
from openai import OpenAI

from examples.demo.pace import SPEED
from mascot_client import (
    ElevenLabsConfig,
    GeminiConfig,
    GeminiCredentials,
    MascotClient,
    OpenAIConfig,
    for_elevenlabs,
    for_gemini,
    for_openai,
)
from mascot_server import simulators
from mascot_server.simulators.core.voice import chunks, greeting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from examples.demo.stage import Stage
    from mascot_client import Visemes

__all__ = ["CONVERSATIONS", "Heard"]

QUESTIONS: Final = ("What can you do?", "And what else?")
LIVE_MODEL: Final = "gpt-live-1.1"
GEMINI_MODEL: Final = "gemini-3.8-live"
_PATIENCE: Final = 30.0
"""Maximum time to wait for a turn, in seconds."""
_PAUSE: Final = 0.5
"""Time without audio after which a turn counts as finished, in seconds, for providers that do not report the end."""


@dataclass
class Heard:
    """The audio and the visemes that an app received.

    Attributes:
        audio: The audio of each message.
        times: The arrival time of each message, from ``time.monotonic()``.
        visemes: The viseme payloads, in order.
    """

    audio: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    visemes: list[Visemes] = field(default_factory=list)

    def hear(self, audio: bytes) -> None:
        """Record the audio of a message."""
        self.times.append(time.monotonic())
        self.audio.append(audio)

    def see(self, visemes: Visemes | None) -> None:
        """Record the visemes of a message."""
        if visemes is not None:
            self.visemes.append(visemes)


class _Loudspeaker(AudioInterface):
    """Record all audio without playing it."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def start(self, input_callback: Callable[[bytes], None]) -> None:
        """Do nothing, because there is no microphone."""

    def stop(self) -> None:
        """Do nothing, because there is nothing to stop."""

    def output(self, audio: bytes) -> None:
        """Record audio."""
        self._heard.hear(audio)

    def interrupt(self) -> None:
        """Do nothing, because the demo does not interrupt."""


def _elevenlabs(stage: Stage, *, through_server: bool) -> Heard:
    heard = Heard()
    loudspeaker = _Loudspeaker(heard)
    if through_server:
        config = ElevenLabsConfig(
            api_key=simulators.ELEVENLABS_API_KEY,
            agent_id=simulators.ELEVENLABS_AGENT_ID,
            viseme_model=stage.viseme_model,
        )
        with MascotClient(base_url=stage.server, api_key=stage.api_key) as client:
            credentials = client.get_signed_url(config)
        conversation = for_elevenlabs.connect(
            credentials, agent_id=config.agent_id, on_visemes=heard.see, audio_interface=loudspeaker
        )
    else:
        conversation = Conversation(
            ElevenLabs(base_url=stage.providers, api_key=simulators.ELEVENLABS_API_KEY),
            simulators.ELEVENLABS_AGENT_ID,
            requires_auth=True,
            audio_interface=loudspeaker,
        )
    conversation.start_session()
    # The agent starts with a greeting.
    _wait_for_turn(heard, 0)
    for question in QUESTIONS:
        messages = len(heard.audio)
        conversation.send_user_message(question)
        _wait_for_turn(heard, messages)
    conversation.end_session()
    conversation.wait_for_session_end()
    return heard


def _wait_for_turn(heard: Heard, messages: int) -> None:
    """Wait for audio after the first ``messages`` messages, then for a pause."""
    deadline = time.monotonic() + _PATIENCE
    while len(heard.audio) == messages or time.monotonic() - heard.times[-1] < _PAUSE:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the agent did not complete its turn within {_PATIENCE:.0f} s")
        time.sleep(0.02)


def _openai(stage: Stage, *, through_server: bool) -> Heard:
    heard = Heard()
    if through_server:
        with MascotClient(base_url=stage.server, api_key=stage.api_key) as client:
            credentials = client.get_signed_url(
                OpenAIConfig(ephemeral_token=simulators.OPENAI_EPHEMERAL, viseme_model=stage.viseme_model)
            )
        manager = for_openai.connect(credentials)
    else:
        official = OpenAI(
            api_key=simulators.OPENAI_EPHEMERAL,
            websocket_base_url=f"ws{stage.providers.removeprefix('http')}/v1",
        )
        manager = official.realtime.connect(model="gpt-realtime-2.1")
    with manager as connection:
        for question in QUESTIONS:
            connection.conversation.item.create(
                item={
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": question}],
                }
            )
            connection.response.create()
            for event in connection:
                if event.type == "response.output_audio.delta":
                    heard.hear(base64.b64decode(event.delta))
                    heard.see(for_openai.visemes(event))
                elif event.type == "response.done":
                    break
    return heard


def _openai_live(stage: Stage, *, through_server: bool) -> Heard:
    heard = Heard()
    if through_server:
        config = OpenAIConfig(api="live", api_key=simulators.OPENAI_API_KEY, viseme_model=stage.viseme_model)
        with MascotClient(base_url=stage.server, api_key=stage.api_key) as client:
            manager = for_openai.connect_live(client.get_signed_url(config))
    else:
        official = OpenAI(
            api_key=simulators.OPENAI_API_KEY,
            websocket_base_url=f"ws{stage.providers.removeprefix('http')}/v1",
        )
        manager = official.live.connect()
    with manager as connection:
        connection.session.start(session={"model": LIVE_MODEL})
        # The caller's audio is the clock: the agent sends 100 ms of audio for each 100 ms of the caller.
        for audio in _caller():
            connection.session.input_audio.append(audio=base64.b64encode(audio).decode())
            while (event := connection.recv()).type != "session.output_audio.delta":
                pass
            heard.hear(base64.b64decode(event.delta))
            heard.see(for_openai.visemes(event))
            time.sleep(0.1 / SPEED)
        connection.session.close()
        while connection.recv().type != "session.closed":
            pass
    return heard


def _caller() -> Iterator[bytes]:
    """Yield the audio of a caller who speaks and then listens, twice, in chunks of 100 ms of PCM16 at 24 kHz."""
    size = 2 * 2400
    speech = b"".join(chunk.data for chunk in chunks(greeting(), 24_000, "pcm16"))[: 10 * size]
    for _ in QUESTIONS:
        audio = speech + bytes(50 * size)
        yield from (audio[at : at + size] for at in range(0, len(audio), size))


def _gemini(stage: Stage, *, through_server: bool) -> Heard:
    if through_server:
        with MascotClient(base_url=stage.server, api_key=stage.api_key) as client:
            credentials = client.get_signed_url(
                GeminiConfig(ephemeral_token=simulators.GEMINI_EPHEMERAL, viseme_model=stage.viseme_model)
            )
    else:
        # The SDK supports TLS only; mascot-client connects it to http on the loopback interface.
        credentials = GeminiCredentials(api_key=simulators.GEMINI_API_KEY, base_url=stage.providers)
    return asyncio.run(_gemini_session(credentials))


async def _gemini_session(credentials: GeminiCredentials) -> Heard:
    heard = Heard()
    async with for_gemini.connect(
        credentials, model=GEMINI_MODEL, config=LiveConnectConfig(response_modalities=[Modality.AUDIO])
    ) as session:
        for question in QUESTIONS:
            await session.send_realtime_input(text=question)
            async for message in session.receive():
                if message.data:
                    heard.hear(message.data)
                    heard.see(for_gemini.visemes(message))
    return heard


CONVERSATIONS: Final[dict[str, Callable[..., Heard]]] = {
    "elevenlabs": _elevenlabs,
    "openai": _openai,
    "openai-live": _openai_live,
    "gemini": _gemini,
}
