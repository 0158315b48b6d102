"""Cartesia's text to speech, with the caller's key."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from mascot_server.tts.engine import Speech
from mascot_server.tts.remote import check_key, check_speed, check_voice, streamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

__all__ = ["CartesiaEngine"]

_RATE: Final = 16000
_SPEEDS: Final = (0.6, 1.5)
_VERSION: Final = "2026-03-01"
"""Version of the API; from this one on its errors are JSON."""
_MODEL: Final = "sonic-3"
"""The first one that takes a speed."""


class CartesiaEngine:
    """Speaks over `POST /tts/bytes`.

    Args:
        http: Client to ask with.
        origin: Where Cartesia is.
        key: The caller's key.
        language: ISO 639-1 code of what the text is in.

    Raises:
        BadRequest: The key cannot be one.
    """

    def __init__(self, http: httpx.AsyncClient, origin: str, key: str, *, language: str) -> None:
        self._http, self._origin, self._key, self._language = http, origin, check_key(key), language

    @asynccontextmanager
    async def synthesise(self, text: str, voice: str, speed: float) -> AsyncIterator[Speech]:
        """Speak a text; see ``Engine.synthesise``."""
        check_voice(voice)
        check_speed("cartesia", speed, *_SPEEDS)
        request = self._http.build_request(
            "POST",
            f"{self._origin}/tts/bytes",
            headers={"Authorization": f"Bearer {self._key}", "Cartesia-Version": _VERSION},
            json={
                "model_id": _MODEL,
                "transcript": text,
                "voice": {"mode": "id", "id": voice},
                "language": self._language,
                "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": _RATE},
                "generation_config": {"speed": speed},
            },
        )
        async with streamed(self._http, request, "cartesia") as blocks:
            yield Speech(_RATE, blocks)
