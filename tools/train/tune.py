"""Sets the decoder's constants on the dev split and measures what comes out.

Every trial counts twice: in short chunks, most of whose frames lie at an edge, and in long ones. First the one price of
all changes with which most frames are right. Then closures of the lips (P, B, M): how doubtful they are at a chunk's
edge, how clear one must be to be shown late, a price and a bias of their own. A dear entry keeps short false closures
out, a bias keeps the long ones in. Of all settings that lose few frames and with which closed mouths are true often
enough, those are taken that find most. Then a price and a bias for F and V, in the same way; and those of closures once
more, since F and V take some of theirs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from bench.corpus import utterances
from bench.scoring import score_corpus
from bench.visemes import FRAME_MS, Found, Track, reference, track
from mascot_visemes.decode import SILENCE, Decoder, DecoderTable
from mascot_visemes.engine import Engine
from mascot_visemes.network import DecoderSettings, Network
from mascot_visemes.posteriors import PosteriorStream, listen
from mascot_visemes.shapes import SHAPES, ShapeSet
from tools.train import card
from tools.train.corpus import HOP, RATE
from tools.train.packaged import loaded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mascot_visemes.posteriors import Heard
    from tools.train.corpus import Corpus

CHUNK_MS = 100
_LONG_CHUNK_MS = 2000
_COSTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
_HELPED = {"P": "PP", "F": "FF"}  # a phone of each class, and what the judge calls it
_EDGES = tuple(product((4, 6), (-1.5, -2.0, -2.5), (0.5, 1.0)))  # frames, bias, lead
_ENTRIES = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
_BIASES = (-0.3, 0.0, 0.3, 0.6, 0.75, 0.9, 1.2)
_PRICE = 0.006  # share of the frames that all help together may cost
_TRUE = 0.85  # of the closed mouths: what the model is asked for
# By which F and V may be claimed rightly less often than they are found: a false one shows little.
_IMBALANCE = 0.1


@dataclass(frozen=True, slots=True)
class _Speech:
    """The utterances to tune on, longest first, each up to its last whole chunk.

    Attributes:
        chunks: What was heard in each chunk, a row for each utterance that is as long.
        labels: Reference label of each frame, by utterance.
        said: True shapes, by utterance.
    """

    chunks: list[Heard]
    labels: list[NDArray[np.int8]]
    said: list[Track]


@dataclass(frozen=True, slots=True)
class _Figures:
    """What some settings give, for each length of chunks: share of frames right, and each helped class as counted."""

    shares: list[float]
    counts: list[dict[str, Found]]

    @property
    def right(self) -> float:
        """Share of the frames."""
        return float(np.mean(self.shares))

    def recall(self, phone: str) -> float:
        """Share of a class that is found."""
        return float(np.mean([counts[phone].recall for counts in self.counts]))

    def precision(self, phone: str) -> float:
        """Share of those claimed that is true, with the chunks with which it is least."""
        return min(counts[phone].precision for counts in self.counts)

    def __str__(self) -> str:
        parts = [f"{100 * self.right:.2f} % of frames right"]
        for phone, name in _HELPED.items():
            recall, precision = 100 * self.recall(phone), 100 * self.precision(phone)
            parts.append(f"{name} found {recall:.1f} %, precision {precision:.1f} %")
        return "; ".join(parts)


class _Trial:
    """Tries settings for one viseme set.

    Args:
        speech: To try on, however often.
        shapes: The viseme set.
        silence_db: Level of silence.
        labels: What the network tells apart.
    """

    def __init__(
        self, speech: Sequence[_Speech], shapes: ShapeSet, silence_db: float, labels: tuple[str, ...]
    ) -> None:
        self.shapes = shapes
        self.silence_db = silence_db
        self._labels = labels
        self._speech = speech
        self._owner = shapes.matrix(labels).argmax(axis=1)

    def figures(self, settings: DecoderSettings) -> _Figures:
        """Decode in chunks, all utterances together, and count."""
        table = DecoderTable(self._labels, self.shapes, settings)
        shares, counts = [], []
        for speech in self._speech:
            right = total = 0
            claims = {phone: Found() for phone in _HELPED}
            for labels, said, path in zip(speech.labels, speech.said, _paths(table, speech), strict=True):
                frames = [frame for frame, _ in path]
                decided = np.repeat([shape for _, shape in path], np.diff([*frames, len(labels)]))
                right += int(np.count_nonzero(decided == self._owner[labels]))
                total += len(labels)
                predicted = track([(frame * FRAME_MS, str(shape)) for frame, shape in path], said.end)
                for phone, viseme in _HELPED.items():
                    shape = str(self.shapes.index_of(phone))
                    claims[phone].add(said.spans(viseme), predicted.spans(shape))
            shares.append(right / total)
            counts.append(claims)
        return _Figures(shares, counts)


def _paths(table: DecoderTable, speech: _Speech) -> list[list[tuple[int, int]]]:
    """Shapes shown in each utterance, as (first frame, shape)."""
    decoders = [Decoder(table) for _ in speech.said]
    paths = [[(0, SILENCE)] for _ in decoders]
    for heard in speech.chunks:
        found = Decoder.decode_together(decoders[: len(heard.levels)], heard, edge=True)
        for path, changes in zip(paths, found, strict=False):
            path.extend(changes)
    return paths


def _listen(network: Network, listings: Mapping[str, Path], data: Corpus, chunk_ms: int) -> _Speech:
    """The utterances to tune on, heard in chunks."""
    size = RATE * chunk_ms // 1000
    chosen = [u for u in data.split("dev") if u.corpus in data.language.tuned_on and u.samples >= size]
    chosen.sort(key=lambda u: -u.samples)
    phones = {
        (name, entry["audio"]): entry.get("ipa", entry["phones"])
        for name in {u.corpus for u in chosen}
        for entry in utterances(listings[name], "dev")
    }
    streams = [PosteriorStream(network, RATE) for _ in chosen]
    chunks = []
    for start in range(0, chosen[0].samples - size + 1, size):
        going = [u for u in chosen if u.samples >= start + size]
        pcm = np.stack([data.audio[u.sample + start : u.sample + start + size] for u in going])
        samples = pcm.astype(np.float32) / np.float32(32768.0)
        chunks += listen([(streams[: len(going)], samples)], edge=True)
    frames = [u.samples // size * size // HOP for u in chosen]
    return _Speech(
        chunks,
        [data.reference[u.frame : u.frame + count] for u, count in zip(chosen, frames, strict=True)],
        [
            reference(phones[u.corpus, u.audio], count * FRAME_MS)
            for u, count in zip(chosen, frames, strict=True)
        ],
    )


def _tuned(trial: _Trial, given: DecoderSettings | None) -> DecoderSettings:
    """The best settings, but for a chunk's edge those given; each choice is printed, with its figures."""
    shapes = trial.shapes
    plain = [DecoderSettings.plain(len(shapes.ids), cost, trial.silence_db) for cost in _COSTS]
    tried = {settings: trial.figures(settings) for settings in plain}
    settings = max(tried, key=lambda s: tried[s].right)
    print(f"{shapes.name}: a change costs {settings.switch_cost[0]:g}: {tried[settings]}", flush=True)
    least = tried[settings].right - _PRICE
    if given:
        # What is certain at an edge depends on the kind of network; how often it takes a sound for a closure on all.
        edge = {name: getattr(given, name) for name in ("edge_frames", "edge_bias", "late_lead")}
        return _closed(trial, [replace(settings, **edge)], least)
    edges = [
        replace(settings, edge_frames=frames, edge_bias=bias, late_lead=lead) for frames, bias, lead in _EDGES
    ]
    return _closed(trial, edges, least)


