"""The common interface of synthesisers: voices, manners and their speech."""

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
    """A phone and its time, in seconds from the start of the audio."""

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
        words: Start of each word in seconds; empty if the synthesiser does not report it.
    """

    samples: NDArray[np.int16]
    rate: int
    segments: tuple[Segment, ...]
    words: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Manner:
    """How texts are spoken.

    Attributes:
        pace: Speaking rate; 1 is the voice's default, 2 is twice as fast.
        pitch: Mean pitch as a multiple of the voice's default. Some voices cannot change it.
        variant: Timbre of a voice that has several; empty for the default.
        tract: Factor for all formants; above 1 for a shorter vocal tract. Some voices cannot change it.
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
        phones: Table of its phone names, see `tools.synthesis.phones`.
        install: Command that installs it.
        present: Whether it can be used on this machine.
        speak: Speaks texts in one manner; one `Speech` for each.
        late_s: Delay of the audio after its times, in seconds; see `tools.synthesis.timing`.
        paces: Lowest and highest pace that still sounds natural.
        pitches: Lowest and highest pitch; both 1 if it cannot be set.
        variants: Timbres to draw from.
        tracts: Lowest and highest factor of the formants; both 1 if they cannot be changed.
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
    """Return speech at another sampling rate, which multiplies its formants, pitch and pace."""
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
    """Return the path of an installed program.

    Raises:
        FileNotFoundError: It is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed: apt-get install {name}")
    return path
