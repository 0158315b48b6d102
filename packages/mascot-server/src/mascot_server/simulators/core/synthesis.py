"""Common parts of the simulated speech synthesis services.

Sans-I/O: the target, headers and body of a request in, an `Answer` or `Spoken` out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from mascot_server.simulators.core.voice import chunks, replies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mascot_server.simulators.core.sound import Encoding
    from mascot_server.simulators.core.voice import Chunk, Language


@dataclass(frozen=True, slots=True)
class Spoken:
    """A response with audio, which is sent in chunks.

    Attributes:
        media_type: of the answer.
        chunks: the sound, in order.
        header: bytes before it, as a WAV file has them.
    """

    media_type: str
    chunks: Iterator[Chunk]
    header: bytes = b""


def speak(text: str, sample_rate: int, encoding: Encoding, language: Language) -> Iterator[Chunk]:
    """Speak the recordings, one after the other, until they have as many words as the text."""
    missing = len(text.split())
    for reply in cycle(replies(language)):
        yield from chunks(reply, sample_rate, encoding)
        missing -= len(reply.words)
        if missing <= 0:
            return
