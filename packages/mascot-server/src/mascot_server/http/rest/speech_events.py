"""Converts synthesised speech to events: audio and visemes in alternation."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from mascot_server.errors import BadRequest, Refusal, TooLarge
from mascot_server.http.rest.events import audio_event, speech_error, speech_visemes_event
from mascot_server.inference.viseme_models import recording_network
from mascot_server.inference.whole_stream import WholeStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mascot_server.http.rest.background import Background
    from mascot_server.inference.viseme_models import VisemeModel
    from mascot_server.inference.viseme_sets import VisemeSets
    from mascot_server.tts import Speech

__all__ = ["PIECE_MS", "Piece", "first_piece", "pieces", "speech_events"]

logger = logging.getLogger(__name__)

PIECE_MS: Final = 240
"""Duration of a piece. Close to the contract's 250, and a whole number of samples at 11025 Hz and all usual rates."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of synthesised speech.

    Attributes:
        pcm: PCM16 mono.
        last: Whether the speech ends with it.
    """

    pcm: bytes
    last: bool


async def pieces(speech: Speech, *, max_seconds: float) -> AsyncIterator[Piece]:
    """Split speech into pieces of `PIECE_MS`. The last one may be shorter.

    Args:
        speech: The synthesised speech.
        max_seconds: Longest duration.

    Raises:
        TooLarge: The speech is longer.
    """
    size = speech.sample_rate * PIECE_MS // 1000 * 2
    room = max_seconds * speech.sample_rate * 2
    waiting = bytearray()
    async for block in speech.blocks:
        waiting += block
        room -= len(block)
        if room < 0:
            raise TooLarge(
                f"text: the speech is longer than {max_seconds:g} seconds (MASCOT_MAX_SPEECH_SECONDS); send it in parts"
            )
        # A full piece waits for the next data, so that the last piece can be marked as such.
        while len(waiting) > size + 1:
            yield Piece(bytes(waiting[:size]), last=False)
            del waiting[:size]
    if whole := len(waiting) // 2 * 2:
        yield Piece(bytes(waiting[:whole]), last=True)


async def first_piece(coming: AsyncIterator[Piece]) -> Piece:
    """Return the first chunk. Until then, an error can still set the HTTP status.

    Raises:
        BadRequest: There is no speech.
    """
    piece = await anext(coming, None)
    if piece is None:
        raise BadRequest("text: contains nothing to speak")
    return piece


async def speech_events(
    first: Piece,
    coming: AsyncIterator[Piece],
    *,
    sample_rate: int,
    model: VisemeModel,
    sets: VisemeSets,
    background: Background,
) -> AsyncIterator[bytes]:
    """Yield the events of speech, with offsets in ms from its start.

    Args:
        first: Its first piece.
        coming: The other pieces; each is requested only after the previous one was sent.
        sample_rate: Sample rate of the pieces.
        model: The viseme model.
        sets: Viseme sets of the changes and of the weights.
        background: Thread that runs the prediction.
    """
    # The first request may have to load the network, which must not block conversations.
    stream = await background.run(
        partial(WholeStream, recording_network(model), sets, sample_rate=sample_rate)
    )
    sequence = 0
    piece: Piece | None = first
    try:
        while piece is not None:
            pcm = piece.pcm
            duration_ms = round(len(pcm) / 2 * 1000 / sample_rate)
            yield audio_event(pcm, sample_rate=sample_rate, sequence=sequence, duration_ms=duration_ms)
            changes, weights = await background.run(stream.accept, pcm)
            if piece.last:
                changes += stream.finish()
            yield speech_visemes_event(
                changes, sequence=sequence, duration_ms=duration_ms, sets=sets, weights=weights
            )
            sequence += 1
            piece = await anext(coming, None)
    except Refusal as error:
        yield speech_error(str(error))
    except Exception:
        logger.exception("POST /v1/visemes-audio failed after the response had started")
        yield speech_error("Internal server error")
