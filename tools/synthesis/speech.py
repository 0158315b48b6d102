"""What every synthesiser gives, and what it takes to get it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray


_RATE_STEP = 50  # Hz; rates on this grid convert to others by small factors


class Segment(NamedTuple):
    """A phone and when it is spoken, in seconds from the start of the audio."""

    start_s: float
    end_s: float
    phone: str


@dataclass(frozen=True, slots=True)
class Speech:
    """One spoken text.

    Attributes:
        samples: Mono int16.
        rate: Samples a second.
        segments: Phones in the synthesiser's own names, in order, without gaps.
        words: Start of each word in seconds; none where the synthesiser does not tell.
    """

    samples: NDArray[np.int16]
    rate: int
    segments: tuple[Segment, ...]
    words: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Manner:
    """How texts are spoken.

    Attributes:
        pace: Rate of speaking; 1 is the voice's own, 2 twice as fast.
        pitch: Mean pitch as a multiple of the voice's own. Voices whose pitch cannot be set keep their own.
        variant: Which timbre, of a voice that has several; empty for its own.
        tract: Factor that moves all formants, as a shorter (above 1) or longer vocal tract does. Voices that cannot do
            it keep their own.
    """

    pace: float = 1.0
    pitch: float = 1.0
    variant: str = ""
    tract: float = 1.0


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of a synthesiser.

    Attributes:
        corpus: Name of the corpus made with it, such as ``festival-slt``.
        share: Part of all hours, relative to the shares of the other voices.
        phones: Its phone names as those of the corpora, see `tools.synthesis.phones`.
        install: Command that brings it.
        present: Whether it can be used on this machine.
        speak: Speaks texts in one manner; one `Speech` for each.
        late_s: How much later than its times the audio comes, seconds; see `tools.synthesis.timing`.
        paces: Lowest and highest pace in which it still sounds natural.
        pitches: Lowest and highest pitch; both 1 where it cannot be set.
        variants: Timbres to draw from.
        tracts: Lowest and highest factor of the formants; both 1 where they cannot be moved.
        batch: Texts of the training split that it speaks in one manner.
        rough: Whether its times lie on a grid too coarse to learn from, so that `tools.synthesis.align` sharpens them.
    """

    corpus: str
    share: float
    phones: dict[str, tuple[str, ...]]
    install: str
    present: Callable[[], bool]
    speak: Callable[[Sequence[str], Manner], list[Speech]]
    late_s: float = 0.0
    paces: tuple[float, float] = (0.85, 1.2)
    pitches: tuple[float, float] = (1.0, 1.0)
    variants: tuple[str, ...] = ("",)
    tracts: tuple[float, float] = (1.0, 1.0)
    batch: int = 20
    rough: bool = False


def moved(speech: Speech, tract: float) -> Speech:
    """Return speech with its formants, pitch and pace multiplied, by taking its samples at another rate."""
    if tract == 1:
        return speech
    rate = round(speech.rate * tract / _RATE_STEP) * _RATE_STEP
    factor = speech.rate / rate
    return Speech(
        speech.samples,
        rate,
        tuple(Segment(start * factor, end * factor, phone) for start, end, phone in speech.segments),
        tuple(start * factor for start in speech.words),
    )


def program(name: str) -> str:
    """Return path of an installed program.

    Raises:
        FileNotFoundError: It is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed: apt-get install {name}")
    return path
