"""Write every reply of the script as ``.wav`` and ``.json`` into the simulators' asset folder.

``python -m tools.voices en`` needs Festival and its voice (Debian packages ``festival`` and ``festvox-us-slt-hts``),
``python -m tools.voices id`` espeak-ng (``libespeak-ng1``), numpy, scipy and soundfile. Running it again gives the same
files.
"""

from __future__ import annotations

import argparse
import importlib
import json
import wave
from dataclasses import asdict
from pathlib import Path

from mascot_server import simulators
from tools.voices.render import SAMPLE_RATE, render
from tools.voices.script import REPLIES

_VOICES = {"en": "festival", "id": "espeak"}


def main() -> None:
    """Render the script."""
    parser = argparse.ArgumentParser(prog="python -m tools.voices", description=__doc__)
    parser.add_argument("language", choices=list(REPLIES))
    language = parser.parse_args().language
    # Imported only now: each needs a synthesiser of its own.
    voice = importlib.import_module(f"tools.voices.{_VOICES[language]}")
    folder = Path(simulators.__file__).parent / "assets" / language
    folder.mkdir(exist_ok=True)
    for name, sentences in REPLIES[language].items():
        rendering = render(sentences, voice.speak)
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(rendering.samples.astype("<i2").tobytes())
        card = {
            "text": " ".join(sentences),
            "sample_rate": SAMPLE_RATE,
            "duration_ms": len(rendering.samples) * 1000 // SAMPLE_RATE,
            "synthesiser": voice.SYNTHESISER,
            "voice": voice.VOICE,
            "words": [asdict(word) for word in rendering.words],
        }
        (folder / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
        print(f"{name}: {card['duration_ms']} ms, {len(rendering.words)} words")


if __name__ == "__main__":
    main()
