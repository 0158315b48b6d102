"""What every engine that turns text into speech offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

__all__ = ["Engine", "Speech", "Voice", "VoicedEngine"]


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that can be asked for.

    Attributes:
        id: What to ask for it with.
        name: For people.
        language: What it speaks, as a language tag such as `en-us`; nothing where that is not known.
        gender: `male`, `female`, or nothing where that is not known.
    """

    id: str
    name: str
    language: str | None = None
    gender: str | None = None


@dataclass(frozen=True, slots=True)
class Speech:
    """Speech while it is being made.

    Attributes:
        sample_rate: Samples per second.
        blocks: PCM16 mono, little-endian, in blocks of any length; a sample may be split between two.
    """

    sample_rate: int
    blocks: AsyncIterator[bytes]


class Engine(Protocol):
    """Turns text into speech."""

    def synthesise(self, text: str, voice: str, speed: float) -> AbstractAsyncContextManager[Speech]:
        """Speak a text. Synthesis goes on only as fast as blocks are taken, and ends with the context.

        Args:
            text: What to say.
            voice: Id of the voice.
            speed: How many times faster than the voice is by itself.

        Raises:
            BadRequest: The voice or the speed is not one of this engine's.
            Refusal: The engine cannot speak now. Its blocks may raise it too.
        """


class VoicedEngine(Engine, Protocol):
    """An engine that knows its voices."""

    async def voices(self) -> Sequence[Voice]:
        """Return the available voices.

        Raises:
            Refusal: They cannot be had.
        """
