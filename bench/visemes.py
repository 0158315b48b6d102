"""Score predicted visemes against phone times.

These tables are independent of the package's tables, so that a mistake there is detected here.
Phones of English are in ARPAbet; so are those of Indonesian, which adds Q (a glottal stop), X (kh) and NY (ny). Phones
of other languages are in IPA, where marks of aspiration, palatalisation and pharyngealisation do not count.
All times are whole milliseconds; frames are 10 ms long and are scored at their centre.
"""

from __future__ import annotations

import statistics
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field

FRAME_MS = 10
CLOSURE_MARGIN_MS = 40
SILENCE_MARGIN_MS = 50
ONSET_WINDOW_MS = 150

_VISEMES = {
    "sil": "SIL",
    "PP": "P B M p b m β",
    "FF": "F V f v ʋ",
    "TH": "TH DH θ ð",
    "DD": "T D t d",
    "kk": "K G Q X k ɡ q ʔ ʕ x χ ɣ ç",
    "CH": "CH JH SH ZH tʃ tɕ tʂ dʒ ʃ ʂ ɕ ʒ ʐ ʑ",
    "SS": "S Z s z",
    "nn": "N L NG NY n l ŋ ɲ ʎ",
    "RR": "R ER ɹ r ɾ ʁ ɚ",
    "aa": "AA AE AH AY AW a ɑ æ ʌ ɐ aɪ aʊ ɑ̃ ɐ̃ ɐ̯",
    "E": "EH EY AX e ɛ ə ɤ ɜ eɪ ɛɪ ɛ̃ œ̃",
    "ih": "IH IY Y i ɪ ɨ j ʝ",
    "oh": "AO OW OY o ɔ ɒ ø œ ɵ oʊ ɔɪ oɪ ɔø ɔ̃ õ",
    "ou": "UH UW W u ʊ w ɥ y ʏ ũ ʊ̃",
}
VISEMES = tuple(_VISEMES)
_MARKS = str.maketrans("", "", "ʰʲˤ")


def _bare(phone: str) -> str:
    """Return a phone without its marks, in the form of the tables' keys (NFD)."""
    return unicodedata.normalize("NFD", phone.translate(_MARKS))


_VISEME_OF = {_bare(phone): viseme for viseme, phones in _VISEMES.items() for phone in phones.split()}
_ASPIRATES = {"HH", "h", "ħ"}

_COARSE_OF = dict.fromkeys(_VISEMES, "consonant") | {
    "sil": "sil",
    "PP": "closed",
    "FF": "lip-teeth",
    "aa": "open",
    "E": "mid",
    "ih": "mid",
    "oh": "rounded",
    "ou": "rounded",
}


def viseme_of(phone: str) -> str | None:
    """Return the viseme of a phone in ARPAbet or IPA; None for an h, which takes that of the next phone.

    Raises:
        KeyError: The phone is in no table.
    """
    bare = _bare(phone)
    return None if bare in _ASPIRATES else _VISEME_OF[bare]


@dataclass(frozen=True, slots=True)
class Track:
    """Mouth shapes over time: `shapes[i]` holds from `starts[i]` to the next start; the last one to `end`."""

    starts: list[int]
    shapes: list[str]
    end: int

    def at(self, ms: float) -> str:
        """Return the shape at a time."""
        return self.shapes[bisect_right(self.starts, ms) - 1]

    def spans(self, shape: str) -> list[tuple[int, int]]:
        """Return the intervals of a shape, as (start, end)."""
        ends = [*self.starts[1:], self.end]
        return [
            (a, b) for a, b, s in zip(self.starts, ends, self.shapes, strict=True) if s == shape and a < b
        ]

    def onsets(self) -> dict[str, list[int]]:
        """Return the start times of each shape."""
        result: dict[str, list[int]] = {}
        for start, shape in zip(self.starts, self.shapes, strict=True):
            result.setdefault(shape, []).append(start)
        return result


