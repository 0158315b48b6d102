"""Reads the corpora once and keeps them as flat arrays, so that an epoch costs no decoding.

The cache holds, for each corpus, every utterance's samples end to end (16 kHz, int16) and, per 10 ms frame, the label
the network is to learn and the label as the corpus has it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from bench.splits import split_of
from mascot_visemes.shapes import SHAPES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tools.train.language import Language

RATE = 16000
HOP = RATE // 100

# Phones that can be near-silent by nature: closures and weak friction. A pause is never looked for in them.
_QUIET = frozenset({"P", "B", "T", "D", "K", "G", "Q", "CH", "JH", "F", "TH", "DH"})
_PAUSE_FRAMES = 6  # shortest pause to look for


@dataclass(frozen=True, slots=True)
class Utterance:
    """Where one utterance lies in the flat arrays.

    Attributes:
        corpus: Name of the corpus.
        audio: Its file, relative to the corpus folder.
        split: ``train``, ``dev`` or ``test``, which decides nothing here.
        sample, samples: First sample and count.
        frame, frames: First frame and count; frame ``k`` is labelled at its centre.
    """

    corpus: str
    audio: str
    split: str
    sample: int
    samples: int
    frame: int
    frames: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """All utterances.

    Attributes:
        language: What the labels are of.
        utterances: Every one, in the order of the files.
        audio: Samples, int16.
        learn: Label to learn per frame: as `reference`, with pauses separated from their neighbours.
        reference: Label per frame as the corpus has it.
    """

    language: Language
    utterances: list[Utterance]
    audio: NDArray[np.int16]
    learn: NDArray[np.int8]
    reference: NDArray[np.int8]

    def split(self, name: str) -> list[Utterance]:
        """The utterances of one split."""
        return [u for u in self.utterances if u.split == name]

    def only(self, corpora: set[str]) -> Corpus:
        """The same arrays, with the utterances of some corpora."""
        return replace(self, utterances=[u for u in self.utterances if u.corpus in corpora])


def language_of(corpus: str) -> str:
    """The language of a corpus of human speech, by its prefix: two letters before a hyphen. Others count as English."""
    prefix, _, rest = corpus.partition("-")
    return prefix if rest and len(prefix) == len("en") else "en"


def network_labels(phones: list[str], language: Language) -> list[str]:
    """The corpus's phones as the network's labels: HH by the shape that follows, t and d before ch and jh as those."""
    oculus = SHAPES["oculus"]
    result = []
    for phone, after in zip(phones, [*phones[1:], "SIL"], strict=True):
        if phone == "HH":
            # An h before anything but a vowel or glide is a slip of the dictionary; E is the neutral shape.
            split = "HH_E" if after == "HH" else f"HH_{oculus.ids[oculus.index_of(after)]}"
            result.append(split if split in language.labels else "HH_E")
        elif phone in {"T", "D"} and after in {"CH", "JH"}:
            result.append(after)
        else:
            result.append(phone)
    return result


def frame_labels(phones: list[tuple[float, float, str]], frames: int, language: Language) -> NDArray[np.int8]:
    """Label of each 10 ms frame, taken at its centre; silence beyond the last phone."""
    names = [*network_labels([p[2] for p in phones], language), "SIL"]
    ends = np.array([p[1] for p in phones])
    centres = (np.arange(frames) + 0.5) / 100
    which = np.searchsorted(ends, centres, side="right")
    indices = np.array([language.index(name) for name in names], np.int8)
    return indices[which]


def with_pauses(labels: NDArray[np.int8], audio: NDArray[np.int16], language: Language) -> NDArray[np.int8]:
    """Label as silence what is too quiet, for six frames or more, to be the phone it was aligned with.

    Forced alignment often gives a pause to its neighbours, which would teach a mouth to stay open in silence.
    """
    frames = len(labels)
    padded = np.zeros(frames * HOP, np.float32)
    padded[: len(audio)] = audio
    level = 10 * np.log10(np.mean(padded.reshape(frames, HOP) ** 2, axis=1) + 1e-3)
    loud = np.percentile(level, 95)
    noise = np.percentile(level, 3)
    limit = min(loud - 30.0, max(noise + 6.0, loud - 42.0))
    quiet_by_nature = np.array([name in _QUIET for name in language.labels])
    candidate = (level < limit) & ~quiet_by_nature[labels]
    edges = np.flatnonzero(np.diff(np.concatenate(([0], candidate.astype(np.int8), [0]))))
    result = labels.copy()
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start >= _PAUSE_FRAMES:
            result[start:end] = language.index("SIL")
    return result


def load(folders: list[Path], cache: Path, language: Language) -> Corpus:
    """The corpora in `folders`, each from `cache` if it is there already.

    Args:
        folders: Hold ``<corpus>.jsonl`` and the audio that it names.
        cache: Folder for the flat arrays, a folder of it for each corpus; made if absent.
        language: Whose labels to give; a cache holds those of one.
    """
    parts = []
    for listing in sorted(
        (path for folder in folders for path in folder.glob("*.jsonl")), key=lambda p: p.stem
    ):
        kept = cache / listing.stem
        if not (kept / "index.json").exists():
            _decode(listing, kept, language)
        utterances = [Utterance(**u) for u in json.loads((kept / "index.json").read_text())]
        arrays = (np.load(kept / f"{name}.npy") for name in ("audio", "learn", "reference"))
        parts.append(Corpus(language, utterances, *arrays))
    if not parts:
        raise SystemExit(f"no <corpus>.jsonl in {', '.join(map(str, folders))}")
    utterances = []
    sample = frame = 0
    for part in parts:
        utterances += [replace(u, sample=u.sample + sample, frame=u.frame + frame) for u in part.utterances]
        sample += len(part.audio)
        frame += len(part.learn)
    return Corpus(
        language,
        utterances,
        audio=np.concatenate([part.audio for part in parts]),
        learn=np.concatenate([part.learn for part in parts]),
        reference=np.concatenate([part.reference for part in parts]),
    )


def _decode(listing: Path, kept: Path, language: Language) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    utterances: list[Utterance] = []
    audio: list[NDArray[np.int16]] = []
    learn: list[NDArray[np.int8]] = []
    reference: list[NDArray[np.int8]] = []
    sample = frame = 0
    for line in listing.read_text("utf-8").splitlines():
        entry = json.loads(line)
        split = split_of("en", listing.stem, entry) or entry["split"]
        pcm, rate = soundfile.read(listing.parent / entry["audio"], dtype="int16")
        if rate != RATE or pcm.ndim != 1:
            raise SystemExit(f"{entry['audio']}: expected {RATE} Hz mono, got {rate} Hz, shape {pcm.shape}")
        frames = -(-len(pcm) // HOP)
        labels = frame_labels(entry["phones"], frames, language)
        utterances.append(Utterance(listing.stem, entry["audio"], split, sample, len(pcm), frame, frames))
        audio.append(pcm)
        reference.append(labels)
        learn.append(with_pauses(labels, pcm, language))
        sample += len(pcm)
        frame += frames
    print(f"decoded {listing.stem}: {sample / RATE / 3600:.2f} h", flush=True)
    np.save(kept / "audio.npy", np.concatenate(audio))
    np.save(kept / "learn.npy", np.concatenate(learn))
    np.save(kept / "reference.npy", np.concatenate(reference))
    digest = hashlib.sha256(np.concatenate(audio).tobytes())
    digest.update(np.concatenate(reference).tobytes())
    (kept / "sha256").write_text(digest.hexdigest())
    (kept / "index.json").write_text(json.dumps([asdict(u) for u in utterances]))
