"""Write every reply of the script as ``.wav`` and ``.json`` into the simulators. asset folder.

Needs Festival and its voice (Debian packages ``festival`` and ``festvox-us-slt-hts``). Running it again
gives the same files.
"""

from __future__ import annotations

import json
import wave
from dataclasses import asdict
from pathlib import Path

from mascot_server import simulators
from tools.voices.render import SAMPLE_RATE, SYNTHESISER, VOICE, render
from tools.voices.script import REPLIES


def main() -> None:
    """Render the script."""
    folder = Path(simulators.__file__).parent / "assets"
    for name, sentences in REPLIES.items():
        rendering = render(sentences)
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(rendering.samples.astype("<i2").tobytes())
        card = {
            "text": " ".join(sentences),
            "sample_rate": SAMPLE_RATE,
            "duration_ms": len(rendering.samples) * 1000 // SAMPLE_RATE,
            "synthesiser": SYNTHESISER,
            "voice": VOICE,
            "words": [asdict(word) for word in rendering.words],
        }
        (folder / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
        print(f"{name}: {card['duration_ms']} ms, {len(rendering.words)} words")


if __name__ == "__main__":
    main()
