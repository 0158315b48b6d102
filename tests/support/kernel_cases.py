"""Computations that have a compiled kernel; as a program, it writes the result of one of them as JSON.

`tests/visemes/test_kernels.py` runs them with the kernels, and in a process without.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

import mascot_visemes
from mascot_visemes.decode import Decoder, DecoderTable, best_paths
from mascot_visemes.features import FeatureStream
from mascot_visemes.kernels import KERNELS
from mascot_visemes.network import DecoderSettings
from mascot_visemes.phonemes import ENGLISH
from mascot_visemes.posteriors import Heard
from mascot_visemes.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable


def features(rate: int) -> list[Any]:
    """Return bands and levels of noise that gets very quiet."""
    audio = np.random.default_rng(rate).normal(0, 0.1, rate // 3).astype(np.float32)
    audio[rate // 6 :] *= 1e-4
    bands, levels = FeatureStream(rate).push(audio)
    return [bands.tolist(), levels.tolist()]


def paths(streams: int, frames: int, shapes: int, seed: int) -> list[Any]:
    """Return the best paths through random scores, which change slowly if the seed is odd."""
    rng = np.random.default_rng(seed)
    answers = []
    for _ in range(40):
        scores = rng.normal(0, 2, (streams, frames, shapes)).astype(np.float32)
        if seed % 2:
            scores = scores.cumsum(axis=1)
        current = rng.integers(0, shapes, streams).tolist()
        found = best_paths(scores, current, rng.uniform(0, 4, shapes).tolist())
        answers.append([[list(change) for change in path] for path in found])
    return answers


def decisions(streams: int, frames: int, decided: int, seed: int) -> list[Any]:
    """Return the changes that decoders find in random posteriors, one call after the other."""
    rng = np.random.default_rng(seed)
    shapes = SHAPES["oculus"]
    settings = replace(
        DecoderSettings.plain(len(shapes.ids), 0.7, -60.0), edge_frames=2, edge_bias=-0.9, late_lead=0.4
    )
    table = DecoderTable(ENGLISH, shapes, settings)
    decoders = [Decoder(table) for _ in range(streams)]
    found = []
    for _ in range(30):
        posteriors = rng.gamma(0.05, 1, (streams, frames + decided, len(ENGLISH))).astype(np.float32) + 1e-9
        posteriors /= posteriors.sum(axis=2, keepdims=True)
        # A part of an array, as levels are between two chunks.
        levels = rng.uniform(-80, 0, (streams, frames + 1)).astype(np.float32)[:, 1:]
        found.append(Decoder.decode_together(decoders, Heard(posteriors, levels), edge=seed % 2 == 0))
    return [[[list(change) for change in changes] for changes in streams] for streams in found]


def visemes(rate: int) -> list[Any]:
    """Return the shape of each frame of a tone that changes its pitch and its vowel, in chunks of 100 ms."""
    time = np.arange(3 * rate) / rate
    pitch = 2 * np.pi * np.cumsum(120 + 40 * np.sin(2 * np.pi * time)) / rate
    vowel = 3 + 2 * np.sin(2 * np.pi * 1.7 * time)
    audio = sum(np.exp(-((number - vowel) ** 2)) * np.sin(number * pitch) for number in range(1, 9))
    pcm = (6000 * audio * (np.sin(2 * np.pi * 2.3 * time) > -0.4)).astype(np.int16)
    stream = mascot_visemes.load("lite").create_stream(sample_rate=rate)
    changes = [
        (event.time_ms, event.viseme)
        for start in range(0, len(pcm), rate // 10)
        for event in stream.accept_waveform(pcm[start : start + rate // 10])
    ]
    ends = [time_ms for time_ms, _ in changes[1:]] + [3000]
    return [viseme for (begin, viseme), end in zip(changes, ends, strict=True) for _ in range(begin, end, 10)]


CASES: dict[str, Callable[..., list[Any]]] = {
    "features": features,
    "decisions": decisions,
    "paths": paths,
    "visemes": visemes,
}

if __name__ == "__main__":
    assert KERNELS is None
    json.dump(CASES[sys.argv[1]](*map(int, sys.argv[2:])), sys.stdout)
