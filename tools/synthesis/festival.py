"""Voices of Festival, which reports the time of each segment of an utterance."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tools.synthesis.phones import RADIO
from tools.synthesis.speech import Manner, Segment, Speech, Voice, program

if TYPE_CHECKING:
    from collections.abc import Sequence

_VOICES = Path("/usr/share/festival/voices")

_PROLOGUE = """
(voice_{voice})
{manner}
(define (speak text path)
 (let ((utt (SynthText text)) (out (fopen (string-append path ".lab") "w")))
  (mapcar
   (lambda (s) (format out "%s %s\\n" (item.name s) (item.feat s "segment_end")))
   (utt.relation.items utt 'Segment))
  (fclose out)
  (utt.save.wave utt (string-append path ".wav") 'riff)))
"""

_HTS_MANNER = """(set! hts_engine_params (append hts_engine_params '(("-r" {pace:.3f}))))"""
_DIPHONE_MANNER = """
(Parameter.set 'Duration_Stretch {stretch:.3f})
(set! int_lr_params '((target_f0_mean {f0:.1f}) (target_f0_std 14) (model_f0_mean 170) (model_f0_std 34)))
"""
# Measured lags of the audio, see `tools.synthesis.timing`, on 80 utterances of each voice.
_HTS_LATE_S = 0.008
_DIPHONE_LATE_S = 0.004
_DIPHONE_F0 = 105.0  # default mean of both diphone voices, Hz


def _speak(voice: str, manner_script: str, texts: Sequence[str], manner: Manner) -> list[Speech]:
    """Speak texts in one process, because loading a voice takes longer than a sentence."""
    settings = manner_script.format(pace=manner.pace, stretch=1 / manner.pace, f0=_DIPHONE_F0 * manner.pitch)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        calls = [f'(speak "{text}" "{folder / str(i)}")' for i, text in enumerate(texts)]
        script = folder / "script.scm"
        script.write_text(
            "\n".join([_PROLOGUE.format(voice=voice, manner=settings), *calls]), encoding="ascii"
        )
        command = [program("festival"), "-b", str(script)]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - Festival
        return [_read(folder / str(i)) for i in range(len(texts))]


def _read(path: Path) -> Speech:
    with wave.open(str(path.with_suffix(".wav")), "rb") as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    segments: list[Segment] = []
    start = 0.0
    for line in path.with_suffix(".lab").read_text(encoding="ascii").splitlines():
        phone, end = line.split()
        segments.append(Segment(start, float(end), phone))
        start = float(end)
    return Speech(samples, rate, tuple(segments))


VOICES = (
    Voice(
        corpus="festival-slt",
        share=5.0,
        phones=RADIO,
        install="apt-get install festvox-us-slt-hts",
        present=(_VOICES / "us/cmu_us_slt_arctic_hts").exists,
        speak=partial(_speak, "cmu_us_slt_arctic_hts", _HTS_MANNER),
        late_s=_HTS_LATE_S,
    ),
    *(
        Voice(
            corpus=f"festival-{name}",
            share=1.0,
            phones=RADIO,
            install=f"apt-get install festvox-{package}",
            present=(_VOICES / f"english/{name}_diphone").exists,
            speak=partial(_speak, f"{name}_diphone", _DIPHONE_MANNER),
            late_s=_DIPHONE_LATE_S,
            pitches=(0.85, 1.5),
        )
        for name, package in (("kal", "kallpc16k"), ("ked", "kdlpc16k"))
    ),
)
"""One HTS voice (the most natural of all here) and two diphone voices."""
