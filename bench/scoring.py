"""Send recordings to a model in chunks, as in a live stream, and count its visemes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.conditions import SAME_TIMES, Heard, heard
from bench.corpus import evenly, read_audio, utterances
from bench.excerpts import BILABIAL, VOWELS, Excerpt, ends_bilabial, held, lone_words
from bench.tones import RATE, sounds
from bench.visemes import CLOSURE_MARGIN_MS, FRAME_MS, Score, Track, overlapping, reference, track

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    import mascot_visemes as mv

_CLOSED = ("sil", BILABIAL)
_LOUD_DB = 12.0
"""A frame is loud if its level is at most this much below the 95th percentile of the recording's levels."""
_SOUNDING_DB = 40.0
"""A frame is audible if its level is at most this much below the loudest frame of the sound."""
_SETTLED_MS = 100
"""A held vowel is counted from this long after its start to this long before its end."""


def score_corpus(
    engine: mv.Engine,
    listing: Path,
    split: str,
    chunk_ms: float,
    *,
    limit: int | None = None,
    condition: str = "clean",
    lookahead: bool = False,
) -> Score:
    """Score one corpus.

    Args:
        engine: Engine with the Oculus set.
        listing: The corpus's ``.jsonl`` file.
        split: ``train`` or ``dev``.
        chunk_ms: Audio per call of ``accept_waveform``; infinity for a whole utterance per call.
        limit: Maximum number of utterances.
        condition: One of `bench.conditions.CONDITIONS`, except ``tones``.
        lookahead: Whether the audio after a call is known, as in a burst. It is not for an utterance's first call.
    """
    entries = utterances(listing, split)
    return score_entries(
        engine, listing.parent, entries, chunk_ms, limit=limit, condition=condition, lookahead=lookahead
    )


def score_entries(
    engine: mv.Engine,
    folder: Path,
    entries: list[dict[str, Any]],
    chunk_ms: float,
    *,
    limit: int | None = None,
    condition: str = "clean",
    lookahead: bool = False,
) -> Score:
    """Score utterances as `score_corpus` does; the names of their audio are relative to `folder`."""
    score = Score()
    for number, entry in enumerate(evenly(entries, limit)):
        pcm, rate = read_audio(folder / entry["audio"])
        if condition in SAME_TIMES:
            phones = entry["phones"]
            audio = heard(condition, pcm, rate, name=entry["audio"], phones=phones)
            said, predicted = _scored(score, engine, audio, phones, chunk_ms, lookahead=lookahead)
            score.count("closed_when_loud", *_closed_when_loud(said, predicted, pcm, rate))
            continue
        for excerpt in _excerpts(condition, pcm, rate, entry, number):
            audio = Heard(excerpt.pcm, rate, "pcm16")
            said, predicted = _scored(score, engine, audio, excerpt.phones, chunk_ms, lookahead=lookahead)
            if condition == "held":
                score.count("held_open", *_held_open(excerpt, predicted))
            elif ends_bilabial(excerpt.phones):
                last = said.spans(BILABIAL)[-1:]
                met = overlapping(last, predicted.spans(BILABIAL), CLOSURE_MARGIN_MS)
                score.count("final_bilabial_recall", met, 1)
    return score


def score_tones(engine: mv.Engine, chunk_ms: float) -> dict[str, Score]:
    """Score the sounds of `bench.tones`, by name: count the audible frames with an open mouth."""
    scores: dict[str, Score] = {}
    for name, pcm in sounds():
        score = scores.setdefault(name, Score())
        phones = [(0.0, len(pcm) / RATE, "SIL")]
        _, predicted = _scored(score, engine, Heard(pcm, RATE, "pcm16"), phones, chunk_ms)
        power = _power(pcm, RATE)
        sounding = np.flatnonzero(power > power.max() * 10 ** (-_SOUNDING_DB / 10))
        opened = sum(predicted.at(int(frame) * FRAME_MS + FRAME_MS // 2) not in _CLOSED for frame in sounding)
        score.count("open_in_sound", opened, len(sounding))
    return scores


def _excerpts(
    condition: str, pcm: NDArray[np.int16], rate: int, entry: dict[str, Any], number: int
) -> Iterator[Excerpt]:
    if condition == "held":
        return held(pcm, rate, entry["phones"], number)
    return lone_words(pcm, rate, entry, entry["phones"])


def _scored(
    score: Score,
    engine: mv.Engine,
    audio: Heard,
    phones: Sequence[tuple[float, float, str]],
    chunk_ms: float,
    *,
    lookahead: bool = False,
) -> tuple[Track, Track]:
    """Count one recording, and return the true track and the predicted one."""
    end = len(audio.samples) * 1000 // audio.rate
    stream = engine.create_stream(sample_rate=audio.rate, encoding=audio.encoding)
    events: list[mv.VisemeEvent] = []
    done = chunk = 0
    ahead = engine.lookahead_ms * audio.rate // 1000
    while done < len(audio.samples):
        chunk += 1
        upto = int(min(chunk * chunk_ms * audio.rate / 1000, len(audio.samples)))
        following = audio.samples[upto : upto + ahead] if lookahead and done else None
        events += stream.accept_waveform(audio.samples[done:upto], lookahead=following)
        done = upto
    events += stream.input_finished()
    said = reference(list(phones), end)
    predicted = track([(e.time_ms, str(e.viseme)) for e in events], end)
    score.add(said, predicted, len(events))
    return said, predicted


def _closed_when_loud(said: Track, predicted: Track, pcm: NDArray[np.int16], rate: int) -> tuple[int, int]:
    """Return the number of loud vowel frames with a closed mouth, and of all, both away from closures."""
    power = _power(pcm, rate)
    if not len(power):
        return 0, 0
    least = np.percentile(power, 95) * 10 ** (-_LOUD_DB / 10)
    away = [(a - CLOSURE_MARGIN_MS, b + CLOSURE_MARGIN_MS) for shape in _CLOSED for a, b in said.spans(shape)]
    centres = [
        centre
        for frame in np.flatnonzero(power >= least)
        if said.at(centre := int(frame) * FRAME_MS + FRAME_MS // 2) in VOWELS
        and not any(a <= centre < b for a, b in away)
    ]
    return sum(predicted.at(centre) in _CLOSED for centre in centres), len(centres)


def _power(pcm: NDArray[np.int16], rate: int) -> NDArray[np.float64]:
    """Return the mean square of each frame, shape (frames,)."""
    size = rate * FRAME_MS // 1000
    count = len(pcm) // size
    result: NDArray[np.float64] = (pcm[: count * size].astype(np.float64).reshape(count, size) ** 2).mean(
        axis=1
    )
    return result


def _held_open(excerpt: Excerpt, predicted: Track) -> tuple[int, int]:
    start, end, _ = max(excerpt.phones, key=lambda phone: phone[1] - phone[0])
    centres = range(round(start * 1000) + _SETTLED_MS, round(end * 1000) - _SETTLED_MS, FRAME_MS)
    return sum(predicted.at(centre) not in _CLOSED for centre in centres), len(centres)
