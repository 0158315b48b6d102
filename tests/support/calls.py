"""Conversations that last until one side ends them, each with a provider's official SDK."""

from __future__ import annotations

import asyncio
import inspect
import ssl
from dataclasses import dataclass, field
from typing import Any

import httpx
from elevenlabs.conversational_ai.conversation import AsyncAudioInterface, AsyncConversation
from google.genai.errors import APIError
from google.genai.types import LiveConnectConfig, Modality
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mascot_client import (
    AsyncMascotClient,
    ElevenLabsConfig,
    GeminiConfig,
    GeminiCredentials,
    OpenAIConfig,
    SignedUrl,
    Visemes,
    for_elevenlabs,
    for_gemini,
    for_openai,
)
from mascot_server import simulators

CONFIGS: dict[str, Any] = {
    "elevenlabs": ElevenLabsConfig(
        api_key=simulators.ELEVENLABS_API_KEY, agent_id=simulators.ELEVENLABS_AGENT_ID
    ),
    "openai": OpenAIConfig(api_key=simulators.OPENAI_API_KEY),
    "gemini": GeminiConfig(api_key=simulators.GEMINI_API_KEY),
}
GEMINI_MODEL = "gemini-2.5-flash-preview"
QUESTION = "And then?"

_TELLS_WHY = "callback_disconnect" in inspect.signature(AsyncConversation).parameters
"""Whether the ElevenLabs SDK lets its user know why a conversation ended; older ones write it to their log."""


async def sign(origin: str, provider: str, api_key: str, trust: ssl.SSLContext) -> Any:
    """Ask for a signed URL, as an app does before each call."""
    async with httpx.AsyncClient(verify=trust, timeout=30) as http:
        client = AsyncMascotClient(api_key=api_key, base_url=origin, http_client=http)
        return await client.get_signed_url(CONFIGS[provider])


@dataclass(eq=False)
class Call:
    """A conversation, from the handshake to its end.

    Attributes:
        provider: Name of the provider.
        answer: Answer of get-signed-url.
        trust: TLS context.
        node: Name of its server.
        turns: Complete answers of the agent.
        audio_ms: Received audio in milliseconds.
        shapes: Changes of the mouth's shape.
        ended: Close code on the app's side, or ``None`` if the SDK does not report it.
        reason: Close reason.
        refused: HTTP status of the handshake, if it was rejected.
        retry_after: ``Retry-After`` of that answer.
    """

    provider: str
    answer: Any
    trust: ssl.SSLContext
    node: str = ""
    turns: int = 0
    audio_ms: float = 0.0
    shapes: int = 0
    ended: int | None = None
    reason: str = ""
    refused: int | None = None
    retry_after: str | None = None
    _hung_up: bool = False
    _task: asyncio.Task[None] = field(init=False)

    def start(self) -> None:
        """Begin the conversation."""
        self._task = asyncio.create_task(self._run())

    def hang_up(self) -> None:
        """End it from the app's side after the agent's turn."""
        self._hung_up = True

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    async def abandon(self) -> None:
        """End it without a close, like an app that crashes."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        talk = {"elevenlabs": self._elevenlabs, "openai": self._openai, "gemini": self._gemini}[self.provider]
        try:
            await talk()
            if self._hung_up:
                self.ended, self.reason = 1000, "hung up"
        except ConnectionClosed as error:
            self.ended = 1006 if error.rcvd is None else error.rcvd.code
            self.reason = "" if error.rcvd is None else error.rcvd.reason
        except InvalidStatus as error:
            self.refused = error.response.status_code
            self.retry_after = error.response.headers.get("Retry-After")
        except APIError as error:
            self.ended, self.reason = error.code, str(error)

    def _hear(self, payload: Visemes | None) -> None:
        if payload is not None:
            self.audio_ms += payload.audio_duration_ms
            self.shapes += len(payload.visemes)

    async def _disconnected(self, details: Any) -> None:
        self.ended, self.reason = details.close_code, details.close_reason or ""

    async def _openai(self) -> None:
        assert isinstance(self.answer, SignedUrl)
        options: Any = {"ssl": self.trust} if self.answer.url.startswith("wss:") else {}
        async with for_openai.connect_async(self.answer, websocket_connection_options=options) as connection:
            while not self._hung_up:
                await connection.response.create()
                while (event := await connection.recv()).type != "response.done":
                    self._hear(for_openai.visemes(event))
                self.turns += 1

    async def _gemini(self) -> None:
        assert isinstance(self.answer, GeminiCredentials)
        trust = self.trust if self.answer.base_url.startswith("https:") else None
        config = LiveConnectConfig(response_modalities=[Modality.AUDIO])
        async with for_gemini.connect(
            self.answer, model=GEMINI_MODEL, config=config, ssl_context=trust
        ) as session:
            while not self._hung_up:
                await session.send_realtime_input(text=QUESTION)
                async for message in session.receive():
                    self._hear(for_gemini.visemes(message))
                self.turns += 1

    async def _elevenlabs(self) -> None:
        assert isinstance(self.answer, SignedUrl)
        conversation = for_elevenlabs.connect_async(
            self.answer,
            agent_id=simulators.ELEVENLABS_AGENT_ID,
            on_visemes=self._hear,
            audio_interface=_Speaker(),
            **({"callback_disconnect": self._disconnected} if _TELLS_WHY else {}),
        )
        await conversation.start_session()
        ending = asyncio.create_task(conversation.wait_for_session_end())
        heard = 0.0
        try:
            while not ending.done() and not self._hung_up:
                await asyncio.wait((ending,), timeout=0.02)
                # This protocol has no event for the end of an answer; after a second of it the user goes on.
                if self.audio_ms >= heard + 1000 and not ending.done():
                    heard = self.audio_ms
                    self.turns += 1
                    await conversation.send_user_message(QUESTION)
        finally:
            # Otherwise a thread of the SDK continues and keeps the process alive.
            await conversation.end_session()
        await ending


class _Speaker(AsyncAudioInterface):
    """Play nothing."""

    async def start(self, input_callback: Any) -> None:
        """Do nothing: there is no microphone."""

    async def stop(self) -> None:
        """Do nothing: nothing runs."""

    async def output(self, audio: bytes) -> None:
        """Do nothing: the audio is not played."""

    async def interrupt(self) -> None:
        """Do nothing: there are no interruptions."""
