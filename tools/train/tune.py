"""Sets the decoder's constants on the dev split and measures what comes out.

First the one price of all changes with which most frames are right. Then lips closing (P, B, M) and lip on teeth (F, V)
get a price and a bias of their own. A dear entry keeps short false closures out, a bias keeps the long ones in. Of the
pairs that lose few frames and keep a balance between shapes missed and shapes claimed falsely, the one is taken that
finds most. A viewer notices a missing closure and a false one alike; a missing F or V more than a false one, which
looks much like the sounds that are taken for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from bench.accuracy import score_corpus
from bench.corpus import utterances
from bench.visemes import FRAME_MS, Found, Track, reference, track
from mascot_visemes.decode import SILENCE, DecoderTable, best_paths
from mascot_visemes.engine import Engine
from mascot_visemes.network import DecoderSettings, Network
from mascot_visemes.posteriors import PosteriorStream, listen
from mascot_visemes.shapes import SHAPES, ShapeSet
from tools.train import card
from tools.train.corpus import RATE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tools.train.corpus import Corpus

    Floats = NDArray[np.float32]

CHUNK_MS = 100
_CHUNK = CHUNK_MS // FRAME_MS
_COSTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
_HELPED = {"P": "PP", "F": "FF"}  # a phone of each class, and what the judge calls it
_ENTRIES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
_BIASES = (-0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.6, 2.0)
_PRICE = 0.003  # share of the frames that helping may cost, all in all
# By which the share of true ones among those claimed may lie below that of those found.
_IMBALANCE = {"P": 0.03, "F": 0.25}


@dataclass(frozen=True, slots=True)
class _Heard:
    """One utterance, up to its last whole chunk: posteriors, levels and reference labels by frame, true shapes."""

    posteriors: Floats
    levels: Floats
    labels: NDArray[np.int8]
    said: Track


@dataclass(frozen=True, slots=True)
class _Figures:
    """What some settings give: share of frames right, and how often each helped class is found."""

    right: float
    found: dict[str, Found]

    def __str__(self) -> str:
        parts = [f"{100 * self.right:.2f} % of frames right"]
        for phone, found in self.found.items():
            parts.append(
                f"{_HELPED[phone]} found {100 * found.recall:.1f} %, precision {100 * found.precision:.1f} %"
            )
        return "; ".join(parts)


class _Trial:
    """Tries settings for one viseme set.

    Args:
        heard: The speech, longest utterance first.
        shapes: The viseme set.
        silence_db: Level of silence.
        labels: What the network tells apart.
    """

    def __init__(
        self, heard: list[_Heard], shapes: ShapeSet, silence_db: float, labels: tuple[str, ...]
    ) -> None:
        self.shapes = shapes
        self.silence_db = silence_db
        self._labels = labels
        self._heard = heard
        self._owner = shapes.matrix(labels).argmax(axis=1)

    @cached_property
    def _scores(self) -> Floats:
        """Scores without biases, shape (utterances, frames of the longest, shapes)."""
        width = len(self.shapes.ids)
        none = DecoderSettings((0.0,) * width, self.silence_db, (0.0,) * width)
        table = DecoderTable(self._labels, self.shapes, none)
        scores = np.zeros((len(self._heard), len(self._heard[0].levels), width), np.float32)
        for row, h in zip(scores, self._heard, strict=True):
            row[: len(h.levels)] = table.scores(h.posteriors, h.levels)
        return scores

    def figures(self, settings: DecoderSettings) -> _Figures:
        """Decode in chunks, all utterances together, and count."""
        scores = self._scores + np.array(settings.bias, np.float32)
        changes: list[list[tuple[int, int]]] = [[(0, SILENCE)] for _ in self._heard]
        for start in range(0, scores.shape[1], _CHUNK):
            going = sum(len(h.levels) > start for h in self._heard)
            current = [path[-1][1] for path in changes[:going]]
            found = best_paths(scores[:going, start : start + _CHUNK], current, settings.switch_cost)
            for path, new in zip(changes, found, strict=False):
                path += [(start + row, shape) for row, shape in new]
        return self._count(changes)

    def _count(self, changes: list[list[tuple[int, int]]]) -> _Figures:
        right = 0
        found = {phone: Found() for phone in _HELPED}
        for h, path in zip(self._heard, changes, strict=True):
            frames = [frame for frame, _ in path]
            lengths = np.diff([*frames, len(h.labels)])
            decided = np.repeat([shape for _, shape in path], lengths)
            right += int(np.count_nonzero(decided == self._owner[h.labels]))
            predicted = track([(frame * FRAME_MS, str(shape)) for frame, shape in path], h.said.end)
            for phone, viseme in _HELPED.items():
                shape = str(self.shapes.index_of(phone))
                found[phone].add(h.said.spans(viseme), predicted.spans(shape))
        return _Figures(right / sum(len(h.labels) for h in self._heard), found)


def _listen(network: Network, corpus: Path, data: Corpus) -> list[_Heard]:
    """The utterances to tune on, heard in chunks, longest first."""
    size = RATE * CHUNK_MS // 1000
    chosen = [u for u in data.split("dev") if u.corpus in data.language.tuned_on and u.samples >= size]
    chosen.sort(key=lambda u: -u.samples)
    phones = {
        (name, entry["audio"]): entry["phones"]
        for name in {u.corpus for u in chosen}
        for entry in utterances(corpus / f"{name}.jsonl", "dev")
    }
    streams = [PosteriorStream(network, RATE) for _ in chosen]
    parts: list[list[tuple[Floats, Floats]]] = [[] for _ in chosen]
    for start in range(0, chosen[0].samples - size + 1, size):
        going = [u for u in chosen if u.samples >= start + size]
        pcm = np.stack([data.audio[u.sample + start : u.sample + start + size] for u in going])
        samples = pcm.astype(np.float32) / np.float32(32768.0)
        posteriors, levels = listen([(streams[: len(going)], samples)], edge=True)[0]
        for part, *frames in zip(parts, posteriors, levels, strict=False):
            part.append((frames[0], frames[1]))
    heard = []
    for u, part in zip(chosen, parts, strict=True):
        posteriors, levels = (np.concatenate(p) for p in zip(*part, strict=True))
        said = reference(phones[u.corpus, u.audio], len(levels) * FRAME_MS)
        labels = data.reference[u.frame : u.frame + len(levels)]
        heard.append(_Heard(posteriors, levels, labels, said))
    return heard


def _tuned(trial: _Trial) -> DecoderSettings:
    """The best settings; each choice is printed, with the figures before and after."""
    shapes = trial.shapes
    width = len(shapes.ids)
    plain = [DecoderSettings((cost,) * width, trial.silence_db, (0.0,) * width) for cost in _COSTS]
    tried = {settings: trial.figures(settings) for settings in plain}
    settings = max(tried, key=lambda s: tried[s].right)
    figures = tried[settings]
    print(f"{shapes.name}: a change costs {settings.switch_cost[0]:g}: {figures}", flush=True)
    least = figures.right - _PRICE
    for phone, viseme in _HELPED.items():
        index = shapes.index_of(phone)
        tried = {settings: figures}
        for cost, bias in product(_ENTRIES, _BIASES):
            candidate = _with(settings, index, cost, bias)
            tried[candidate] = trial.figures(candidate)
        settings = _best(tried, phone, least)
        print(f"{shapes.name}: {viseme} costs {settings.switch_cost[index]:g}, bias {settings.bias[index]:g}")
        print(f"  before: {figures}\n  after:  {tried[settings]}", flush=True)
        figures = tried[settings]
    return settings


def _with(settings: DecoderSettings, index: int, cost: float, bias: float) -> DecoderSettings:
    """Settings with the price and bias of one viseme replaced."""
    costs, biases = list(settings.switch_cost), list(settings.bias)
    costs[index], biases[index] = cost, bias
    return replace(settings, switch_cost=tuple(costs), bias=tuple(biases))


def _best(tried: dict[DecoderSettings, _Figures], phone: str, least: float) -> DecoderSettings:
    """Of settings that lose few frames those that find most, without claiming much; else those of best balance."""

    def balanced(settings: DecoderSettings) -> bool:
        found = tried[settings].found[phone]
        return found.precision >= found.recall - _IMBALANCE[phone]

    allowed = [s for s in tried if tried[s].right >= least]
    if good := [s for s in allowed if balanced(s)]:
        return max(good, key=lambda s: (tried[s].found[phone].recall, tried[s].right))
    return max(allowed, key=lambda s: min(tried[s].found[phone].recall, tried[s].found[phone].precision))


def tune(graph: Path, corpus: Path, data: Corpus) -> None:
    """Tune the model at `graph` and complete its card with constants and figures.

    Args:
        graph: The ONNX file; the card lies beside it.
        corpus: Folder of the corpora, for the phone times and the figures.
        data: The same, loaded.
    """
    path = graph.with_suffix(".json")
    text = path.read_text("utf-8")
    heard = _listen(Network(graph.stem, graph.read_bytes(), text), corpus, data)
    content = json.loads(text)
    for shapes in (SHAPES[name] for name in card.TUNED):
        settings = _tuned(
            _Trial(heard, shapes, content["decoder"][shapes.name]["silence_db"], data.language.labels)
        )
        content["decoder"][shapes.name] = {
            "switch_cost": list(settings.switch_cost),
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
