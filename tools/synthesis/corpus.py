"""Write a corpus: ``<corpus>.jsonl`` and its audio, 16 kHz mono, in FLAC or Ogg Opus."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from scipy.signal import resample_poly

from tools.synthesis.align import sharpened
from tools.synthesis.phones import UnknownPhone, arpabet
from tools.synthesis.speech import Manner, Segment

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from tools.synthesis.speech import Speech, Voice

RATE = 16_000
_DEV_BATCH = 2  # texts of the dev split spoken in one manner
_FORMATS = {"train": ("flac", "FLAC", "PCM_16"), "dev": ("opus", "OGG", "OPUS")}
_OPUS_LEVEL = 0.9  # of soundfile: about 24 kbit/s
_LONGEST_SLIP_S = 0.05  # maximum difference between a synthesiser's last time and the end of its audio


@dataclass(slots=True)
class Written:
    """Statistics of a written corpus.

    Attributes:
        seconds: Length of the audio.
        utterances: Number of utterances.
        unknown: Phones without a name in corpora, and the number of utterances left out for each.
        misfits: Utterances left out because their times and their audio have different ends.
    """

    seconds: float = 0.0
    utterances: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    misfits: int = 0


class Misfit(Exception):
    """The times of an utterance and its audio have different ends."""


def entry(speech: Speech, voice: Voice) -> tuple[NDArray[np.int16], list[Segment]]:
    """Return audio at 16 kHz and its phones with the names of corpora, from 0 to the end of the audio.

    Raises:
        UnknownPhone: A phone is not in the voice's table.
        Misfit: The last phone ends more than 50 ms away from the end of the audio.
    """
    factor = math.gcd(RATE, speech.rate)
    samples = speech.samples
    if speech.rate != RATE:
        converted = resample_poly(samples.astype(np.float64), RATE // factor, speech.rate // factor)
        samples = np.clip(np.rint(converted), -32768, 32767).astype(np.int16)
    length = len(samples) / RATE
    if abs(speech.segments[-1].end_s - length) > _LONGEST_SLIP_S:
        raise Misfit
    moved = [
        segment._replace(start_s=segment.start_s + voice.late_s, end_s=segment.end_s + voice.late_s)
        for segment in speech.segments
    ]
    moved[0] = moved[0]._replace(start_s=0.0)
    moved[-1] = moved[-1]._replace(end_s=length)
    phones = arpabet(moved, voice.phones)
    return samples, sharpened(samples, RATE, phones) if voice.rough else phones


def write(
    voice: Voice,
    texts: Iterable[str],
    out: Path,
    *,
    seconds: float,
    random: random.Random,
    split: str = "train",
) -> Written:
    """Speak texts until `out` has `seconds` of audio or no text is left; the manner changes after a few texts.

    The dev split is small and part of the repository, so it is written as Ogg Opus. Its manner changes more often.
    """
    written = Written()
    suffix, container, codec = _FORMATS[split]
    level = _OPUS_LEVEL if codec == "OPUS" else None
    (out / voice.corpus).mkdir(parents=True, exist_ok=True)
    size = _DEV_BATCH if split == "dev" else voice.batch
    remaining = list(texts)
    turns = count()
    with (out / f"{voice.corpus}.jsonl").open("w", encoding="utf-8") as listing:
        while remaining and written.seconds < seconds:
            batch, remaining = remaining[:size], remaining[size:]
            manner = _manner(voice, random, next(turns))
            for text, speech in zip(batch, voice.speak(batch, manner), strict=True):
                try:
                    samples, phones = entry(speech, voice)
                except UnknownPhone as unknown:
                    written.unknown[unknown.phone] += 1
                    continue
                except Misfit:
                    written.misfits += 1
                    continue
                line: dict[str, Any] = {
                    "audio": f"{voice.corpus}/{written.utterances:05d}.{suffix}",
                    "speaker": f"{voice.corpus}/{manner.variant or voice.corpus.rpartition('-')[2]}",
                    "split": split,
                    "text": text,
                    "phones": [[round(p.start_s, 4), round(p.end_s, 4), p.phone] for p in phones],
                }
                path = out / line["audio"]
                soundfile.write(path, samples, RATE, codec, format=container, compression_level=level)
                listing.write(json.dumps(line) + "\n")
                written.seconds += len(samples) / RATE
                written.utterances += 1
    return written


def _manner(voice: Voice, random: random.Random, turn: int) -> Manner:
    return Manner(
        pace=random.uniform(*voice.paces),
        pitch=random.uniform(*voice.pitches),
        variant=voice.variants[turn % len(voice.variants)],
        tract=random.uniform(*voice.tracts),
    )
