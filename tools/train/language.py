"""What differs between the models of different languages: labels, speech and how phones are heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mascot_visemes.inventory import LABELS
from mascot_visemes.phonemes import ENGLISH

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
        labels: The labels of its network, in the order of its outputs.
        headline: Corpus whose dev split decides which epoch is best, if it alone does.
        judges: Corpora whose dev split decides that together, and how much each counts.
        tuned_on: Corpora on whose dev split the decoder is tuned.
        weights: Share of each corpus in training, relative to its length; see `weight`.
        shares: Share of each group of corpora in training, which is shared within it by `weight`; where there are none,
            all corpora are one group.
        corrected: Whether a teacher is trained on the human speech to correct its labels.
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
    judges: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    corrected: bool = True
    kin: Mapping[str, str] = field(default_factory=dict)

    def weight(self, corpus: str) -> float:
        """Share of a corpus in training, relative to its length."""
        return self.weights.get(corpus, _OTHER_WEIGHT)

    def merit(self, right: Mapping[str, float]) -> float:
        """Return the score of an epoch, from the frame accuracy of each corpus."""
        judges = {name: part for name, part in self.judges.items() if name in right}
        if not judges:
            return right.get(self.headline, 0.0)
        return sum(part * right[name] for name, part in judges.items()) / sum(judges.values())

    def group(self, corpus: str) -> str:
        """The group of `shares` that a corpus is of: the one whose name it begins with, else that without a name."""
        return max((group for group in self.shares if corpus.startswith(group)), key=len, default="")

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

_FOREIGN_DEV = (
    "ar-arabic-commands",
    "de-fleurs",
    "es-asterisk",
    "fr-asterisk",
    "it-asterisk",
    "nl-flemishguy",
    "pt-fleurs",
    "ru-asterisk",
    "zh-audio-cmn",
)
_ALL = Language(
    code="mul",
    model="default",
    description="Predicts phonemes of all languages from log-mel bands, with delayed heads.",
    layers=2,
    labels=LABELS,
    headline="librispeech-dev-clean",
    # Bilabial precision can only be measured where the labels are good.
    tuned_on=_ENGLISH.tuned_on,
    # English counts half, each other language alike.
    judges={"librispeech-dev-clean": 0.5} | {name: 0.5 / len(_FOREIGN_DEV) for name in _FOREIGN_DEV},
    # English, which has no prefix, keeps about half; of the other languages human speech counts most.
    weights={**_ENGLISH.weights, "kokoro-mixed": 0.5},
    # French, Italian and Mandarin have no human speech to train on, so espeak-ng speaks them more often.
    shares={
        "": 0.492,
        "kokoro-mixed": 0.073,
        "de-": 0.047,
        "nl-": 0.031,
        "ru-": 0.042,
        "es-": 0.047,
        "ar-": 0.037,
        "espeak-": 0.085,
        "espeak-fr": 0.026,
        "espeak-it": 0.026,
        "espeak-zh": 0.021,
        "kokoro-": 0.073,
    },
    corrected=False,
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
        # A tap is nearer to the D of American "ready" than to an English r.
        "RT": "D",
        "RX": "R",
        "UE": "UW",
        "UWN": "UW",
        "VH": "V",
        "X": "HH_E",
    },
)

LANGUAGES = {language.code: language for language in (_ENGLISH, _ALL)}