def track(changes: list[tuple[int, str]], end: int) -> Track:
    """Return a track from changes (ms, shape), silent at first; neighbours of the same shape are merged."""
    starts, shapes = [0], ["sil"]
    for ms, shape in changes:
        if shape == shapes[-1]:
            continue
        if ms == starts[-1]:
            starts.pop()
            shapes.pop()
        if not shapes or shapes[-1] != shape:
            starts.append(ms)
            shapes.append(shape)
    return Track(starts, shapes, end)


def reference(phones: list[tuple[float, float, str]], end: int) -> Track:
    """Return the track of a corpus's phones (start s, end s, name in ARPAbet or IPA).

    HH takes the viseme of the next phone; t and d are CH before ch and jh.

    Raises:
        KeyError: A phone is in no table.
    """
    names = [_bare(phone) for _, _, phone in phones]
    changes = []
    for i, (start, _, _) in enumerate(phones):
        name = names[i]
        following = next((n for n in names[i + 1 :] if n not in _ASPIRATES), "SIL")
        if name in _ASPIRATES:
            viseme = _VISEME_OF[following]
        elif name in {"T", "D"} and following in {"CH", "JH"}:
            viseme = "CH"
        else:
            viseme = _VISEME_OF[name]
        changes.append((round(start * 1000), viseme))
    return track(changes, end)


@dataclass(slots=True)
class Found:
    """Counts of intervals of one shape, each widened by `CLOSURE_MARGIN_MS` at both ends."""

    true: int = 0
    true_met: int = 0
    claimed: int = 0
    claimed_met: int = 0

    def add(self, said: list[tuple[int, int]], predicted: list[tuple[int, int]]) -> None:
        """Count one utterance's spans."""
        self.true += len(said)
        self.true_met += overlapping(said, predicted, CLOSURE_MARGIN_MS)
        self.claimed += len(predicted)
        self.claimed_met += overlapping(predicted, said, CLOSURE_MARGIN_MS)

    def absorb(self, other: Found) -> None:
        """Add the counts of another corpus."""
        self.true += other.true
        self.true_met += other.true_met
        self.claimed += other.claimed
        self.claimed_met += other.claimed_met

    @property
    def recall(self) -> float:
        """Share of the true intervals that were predicted."""
        return _share(self.true_met, self.true)

    @property
    def precision(self) -> float:
        """Share of the predicted intervals that are true."""
        return _share(self.claimed_met, self.claimed)

    @property
    def f1(self) -> float:
        """Harmonic mean of recall and precision."""
        both = self.recall + self.precision
        return 2 * self.recall * self.precision / both if both else 0.0


