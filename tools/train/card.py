"""The card: a JSON file beside the network with all that is needed to run it and to know where it comes from."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mascot_visemes.features import BANDS
from mascot_visemes.network import CARD_FORMAT, HEADS, DecoderSettings
from mascot_visemes.shapes import SHAPES
from tools.train.sources import source

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from tools.train.corpus import Corpus
    from tools.train.loop import Best

_PATHS = {"corpus", "decoder", "out", "speech", "start", "teacher"}
TUNED = ("sapi", "oculus")
"""Viseme sets whose decoder is tuned and stands in the card; the others take over Oculus's constants."""

# What holds until the decoder has been tuned; the level of silence stays.
_SWITCH_COST = 0.5
_SILENCE_DB = -88.0


def write(path: Path, args: argparse.Namespace, best: Best, data: Corpus) -> None:
    """Write the card of a network just trained; `tools.train.tune` adds the decoder's constants and the metrics."""
    hours: dict[str, float] = {}
    for u in data.split("train"):
        hours[u.corpus] = hours.get(u.corpus, 0.0) + u.samples / 16000 / 3600
    card = {
        "format": CARD_FORMAT,
        "name": args.name,
        "description": data.language.description,
        # A network of all languages is of none.
        **({} if data.language.code == "mul" else {"language": data.language.code}),
        "licence": best.net.licence,
        "architecture": {
            "input": f"{BANDS} log-mel bands at 100 frames a second",
            "steps": "50 a second, of two frames",
            **best.net.architecture,
            "heads": f"{HEADS}, from two frames ahead to nine behind",
        },
        "labels": list(data.language.labels),
        "decoder": {
            name: decoder(DecoderSettings.plain(len(SHAPES[name].ids), _SWITCH_COST, _SILENCE_DB))
            for name in TUNED
        },
        "metrics": {},
        "data": [
            {"corpus": name, "train_hours": round(h, 2)}
            | source(name, distilled=args.teacher is not None, corrected=args.whisper_teacher)
            for name, h in sorted(hours.items())
        ],
        "training": {
            "command": _command(args),
            "revision": revision(),
            "date": datetime.now(UTC).date().isoformat(),
            "seed": args.seed,
            **_sha256("started_from", args.start),
            **_taught(args),
            "epoch": best.epoch,
            "parameters": sum(p.numel() for p in best.net.parameters()),
            "argmax_accuracy_oculus15": {name: round(value, 4) for name, value in best.right.items()},
        },
    }
    save(path, card)


def take_decoder(path: Path, other: Path) -> None:
    """Give a card the decoder's constants of another."""
    content = json.loads(path.read_text("utf-8"))
    content["decoder"] = json.loads(other.read_text("utf-8"))["decoder"]
    save(path, content)


def decoder(settings: DecoderSettings) -> dict[str, Any]:
    """Constants of a decoder as the card has them."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()
    }


def _sha256(role: str, network: Path | None) -> dict[str, str]:
    """Which network had a role, if it was one shipped."""
    if network is None or not network.is_file():
        return {}
    return {f"{role}_sha256": hashlib.sha256(network.read_bytes()).hexdigest()}


def _taught(args: argparse.Namespace) -> dict[str, Any]:
    """Which network another was distilled from."""
    if args.teacher is None:
        return {}
    return {"teacher": args.teacher.stem, "teacher_share": args.teacher_share} | _sha256(
        "teacher", args.teacher
    )


def _command(args: argparse.Namespace) -> str:
    """The command that trained it, without the paths of one machine."""
    given = {name.replace("_", "-"): value for name, value in vars(args).items() if name not in _PATHS}
    if args.start:
        given["start"] = "NETWORK.onnx" if args.start.is_file() else "ENGLISH_RUN"
    if args.teacher:
        given["teacher"] = args.teacher.name
    # Flags stand alone where they are set.
    options = [
        f"--{name}" if value is True else f"--{name} {value}"
        for name, value in given.items()
        if value is not False
    ]
    return f"python -m tools.train --corpus CORPUS --out RUN {' '.join(options)}"


def save(path: Path, card: dict[str, Any]) -> None:
    """Write a card, readable."""
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")


def revision() -> str:
    """The git revision of the training code, or ``unknown``."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)  # noqa: S607 - whichever git there is
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
