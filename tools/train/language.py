"""What differs between the models of different languages: labels, speech and how phones are heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mascot_visemes.inventory import LABELS
from mascot_visemes.phonemes import ENGLISH, INDONESIAN

if TYPE_CHECKING:
    from collections.abc import Mapping

_OTHER_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Language:
    """A language to train for.

    Attributes:
        code: Its code (ISO 639-1).
        model: Name of its model.
        description: What the card says of the model first.
        layers: How many of Whisper's layers its network begins from.
        labels: What its network tells apart, in the order of its outputs.
        headline: Corpus whose dev split decides which epoch is best.
        tuned_on: Corpora on whose dev split the decoder is tuned.
        weights: Share of each corpus in training, relative to its length; see `weight`.
        carried: Folder with its dev split, if this repository carries that; else it is among the corpora given.
        corrected: Whether a teacher is trained on the human speech to correct its labels.
        phones: Phones of the corpora that are heard as another phone, and which.
        kin: Labels that English lacks, and the English one whose weights they start from.
    """

    code: str
    model: str
    description: str
    layers: int
    labels: tuple[str, ...]
    headline: str
    tuned_on: frozenset[str]
    weights: Mapping[str, float]
    carried: Path | None = None
    corrected: bool = True
    phones: Mapping[str, str] = field(default_factory=dict)
    kin: Mapping[str, str] = field(default_factory=dict)

    def weight(self, corpus: str) -> float:
        """Share of a corpus in training, relative to its length."""
        return self.weights.get(corpus, _OTHER_WEIGHT)

    def index(self, label: str) -> int:
        """Number of a label; an h that the language does not have counts as a neutral one."""
        if label.startswith("HH_") and label not in self.labels:
            label = "HH_E"
        return self.labels.index(label)


_ENGLISH = Language(
    code="en",
    model="default",
    description="English phonemes from log-mel bands, told by delayed heads.",
    layers=2,
    labels=ENGLISH,
    headline="librispeech-dev-clean",
    tuned_on=frozenset({"librispeech-dev-clean", "librispeech-train-clean-100"}),
    # The headline is scored on adult native speech. Of what is synthetic, Kokoro's mixtures have the most voices.
    weights={
        "kathleen": 0.7,
        "kokoro-mixed": 1.0,
        "librispeech-dev-clean": 1.6,
        "librispeech-train-clean-100": 1.8,
        "picovoice-barista": 0.6,
        "speechocean762": 0.5,
    },
)

_INDONESIAN = Language(
    code="id",
    model="indonesian",
    description=(
        "Indonesian phonemes from log-mel bands, told by delayed heads. All Indonesian "
        "that it learnt from and all that its figures are taken on is synthetic; the human voices "
        "that it has heard speak English, whose phones count as the nearest Indonesian ones. It started from a network "
        "trained on English."
    ),
    layers=0,
    labels=INDONESIAN,
    headline="espeak-ng-id-dev",
    tuned_on=frozenset({"espeak-ng-id-dev"}),
    # Little more than half is Indonesian, if there are six hours of it.
    weights={
        "espeak-ng-id": 1.0,
        "flite-id-awb": 1.0,
        "flite-id-rms": 1.0,
        "flite-id-slt": 1.0,
        "kathleen": 0.3,
        "librispeech-dev-clean": 0.8,
        "librispeech-train-clean-100": 1.0,
        "picovoice-barista": 0.2,
        "speechocean762": 0.3,
    },
    carried=Path(__file__).parents[2] / "bench" / "data" / "indonesian",
    corrected=False,
    # As docs/indonesian.md has them.
    phones={
        "AE": "AA",
        "AH": "AA",
        "DH": "D",
        "ER": "AX",
        "EY": "EH",
        "IH": "IY",
        "OW": "AO",
        "TH": "T",
        "UH": "UW",
        "V": "F",
    },
    kin={"HH_sil": "HH_E", "NY": "N", "Q": "K", "X": "HH_E"},
)

_ALL = Language(
    code="mul",
    model="default",
    description="Phonemes of all languages from log-mel bands, told by delayed heads.",
    layers=2,
    labels=LABELS,
    headline="librispeech-dev-clean",
    tuned_on=frozenset({"librispeech-dev-clean", "librispeech-train-clean-100"}),
    weights=_ENGLISH.weights,
    kin={
        "AAN": "AA",
        "AON": "AO",
        "BH": "B",
        "CX": "HH_ih",
        "EHN": "EH",
        "EU": "UH",
        "EX": "AH",
        "GH": "G",
        "GY": "G",
        "HH_sil": "HH_E",
        "IX": "IH",
        "IYN": "IY",
        "KY": "K",
        "LH": "L",
        "LY": "L",
        "MV": "M",
        "NY": "N",
        "OE": "UH",
        "PH": "F",
        "Q": "K",
        "RT": "R",
        "RX": "R",
        "UE": "UW",
        "UWN": "UW",
        "VH": "V",
        "X": "HH_E",
    },
)

LANGUAGES = {language.code: language for language in (_ENGLISH, _INDONESIAN, _ALL)}
