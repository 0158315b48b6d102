"""Measure how often the mouth is open without speech: hold music, noise or any folder of recordings.

::

    python -m bench.music --audio DIR --model default

Each recording goes through a stream in chunks of 100 ms: `open` is the share of 10 ms frames whose Oculus viseme is
neither silence nor closed lips. Five pieces of hold music are in Debian's asterisk-moh-opsound-wav.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import mascot_visemes as mv
from bench.corpus import read_audio
from bench.visemes import FRAME_MS, track

_CHUNK_MS = 100
_CLOSED = {"sil", "PP"}


def run(audio: Path, model: str) -> dict[str, Any]:
    """Return the share of each recording in a folder, and of all frames together.

    Raises:
        SystemExit: The folder has no recordings.
    """
    engine = mv.load(model, shapes="oculus")
    recordings = {}
    opened = frames = 0
    for path in sorted(path for path in audio.iterdir() if path.is_file()):
        pcm, rate = read_audio(path)
        stream = engine.create_stream(sample_rate=rate)
        size = rate * _CHUNK_MS // 1000
        events = [
            e for start in range(0, len(pcm), size) for e in stream.accept_waveform(pcm[start : start + size])
        ]
        end = len(pcm) * 1000 // rate
        shown = track([(e.time_ms, str(e.viseme)) for e in events], end)
        centres = range(FRAME_MS // 2, end, FRAME_MS)
        its = sum(shown.at(ms) not in _CLOSED for ms in centres)
        recordings[path.name] = {
            "seconds": round(end / 1000, 1),
            "open": round(its / max(1, len(centres)), 4),
        }
        opened, frames = opened + its, frames + len(centres)
    if not frames:
        raise SystemExit(f"--audio: there are no recordings in {audio}")
    return {
        "model": model,
        "chunk_ms": _CHUNK_MS,
        "open": round(opened / frames, 4),
        "recordings": recordings,
    }


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.music",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--audio", type=Path, required=True, help="folder of recordings without speech")
    parser.add_argument(
        "--model", choices=mv.available_models(), default="default", help="model to run (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    args = parser.parse_args()
    if not args.audio.is_dir():
        parser.error(f"--audio: there is no folder {args.audio}")
    result = run(args.audio, args.model)
    if args.json:
        print(json.dumps(result))
        return
    for name, figures in result["recordings"].items():
        print(f"{100 * figures['open']:5.1f} % open of {figures['seconds']} s  {name}")
    print(f"{100 * result['open']:5.1f} % open, {args.model}")


if __name__ == "__main__":
    main()
