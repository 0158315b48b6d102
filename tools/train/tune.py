"""Tunes the decoder's constants on dev speech of all languages.

::

    python -m tools.train.tune MODEL.onnx --corpora DIR

``DIR`` holds a folder of corpora for each language, whose *dev* utterances are those of `bench.splits`. The constants
go into the card beside the network. `tools.train` does the same with the dev speech that it trained beside.

What speech gives is computed once; a trial decodes it again, in short chunks, most of whose frames lie at an edge, and
in long ones. A trial's merit is the share of frames that are right, and with less weight what is found and what is true
of closures of the lips (P, B, M) and of F and V, open mouths in silence and changes of shape. English counts half, all
other languages together the other half, each alike. A false closure costs as much as a missed one. One constant after
the other takes the best of its values, until none changes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.corpus import evenly, read_audio
from bench.languages import corpora
from bench.scoring import score_corpus
from bench.splits import languages
from mascot_visemes.decode import SILENCE, Decoder, DecoderTable
from mascot_visemes.engine import Engine
from mascot_visemes.inventory import labels_of
from mascot_visemes.network import DecoderSettings, Network
from mascot_visemes.posteriors import PosteriorStream, listen
from mascot_visemes.shapes import SHAPES
from tools.train import card
from tools.train.corpus import RATE, frame_labels, language_of
from tools.train.language import LANGUAGES, Language
from tools.train.packaged import loaded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mascot_visemes.posteriors import Heard
    from mascot_visemes.shapes import ShapeSet
    from tools.train.corpus import Corpus

    Shapes = NDArray[np.intp]

CHUNK_MS = 100
CHUNKS = {CHUNK_MS: 0.65, 2000: 0.35}
"""Lengths of chunks in ms, and how much each counts."""

LIMIT = 40
"""Utterances of a corpus to tune on, at most."""

_MARGIN = 4  # frames, by which a closure may be beside the true one
_SILENCE_MARGIN = 5
_ENGLISH = "en"
_IN_ARPABET = ("en", "id")
_TOGETHER = 32  # utterances
_GRID: dict[str, tuple[Any, ...]] = {
    "cost": (0.0, 0.25, 0.5, 0.75),
    "silence_cost": (0.0, 0.25, 0.5, 1.0),
    "closure_cost": (0.5, 1.0, 2.0, 3.0, 4.0, 5.0),
    "closure_bias": (0.0, 0.3, 0.6, 0.75, 0.9, 1.2),
    "lip_teeth_cost": (0.5, 1.0, 1.5, 2.0, 3.0, 4.0),
    "lip_teeth_bias": (-0.3, 0.0, 0.3, 0.6, 0.75, 0.9),
    "edge_frames": (3, 4, 5, 6, 8),
    "edge_bias": (-0.5, -1.0, -1.5, -2.0, -2.5),
    "late_lead": (0.25, 0.5, 0.75, 1.0, 1.5),
}


@dataclass(frozen=True, slots=True)
class Constants:
    """What is tuned: prices and biases in nats, as in `DecoderSettings`.

    Attributes:
        cost: Of a change to any shape but the three below.
        silence_cost: Of a change to silence.
        closure_cost, closure_bias: Of P, B and M.
        lip_teeth_cost, lip_teeth_bias: Of F and V.
        edge_frames, edge_bias, late_lead: As there.
    """

    cost: float = 0.25
    silence_cost: float = 0.0
    closure_cost: float = 3.0
    closure_bias: float = 0.9
    lip_teeth_cost: float = 2.0
    lip_teeth_bias: float = 0.75
    edge_frames: int = 6
    edge_bias: float = -1.0
    late_lead: float = 0.75

    def settings(self, shapes: ShapeSet, silence_db: float) -> DecoderSettings:
        """Return the decoder's settings for a viseme set."""
        costs, bias = [self.cost] * len(shapes.ids), [0.0] * len(shapes.ids)
        costs[SILENCE] = self.silence_cost
        for phone, cost, added in (
            ("P", self.closure_cost, self.closure_bias),
            ("F", self.lip_teeth_cost, self.lip_teeth_bias),
        ):
            costs[shapes.index_of(phone)], bias[shapes.index_of(phone)] = cost, added
        return DecoderSettings(
            tuple(costs), silence_db, tuple(bias), self.edge_frames, self.edge_bias, self.late_lead
        )


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech with the label of each 10 ms frame; PCM16, shape (n,)."""

    language: str
    pcm: NDArray[np.int16]
    rate: int
    labels: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Speech:
    """What was heard of utterances in chunks of one length.

    Attributes:
        utterances: All of them.
        chunks: For each chunk, groups of utterances that are alike: their numbers, and what was heard.
    """

    utterances: Sequence[Utterance]
    chunks: list[list[tuple[list[int], Heard]]]


def dev_speech(root: Path, language: Language, codes: Sequence[str] | None = None) -> Iterator[Utterance]:
    """Yield dev utterances, `LIMIT` of a corpus at most.

    Args:
        root: Folder with a folder for each language.
        language: Whose labels the network has.
        codes: Languages; all of `bench.splits.languages` but Indonesian, which is synthetic, if None.
    """
    for code in codes or [code for code in languages() if code != "id"]:
        for corpus in corpora(code, root, "dev"):
            for entry in evenly(corpus.entries, LIMIT):
                pcm, rate = read_audio(corpus.folder / entry["audio"])
                phones = entry["phones"] if code in _IN_ARPABET else list(_labelled(entry["phones"]))
                yield Utterance(code, pcm, rate, frame_labels(phones, -(-len(pcm) * 100 // rate), language))


def _labelled(phones: Sequence[tuple[float, float, str]]) -> Iterator[tuple[float, float, str]]:
    """Phones in IPA as labels; those of one phone share its time."""
    for start, end, phone in phones:
        labels = ("SIL",) if phone == "SIL" else labels_of(phone) or ("SIL",)
        step = (end - start) / len(labels)
        for number, label in enumerate(labels):
            yield start + number * step, start + (number + 1) * step, label


def heard(network: Network, utterances: Sequence[Utterance], chunk_ms: int) -> Speech:
    """Let a network hear utterances in chunks of one length."""
    chunks: list[list[tuple[list[int], Heard]]] = []
    order = sorted(range(len(utterances)), key=lambda i: -len(utterances[i].pcm) / utterances[i].rate)
    for first in range(0, len(order), _TOGETHER):
        streams = {i: PosteriorStream(network, utterances[i].rate) for i in order[first : first + _TOGETHER]}
        chunk = 0
        while True:
            alike: dict[tuple[int, int], list[tuple[int, NDArray[np.int16]]]] = {}
            for i in streams:
                size = utterances[i].rate * chunk_ms // 1000
                part = utterances[i].pcm[chunk * size : (chunk + 1) * size]
                if len(part):
                    alike.setdefault((utterances[i].rate, len(part)), []).append((i, part))
            if not alike:
                break
            groups = [
                (
                    [streams[i] for i, _ in members],
                    np.stack([part for _, part in members]).astype(np.float32) / np.float32(32768.0),
                )
                for members in alike.values()
            ]
            told = listen(groups, edge=True)
            numbers = ([i for i, _ in members] for members in alike.values())
            if chunk == len(chunks):
                chunks.append([])
            chunks[chunk] += zip(numbers, told, strict=True)
            chunk += 1
    return Speech(utterances, chunks)


def decoded(speech: Speech, table: DecoderTable) -> list[Shapes]:
    """Return the shape shown in each frame of each utterance."""
    decoders = [Decoder(table) for _ in speech.utterances]
    paths = [[(0, SILENCE)] for _ in decoders]
    for groups in speech.chunks:
        for numbers, heard in groups:
            found = Decoder.decode_together([decoders[i] for i in numbers], heard, edge=True)
            for i, changes in zip(numbers, found, strict=True):
                paths[i] += changes
    return [
        np.repeat([shape for _, shape in path], np.diff([*(frame for frame, _ in path), decoder.frame]))
        for path, decoder in zip(paths, decoders, strict=True)
    ]


class _Counts:
    """What one language's utterances give."""

    def __init__(self) -> None:
        self.frames = self.right = self.changes = self.silent = self.silent_open = 0
        self.spans = {phone: np.zeros(4) for phone in "PF"}  # true, found; shown, true

    def add(self, said: Shapes, shown: Shapes, shapes: ShapeSet) -> None:
        """Count an utterance."""
        self.frames += len(said)
        self.right += int((said == shown).sum())
        self.changes += int((np.diff(shown) != 0).sum())
        silent = _narrowed(said == SILENCE)
        self.silent += int(silent.sum())
        self.silent_open += int((silent & (shown != SILENCE) & (shown != shapes.index_of("P"))).sum())
        for phone in self.spans:
            a, b = said == shapes.index_of(phone), shown == shapes.index_of(phone)
            self.spans[phone] += (*_met(a, b), *_met(b, a))

    @property
    def accuracy(self) -> float:
        """Share of the frames."""
        return self.right / max(1, self.frames)

    def recall(self, phone: str) -> float:
        """Share of the stretches of a shape that are found."""
        true, found, _, _ = self.spans[phone]
        return float(found / max(1, true))

    def precision(self, phone: str) -> float:
        """Share of the stretches shown that are true."""
        _, _, shown, true = self.spans[phone]
        return float(true / max(1, shown))

    @property
    def merit(self) -> float:
        """What a trial is worth, in shares of frames."""
        return (
            self.accuracy
            + 0.15 * (self.recall("P") + self.precision("P"))
            + 0.04 * (self.recall("F") + self.precision("F"))
            - 0.1 * self.silent_open / max(1, self.silent)
            - 0.05 * self.changes / max(1, self.frames)
        )

    def __str__(self) -> str:
        shares = (
            self.accuracy,
            *(of(phone) for phone in "PF" for of in (self.recall, self.precision)),
            self.silent_open / max(1, self.silent),
        )
        return "frames {:.1f}, P B M {:.1f} / {:.1f}, F V {:.1f} / {:.1f}, open in silence {:.1f} %".format(
            *(100 * share for share in shares)
        )


