"""What a run was made of: ``run.json`` in its folder, from which it can be repeated and traced to the runs before."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.train.card import revision

if TYPE_CHECKING:
    import argparse

    from tools.train.corpus import Corpus

FILE = "run.json"
_PACKAGES = ("numpy", "scipy", "torch", "onnx", "onnxruntime")


def write(args: argparse.Namespace, data: Corpus) -> None:
    """Write it, or add to it that the run was gone on with.

    Raises:
        SystemExit: The folder has a run of other speech.
    """
    path: Path = args.out / FILE
    speech = _speech(args.out / "cache", data)
    start = {
        "with": _options(args),
        "revision": revision(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if path.exists():
        run = json.loads(path.read_text("utf-8"))
        if run["speech"] != speech:
            raise SystemExit(f"--out: {path} is of a run with other speech; give another folder")
        run["started"].append(start)
    else:
        run = {
            "language": data.language.code,
            "parent": _parent(args.start),
            "teacher": _parent(args.teacher),
            "packages": {name: version(name) for name in _PACKAGES},
            "speech": speech,
            "started": [start],
        }
    path.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _options(args: argparse.Namespace) -> dict[str, Any]:
    def plain(value: object) -> object:
        if isinstance(value, list):
            return [plain(one) for one in value]
        return value.name if isinstance(value, Path) else value

    return {name: plain(value) for name, value in sorted(vars(args).items()) if value is not None}


def _parent(start: Path | None) -> dict[str, Any] | None:
    """Which network or run this one starts from."""
    if start is None:
        return None
    if start.is_file():
        return {"network": start.name, "sha256": hashlib.sha256(start.read_bytes()).hexdigest()}
    best = start / "network" / "best.pt"
    parent: dict[str, Any] = {"run": start.name}
    if best.exists():
        parent["sha256"] = hashlib.sha256(best.read_bytes()).hexdigest()
    if (start / FILE).exists():
        parent["parent"] = json.loads((start / FILE).read_text("utf-8"))["parent"]
    return parent


def _speech(cache: Path, data: Corpus) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for u in data.utterances:
        one = found.setdefault(u.corpus, {"utterances": 0, "hours": 0.0})
        one["utterances"] += 1
        one["hours"] += u.samples / 16000 / 3600
    for name, one in found.items():
        digest = cache / name / "sha256"
        one["hours"] = round(one["hours"], 3)
        one["sha256"] = digest.read_text() if digest.exists() else ""
    return found