def _closed(trial: _Trial, candidates: Sequence[DecoderSettings], least: float) -> DecoderSettings:
    """The best settings for closures, then for F and V, then for closures once more."""
    shapes, settings = trial.shapes, _helped(trial, "P", candidates, least)
    print(
        f"{shapes.name}: closures at an edge {settings.edge_bias:g} for {settings.edge_frames} frames, "
        f"shown late if they lead by {settings.late_lead:g}",
        flush=True,
    )
    settings = _helped(trial, "F", [settings], least)
    return _helped(trial, "P", [settings], least)


def _helped(
    trial: _Trial, phone: str, candidates: Sequence[DecoderSettings], least: float
) -> DecoderSettings:
    """The best of `candidates` with a price and a bias for a class.

    Of those that leave `least` of the frames right (of all, if none does), it is the one that finds most, if enough of
    what it claims is true; if none does that, the one that is best at the worse of the two.
    """
    index = trial.shapes.index_of(phone)
    choices = [
        _with(settings, index, cost, bias) for settings, cost, bias in product(candidates, _ENTRIES, _BIASES)
    ]
    tried = {settings: trial.figures(settings) for settings in choices}
    allowed = [settings for settings in choices if tried[settings].right >= least] or choices

    def enough(settings: DecoderSettings) -> bool:
        figures = tried[settings]
        wanted = _TRUE if phone == "P" else figures.recall(phone) - _IMBALANCE
        return figures.precision(phone) >= wanted

    if good := [settings for settings in allowed if enough(settings)]:
        best = max(good, key=lambda s: (round(tried[s].recall(phone), 3), tried[s].right))
    else:
        best = max(allowed, key=lambda s: min(tried[s].recall(phone), tried[s].precision(phone)))
    cost, bias = best.switch_cost[index], best.bias[index]
    print(f"{trial.shapes.name}: {_HELPED[phone]} costs {cost:g}, bias {bias:g}: {tried[best]}", flush=True)
    return best


