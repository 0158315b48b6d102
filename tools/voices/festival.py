"""The English voice: Festival with an HTS voice, which tells when it speaks each word."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

from tools.voices.render import Spoken

SYNTHESISER = "Festival"
VOICE = "cmu_us_slt_arctic_hts"

_SCRIPT = """
(voice_{voice})
(set! utt (SynthText "{text}"))
(mapcar
 (lambda (token)
  (mapcar
   (lambda (word) (format t "%s %s " (item.feat word "word_start") (item.feat word "word_end")))
   (item.daughters token))
  (format t "\\n"))
 (utt.relation.items utt 'Token))
(utt.save.wave utt "{path}" 'riff)
"""


def speak(sentence: str) -> Spoken:
    """Speak a sentence."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sentence.wav"
        script = Path(folder) / "sentence.scm"
        script.write_text(_SCRIPT.format(voice=VOICE, text=sentence, path=sound), encoding="ascii")
        command = ["festival", "-b", str(script)]
        spoken = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - Festival
        with wave.open(str(sound), "rb") as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    # Word times per token. The relation lists words and punctuation marks too (no daughters, an empty
    # line), and a mark among a token's daughters has the times 0 and 0.
    tokens = [[float(time) for time in line.split()] for line in spoken.splitlines() if line.strip()]
    times = [(token[0], max(token)) for token in tokens]
    return Spoken(samples.astype(np.int16), rate, times)
