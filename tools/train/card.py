"""The card: a JSON file beside the network with all that is needed to run it and to know where it comes from."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from mascot_visemes.network import CARD_FORMAT
from mascot_visemes.shapes import LABELS, SHAPES

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from tools.train.corpus import Corpus

_SOURCES = {
    "kathleen": ("dataset-voice-kathleen (Rhasspy), one US English speaker", "CC0-1.0"),
    "librispeech-dev-clean": ("LibriSpeech dev-clean (OpenSLR 12)", "CC-BY-4.0"),
    "librispeech-train-clean-100": (
        "LibriSpeech train-clean-100, one utterance a speaker (OpenSLR 12)",
        "CC-BY-4.0",
    ),
    "picovoice-barista": ("speech-to-intent-benchmark (Picovoice)", "Apache-2.0"),
    "speechocean762": ("speechocean762 (OpenSLR 101)", "free for any use, as its README says"),
}
_PATHS = {"corpus", "out", "models"}
TUNED = ("sapi", "oculus")
"""Viseme sets whose decoder is tuned and stands in the card; the others take over Oculus's constants."""

# Where tuning starts, and what holds until it has been done.
_DECODER = {"switch_cost": 2.0, "silence_db": -88.0}


def write(path: Path, args: argparse.Namespace, best: dict[str, Any], data: Corpus) -> None:
    """Write the card of a network just trained; `tools.train.tune` adds the decoder's constants and the metrics."""
    hours: dict[str, float] = {}
    for u in data.split("train"):
        hours[u.corpus] = hours.get(u.corpus, 0.0) + u.samples / 16000 / 3600
    card = {
        "format": CARD_FORMAT,
        "name": args.name,
        "description": "English phonemes from log-mel bands: causal convolution and two GRU layers, delayed heads.",
        "language": "en",
        "licence": "Apache-2.0",
        "labels": list(LABELS),
        "decoder": {name: _DECODER | {"bias": [0.0] * len(SHAPES[name].ids)} for name in TUNED},
        "metrics": {},
        "data": [
            {
                "corpus": name,
                "source": _SOURCES[name][0],
                "licence": _SOURCES[name][1],
                "train_hours": round(h, 2),
            }
            if name in _SOURCES
            else {"corpus": name, "train_hours": round(h, 2)}
            for name, h in sorted(hours.items())
        ],
        "training": {
            "command": _command(args),
            "revision": _revision(),
            "seed": args.seed,
            "epoch": best["epoch"],
            "parameters": sum(v.numel() for k, v in best["net"].items() if k not in {"mean", "scale"}),
            "argmax_accuracy_oculus15": {name: round(value, 4) for name, value in best["right"].items()},
        },
    }
    save(path, card)


def _command(args: argparse.Namespace) -> str:
    """The command that trained it, without the paths of one machine."""
    options = " ".join(f"--{name} {value}" for name, value in vars(args).items() if name not in _PATHS)
    return f"python -m tools.train --corpus CORPUS --out RUN {options}"


def save(path: Path, card: dict[str, Any]) -> None:
    """Write a card, readable."""
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _revision() -> str:
    """The git revision of the training code, or ``unknown``."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)  # noqa: S607 - whichever git there is
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