def _edges(held: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Starts and ends of stretches."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], held, [False])).astype(np.int8)))
    return edges[::2], edges[1::2]


def _met(held: NDArray[np.bool_], other: NDArray[np.bool_]) -> tuple[int, int]:
    """Return how many stretches there are, and how many have the other within `_MARGIN`."""
    starts, ends = _edges(held)
    until = np.concatenate(([0], np.cumsum(other)))
    near = until[np.minimum(ends + _MARGIN, len(held))] > until[np.maximum(starts - _MARGIN, 0)]
    return len(starts), int(near.sum())


def _narrowed(silent: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Silence away from speech; the ends of an utterance are no speech."""
    result = np.zeros_like(silent)
    for start, end in zip(*_edges(silent), strict=True):
        first = start + _SILENCE_MARGIN if start else 0
        last = end if end == len(silent) else end - _SILENCE_MARGIN
        result[first : max(first, last)] = True
    return result


class Trial:
    """Tries constants for one viseme set.

    Args:
        network: That was heard.
        speech: By length of chunks in ms.
        shapes: The viseme set.
        silence_db: Level of silence.
    """

    def __init__(
        self, network: Network, speech: dict[int, Speech], shapes: ShapeSet, silence_db: float
    ) -> None:
        self._labels = network.labels
        self._speech = speech
        self._shapes = shapes
        self._silence_db = silence_db
        self._owner = shapes.matrix(network.labels).argmax(axis=1)
        self._merits: dict[Constants, float] = {}

    def counts(self, constants: Constants, chunk_ms: int) -> dict[str, _Counts]:
        """Decode with some constants and count, by language."""
        speech = self._speech[chunk_ms]
        table = DecoderTable(self._labels, self._shapes, constants.settings(self._shapes, self._silence_db))
        result: dict[str, _Counts] = {}
        for utterance, shown in zip(speech.utterances, decoded(speech, table), strict=True):
            said = self._owner[utterance.labels[: len(shown)]]
            counts = result.setdefault(utterance.language, _Counts())
            counts.add(said, shown[: len(said)], self._shapes)
        return result

    def merit(self, constants: Constants) -> float:
        """How good constants are."""
        if constants not in self._merits:
            self._merits[constants] = sum(
                part * self._merit(self.counts(constants, chunk_ms)) for chunk_ms, part in CHUNKS.items()
            )
        return self._merits[constants]

    @staticmethod
    def _merit(counts: dict[str, _Counts]) -> float:
        english = [one.merit for language, one in counts.items() if language == _ENGLISH]
        others = [one.merit for language, one in counts.items() if language != _ENGLISH]
        return float(np.mean([np.mean(merits) for merits in (english, others) if merits]))

    def best(self, constants: Constants) -> Constants:
        """Return the best constants that can be reached by changing one after the other."""
        while True:
            before = constants
            for name, values in _GRID.items():
                choices = [constants, *(replace(constants, **{name: value}) for value in values)]
                constants = max(choices, key=self.merit)
            if constants == before:
                return constants


def _tune(graph: Path, utterances: Sequence[Utterance]) -> None:
    """Put the best constants for all tuned viseme sets into the card of a model; print what they give."""
    path = graph.with_suffix(".json")
    network = loaded(graph)
    speech = {chunk_ms: heard(network, utterances, chunk_ms) for chunk_ms in CHUNKS}
    content = json.loads(path.read_text("utf-8"))
    for shapes in (SHAPES[name] for name in card.TUNED):
        silence_db = content["decoder"][shapes.name]["silence_db"]
        trial = Trial(network, speech, shapes, silence_db)
        best = trial.best(Constants())
        print(f"{shapes.name}: {asdict(best)}", flush=True)
        for chunk_ms in CHUNKS:
            for language, counts in trial.counts(best, chunk_ms).items():
                print(f"{shapes.name}, {chunk_ms} ms, {language}: {counts}", flush=True)
        content["decoder"][shapes.name] = card.decoder(best.settings(shapes, silence_db))
    card.save(path, content)


def tune(graph: Path, corpus: Path, data: Corpus) -> None:
    """Tune the model at `graph` and complete its card with constants and figures.

    Args:
        graph: The ONNX file; the card lies beside it.
        corpus: Folder of the corpora that `measure` scores.
        data: All speech, of which the dev part of `Language.tuned_on` counts; what has no prefix is English.
    """
    chosen = [u for u in data.split("dev") if u.corpus in data.language.tuned_on]
    utterances = [
        Utterance(
            language_of(u.corpus),
            data.audio[u.sample : u.sample + u.samples],
            RATE,
            data.reference[u.frame : u.frame + u.frames],
        )
        for name in sorted({u.corpus for u in chosen})
        for u in [u for u in chosen if u.corpus == name][:LIMIT]
    ]
    _tune(graph, utterances)
    measure(graph, corpus)


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


def main(argv: list[str] | None = None) -> None:
    """Run the command."""
    p = argparse.ArgumentParser(
        prog="python -m tools.train.tune",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("graph", type=Path, metavar="MODEL.onnx", help="the network, its card beside it")
    p.add_argument("--corpora", type=Path, required=True, help="folder with a folder for each language")
    p.add_argument("--languages", nargs="+", choices=languages(), help="those to tune on (all but id)")
    args = p.parse_args(argv)
    labels = loaded(args.graph).labels
    language = next((one for one in LANGUAGES.values() if one.labels == labels), None)
    if language is None:
        raise SystemExit(f"{args.graph}: its labels are of no language that is trained here")
    _tune(args.graph, list(dev_speech(args.corpora, language, args.languages)))


if __name__ == "__main__":
    main()
