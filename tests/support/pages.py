"""Simulate the playground's page without a browser: requests to its server, and each provider's own protocol."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from support.apps import GEMINI_PATH

PROVIDERS = ("elevenlabs", "openai", "gemini")


@dataclass(frozen=True)
class Page:
    """The page, open in a browser.

    Attributes:
        origin: Origin of the page, `http(s)://host:port`.
    """

    origin: str

    def config(self) -> Any:
        """Return the initial state of the page."""
        return httpx.get(f"{self.origin}/playground/api/config", timeout=20).raise_for_status().json()

    def connect(
        self, provider: str, model: str = "default", *, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Request a conversation."""
        return httpx.post(
            f"{self.origin}/playground/api/connect",
            json={"provider": provider, "viseme_model": model},
            headers={"Origin": self.origin, **(headers or {})},
            timeout=20,
        )

    def visemes(
        self, file: bytes, model: str = "default", *, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a file that was dropped on the page."""
        return httpx.post(
            f"{self.origin}/playground/api/visemes",
            params={"viseme_model": model},
            content=file,
            headers={"Origin": self.origin, **(headers or {})},
            timeout=60,
        )


async def first_turn(provider: str, answer: Any) -> tuple[str, str]:
    """Let the agent speak once.

    Returns:
        The text of the agent in the provider's spelling, and all messages up to it, joined.
    """
    if provider == "gemini":
        origin = answer["base_url"].removeprefix("http")
        url, subprotocols = f"ws{origin}{GEMINI_PATH}?key={answer['api_key']}", None
    else:
        url = answer["signed_url"]
        subprotocols = [Subprotocol({"elevenlabs": "convai", "openai": "realtime"}[provider])]
    async with asyncio.timeout(30), connect(url, subprotocols=subprotocols, proxy=None) as socket:
        for message in OPENINGS[provider]:
            await socket.send(json.dumps(message))
        said, heard = "", ""
        while True:
            frame = await socket.recv()
            text = frame.decode() if isinstance(frame, bytes) else frame
            heard += text
            words, over = _said(provider, json.loads(text))
            said += words
            if over and "visemeId" in heard:
                return said, heard


OPENINGS: dict[str, list[Any]] = {
    "elevenlabs": [{"type": "conversation_initiation_client_data"}],
    "openai": [{"type": "response.create"}],
    "gemini": [
        {
            "setup": {
                "model": "models/gemini-live",
                "generationConfig": {"responseModalities": ["AUDIO"]},
                "outputAudioTranscription": {},
            }
        },
        {"realtimeInput": {"text": "And then?"}},
    ],
}


def _said(provider: str, message: Any) -> tuple[str, bool]:
    """Return the agent's text in a message, and whether it is the last text of this turn."""
    if provider == "elevenlabs":
        event = message.get("agent_response_event")
        # The whole text comes with the first audio.
        return (event["agent_response"], False) if event else ("", message["type"] == "visemes")
    if provider == "openai":
        over = message["type"] == "response.output_audio_transcript.done"
        return (message["transcript"] if over else "", over)
    content = message.get("serverContent", {})
    return content.get("outputTranscription", {}).get("text", ""), "generationComplete" in content