def _with(settings: DecoderSettings, index: int, cost: float, bias: float) -> DecoderSettings:
    """Settings with the price and bias of one viseme replaced."""
    costs, biases = list(settings.switch_cost), list(settings.bias)
    costs[index], biases[index] = cost, bias
    return replace(settings, switch_cost=tuple(costs), bias=tuple(biases))


def tune(graph: Path, folders: Sequence[Path], data: Corpus, *, edges_of: Path | None = None) -> None:
    """Tune the model at `graph` and complete its card with constants and figures.

    Args:
        graph: The ONNX file; the card lies beside it.
        folders: Hold the corpora, for the phone times; the first has those that `measure` scores.
        data: The same, loaded.
        edges_of: A like network whose constants for a chunk's edge are taken over, which saves most of the time.
    """
    path = graph.with_suffix(".json")
    text = path.read_text("utf-8")
    network = Network(graph.stem, graph.read_bytes(), text)
    listings = {path.stem: path for folder in folders for path in folder.glob("*.jsonl")}
    speech = [_listen(network, listings, data, chunk_ms) for chunk_ms in (CHUNK_MS, _LONG_CHUNK_MS)]
    content = json.loads(text)
    for shapes in (SHAPES[name] for name in card.TUNED):
        trial = _Trial(speech, shapes, content["decoder"][shapes.name]["silence_db"], data.language.labels)
        settings = _tuned(trial, loaded(edges_of).decoder(shapes) if edges_of else None)
        content["decoder"][shapes.name] = card.decoder(settings)
    card.save(path, content)
    measure(graph, folders[0])


def measure(graph: Path, corpus: Path) -> None:
    """Complete the card of the model at `graph` with its figures on the dev split of the corpora in a folder."""
    path = graph.with_suffix(".json")
    content = json.loads(path.read_text("utf-8"))
    engine = Engine(Network(graph.stem, graph.read_bytes(), json.dumps(content)), SHAPES["oculus"])
    scores = {p.stem: score_corpus(engine, p, "dev", CHUNK_MS) for p in sorted(corpus.glob("*.jsonl"))}
    content["metrics"] = {
        "split": "dev",
        "chunk_ms": CHUNK_MS,
        "corpora": {name: score.figures() for name, score in scores.items() if score.utterances},
    }
    print(json.dumps(content["metrics"]), flush=True)
    card.save(path, content)