@dataclass(slots=True)
class Score:
    """Counts over the utterances of one corpus.

    `confusions` counts frames by (true, predicted) viseme; `shares` has the additional counts of some conditions.
    """

    utterances: int = 0
    milliseconds: int = 0
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)
    bilabial: Found = field(default_factory=Found)
    lip_teeth: Found = field(default_factory=Found)
    silent: int = 0
    silent_open: int = 0
    events: int = 0
    onset_errors: list[int] = field(default_factory=list)
    shares: dict[str, tuple[int, int]] = field(default_factory=dict)

    def count(self, name: str, part: int, whole: int) -> None:
        """Add to a figure of one condition: `part` of `whole` frames or intervals."""
        before = self.shares.get(name, (0, 0))
        self.shares[name] = (before[0] + part, before[1] + whole)

    def absorb(self, other: Score) -> None:
        """Add the counts of another corpus."""
        self.utterances += other.utterances
        self.milliseconds += other.milliseconds
        self.confusions.update(other.confusions)
        self.bilabial.absorb(other.bilabial)
        self.lip_teeth.absorb(other.lip_teeth)
        self.silent += other.silent
        self.silent_open += other.silent_open
        self.events += other.events
        self.onset_errors += other.onset_errors
        for name, (part, whole) in other.shares.items():
            self.count(name, part, whole)

    def add(self, said: Track, predicted: Track, events: int) -> None:
        """Count one utterance."""
        self.utterances += 1
        self.milliseconds += said.end
        self.events += events
        self._add_frames(said, predicted)
        self.bilabial.add(said.spans("PP"), predicted.spans("PP"))
        self.lip_teeth.add(said.spans("FF"), predicted.spans("FF"))
        found = predicted.onsets()
        for shape, onsets in said.onsets().items():
            if shape != "sil":
                self.onset_errors += _nearest(onsets, found.get(shape, []))

    def _add_frames(self, said: Track, predicted: Track) -> None:
        centres = [start + FRAME_MS / 2 for start in range(0, said.end - FRAME_MS // 2 + 1, FRAME_MS)]
        silences = said.spans("sil")
        for centre in centres:
            want, got = said.at(centre), predicted.at(centre)
            self.confusions[want, got] += 1
            if want == "sil" and _deep(centre, silences, said.end):
                self.silent += 1
                self.silent_open += got not in {"sil", "PP"}

    def figures(self) -> dict[str, float | int]:
        """Return the figures by their report names."""
        frames = self.confusions.total()
        right = sum(n for (want, got), n in self.confusions.items() if want == got)
        coarse = sum(n for (want, got), n in self.confusions.items() if _COARSE_OF[want] == _COARSE_OF[got])
        return {
            "frame_accuracy_oculus15": _share(right, frames),
            "coarse7": _share(coarse, frames),
            "bilabial_recall": self.bilabial.recall,
            "bilabial_precision": self.bilabial.precision,
            "lip_teeth_recall": self.lip_teeth.recall,
            "lip_teeth_precision": self.lip_teeth.precision,
            "open_in_silence": _share(self.silent_open, self.silent),
            "onset_error_ms": statistics.median(self.onset_errors) if self.onset_errors else 0,
            "events_per_second": round(1000 * self.events / max(1, self.milliseconds), 2),
            "utterances": self.utterances,
        } | {name: _share(part, whole) for name, (part, whole) in self.shares.items()}

    def classes(self) -> dict[str, dict[str, float]]:
        """Return recall, precision and share of each viseme, counted in frames."""
        want: Counter[str] = Counter()
        got: Counter[str] = Counter()
        for (true, predicted), count in self.confusions.items():
            want[true] += count
            got[predicted] += count
        return {
            viseme: {
                "recall": _share(self.confusions[viseme, viseme], want[viseme]),
                "precision": _share(self.confusions[viseme, viseme], got[viseme]),
                "share": _share(want[viseme], want.total()),
            }
            for viseme in VISEMES
        }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def overlapping(spans: list[tuple[int, int]], others: list[tuple[int, int]], margin: int) -> int:
    """Return the number of `spans`, widened by `margin` at both ends, that overlap one of `others`."""
    return sum(any(a - margin < d and c < b + margin for c, d in others) for a, b in spans)


def _nearest(onsets: list[int], found: list[int]) -> list[int]:
    """Return the signed distance from each onset to the nearest predicted one in the window."""
    errors = []
    for onset in onsets:
        at = bisect_left(found, onset)
        distances = [other - onset for other in found[max(0, at - 1) : at + 1]]
        nearest = min(distances, key=abs, default=ONSET_WINDOW_MS + 1)
        if abs(nearest) <= ONSET_WINDOW_MS:
            errors.append(nearest)
    return errors


def _deep(centre: float, silences: list[tuple[int, int]], end: int) -> bool:
    """Return whether a time is in a silence, away from the speech at its ends; the recording's ends are not speech."""
    for a, b in silences:
        if a <= centre < b:
            after = a == 0 or centre - a >= SILENCE_MARGIN_MS
            before = b >= end or b - centre >= SILENCE_MARGIN_MS
            return after and before
    return False
