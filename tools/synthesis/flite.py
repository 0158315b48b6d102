"""Voices built into Flite.

Its clustergen voices (slt, rms, awb) use frames of 5 ms, so their segment times match the audio. The diphone voices
(kal, kal16) are left out: they have the speaker of Festival's kal, and their audio is 115 ms shorter than their times.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tools.synthesis.phones import RADIO
from tools.synthesis.speech import Manner, Segment, Speech, Voice, moved, program

if TYPE_CHECKING:
    from collections.abc import Sequence


def _present(voice: str) -> bool:
    """Return whether Flite is installed and has this voice."""
    try:
        command = [program("flite"), "-lv"]
    except FileNotFoundError:
        return False
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - Flite
    return voice in listed.partition(":")[2].split()


def _speak(voice: str, texts: Sequence[str], manner: Manner) -> list[Speech]:
    return [_said(voice, ["-t", text], manner) for text in texts]


def _said(voice: str, said: list[str], manner: Manner) -> Speech:
    """Return Flite's output, given ``-t`` and a text or ``-p`` and phones."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "speech.wav"
        stretch = f"duration_stretch={manner.tract / manner.pace:.3f}"
        command = [program("flite"), "-voice", voice, "--setf", stretch, "-psdur", "-o", str(sound), *said]
        printed = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - Flite
        with wave.open(str(sound), "rb") as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            speech = Speech(samples, file.getframerate(), _segments(printed.stdout))
    return moved(speech, manner.tract)


def _segments(printed: str) -> tuple[Segment, ...]:
    """Return segments from ``phone:end`` pairs."""
    segments: list[Segment] = []
    start = 0.0
    for pair in printed.split():
        phone, _, end = pair.rpartition(":")
        segments.append(Segment(start, float(end), phone))
        start = float(end)
    return tuple(segments)


VOICES = tuple(
    Voice(
        corpus=f"flite-{name}",
        share=2.5,
        phones=RADIO,
        install="apt-get install flite",
        present=partial(_present, name),
        speak=partial(_speak, name),
    )
    for name in ("slt", "rms", "awb")
)
