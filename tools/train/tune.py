"""Sets the decoder's constants on the dev split and measures what comes out.

The cost of a change is the one with the most frames right. Then lips closing (P, B, M) and lip on teeth (F, V) are
helped, each as far as it costs no more than a fifth of a per cent of the frames: a viewer notices a missing closure
far more than one too many.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy import score_corpus
from mascot_visemes.decode import Decoder, DecoderTable
from mascot_visemes.engine import Engine
from mascot_visemes.network import DecoderSettings, Network
from mascot_visemes.posteriors import PosteriorStream
from mascot_visemes.shapes import LABELS, SHAPES, ShapeSet
from tools.train import card
from tools.train.corpus import RATE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tools.train.corpus import Corpus

CHUNK_MS = 100
_TUNED_ON = ("librispeech-dev-clean", "librispeech-train-clean-100")
_COSTS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
_HELPED = ("P", "F")
_STEP = 0.1
_PRICE = 0.002


@dataclass(frozen=True, slots=True)
class _Heard:
    """Posteriors and levels of one utterance, chunk by chunk, and the reference label of each frame."""

    chunks: list[tuple[NDArray[np.float32], NDArray[np.float32]]]
    labels: NDArray[np.int8]


def _listen(network: Network, data: Corpus) -> list[_Heard]:
    """Posteriors of the tuning utterances, heard in chunks."""
    size = RATE * CHUNK_MS // 1000
    result = []
    for u in data.split("dev"):
        if u.corpus not in _TUNED_ON:
            continue
        audio = data.audio[u.sample : u.sample + u.samples].astype(np.float32) / np.float32(32768.0)
        stream = PosteriorStream(network, RATE)
        chunks = []
        for start in range(0, len(audio), size):
            parts = []
            steps = stream.hear(audio[start : start + size])
            if len(steps):
                late, early, state = network.run(steps[None], stream.state[None])
                parts.append(stream.take(late[0], early[0], state[0]))
            parts.append(stream.edge())
            chunks.append((np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])))
        result.append(_Heard(chunks, data.reference[u.frame : u.frame + u.frames]))
    return result


def _accuracy(heard: list[_Heard], shapes: ShapeSet, settings: DecoderSettings) -> float:
    """Share of frames whose shape is the reference's."""
    owner = shapes.matrix(LABELS).argmax(axis=1)
    table = DecoderTable(LABELS, shapes, settings)
    right = total = 0
    for h in heard:
        decoder = Decoder(table)
        track = np.zeros(len(h.labels), np.int64)
        for posteriors, levels in h.chunks:
            for frame, shape in decoder.decode(posteriors, levels):
                track[frame:] = shape
        right += int((track == owner[h.labels]).sum())
        total += len(track)
    return right / total


def _tuned(heard: list[_Heard], shapes: ShapeSet, start: DecoderSettings) -> DecoderSettings:
    tried = {cost: _accuracy(heard, shapes, replace(start, switch_cost=cost)) for cost in _COSTS}
    cost = max(tried, key=lambda c: tried[c])
    settings = replace(start, switch_cost=cost)
    allowed = tried[cost]
    for phone in _HELPED:
        allowed -= _PRICE
        index = shapes.index_of(phone)
        while True:
            bias = list(settings.bias)
            bias[index] = round(bias[index] + _STEP, 2)
            candidate = replace(settings, bias=tuple(bias))
            if _accuracy(heard, shapes, candidate) < allowed:
                break
            settings = candidate
    print(f"decoder {shapes.name}: change {cost}, biases {settings.bias}", flush=True)
    return settings


def tune(graph: Path, corpus: Path, data: Corpus) -> None:
    """Tune the model at `graph` and complete its card with constants and figures.

    Args:
        graph: The ONNX file; the card lies beside it.
        corpus: Folder of the corpora, for the figures.
        data: The same, loaded.
    """
    path = graph.with_suffix(".json")
    text = path.read_text("utf-8")
    network = Network(graph.stem, graph.read_bytes(), text)
    heard = _listen(network, data)
    content = json.loads(text)
    for shapes in (SHAPES[name] for name in card.TUNED):
        settings = _tuned(heard, shapes, network.decoder(shapes))
        content["decoder"][shapes.name] = {
            "switch_cost": settings.switch_cost,
            "silence_db": settings.silence_db,
            "bias": list(settings.bias),
        }
    engine = Engine(Network(graph.stem, graph.read_bytes(), json.dumps(content)), SHAPES["oculus"])
    scores = {p.stem: score_corpus(engine, p, "dev", CHUNK_MS) for p in sorted(corpus.glob("*.jsonl"))}
    content["metrics"] = {
        "split": "dev",
        "chunk_ms": CHUNK_MS,
        "corpora": {name: score.figures() for name, score in scores.items() if score.utterances},
    }
    print(json.dumps(content["metrics"]), flush=True)
    card.save(path, content)
