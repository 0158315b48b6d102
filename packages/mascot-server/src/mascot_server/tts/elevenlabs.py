"""ElevenLabs' text to speech, with the caller's key."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from mascot_server.tts.engine import Speech
from mascot_server.tts.remote import check_key, check_speed, check_voice, streamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

__all__ = ["ElevenLabsEngine"]

_RATE: Final = 16000
_SPEEDS: Final = (0.7, 1.2)
_MODEL: Final = "eleven_flash_v2_5"
"""The one with the shortest time to the first sound; it speaks 32 languages, Indonesian among them."""


class ElevenLabsEngine:
    """Speaks over `POST /v1/text-to-speech/{voice_id}/stream`.

    Args:
        http: Client to ask with.
        origin: Where ElevenLabs is.
        key: The caller's key.

    Raises:
        BadRequest: The key cannot be one.
    """

    def __init__(self, http: httpx.AsyncClient, origin: str, key: str) -> None:
        self._http, self._origin, self._key = http, origin, check_key(key)

    @asynccontextmanager
    async def synthesise(self, text: str, voice: str, speed: float) -> AsyncIterator[Speech]:
        """Speak a text; see ``Engine.synthesise``."""
        check_voice(voice)
        check_speed("elevenlabs", speed, *_SPEEDS)
        request = self._http.build_request(
            "POST",
            f"{self._origin}/v1/text-to-speech/{voice}/stream",
            params={"output_format": f"pcm_{_RATE}"},
            headers={"xi-api-key": self._key},
            json={"text": text, "model_id": _MODEL, "voice_settings": {"speed": speed}},
        )
        async with streamed(self._http, request, "elevenlabs") as blocks:
            yield Speech(_RATE, blocks)
