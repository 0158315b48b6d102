"""What a model costs: time of a recording and of a live chunk, start, memory, threads, size.

::

    python -m bench.model_speed --model default --seconds 300 --json

predict       a recording of --seconds in one call; times_real_time is its length by the time taken
chunk_100ms   microseconds for 100 ms of one stream: `stream` alone, through create_stream; batch_N in a batch of N
              streams, the batch's time divided by N, with the features and the decoding of each of them; the same
              with blend weights, which count as decoding: `stream_weights` and batch_N_weights; and with those of
              VRM beside the same events of Oculus: `stream_vrm` and batch_N_vrm
start         a fresh process: import, load, and both together
memory        peak of the process in MB; `predict` minus `before_predict` is what the recording took beyond itself
threads       of a fresh process with no limits set: numpy's are those of its linear algebra

Times are medians of repetitions in turns, on one thread (but for `start` and `threads`), between the least and the
most of all repetitions. Each repetition of a chunk is itself the median of its calls.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.machine import files
from bench.throughput import spread
from mascot_visemes import available_models

_ROOT = Path(__file__).parents[1]
_STARTS = 5
_LONGEST = 36000
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def run(model: str, seconds: float, rate: int, repeats: int) -> dict[str, Any]:
    """All figures of a model, with the machine they were taken on."""
    # The first start may have to compile modules.
    starts = [_child("bench.fresh", model) for _ in range(_STARTS + 1)][1:]
    asked = (model, str(seconds), str(rate), str(repeats))
    costs = _child("bench.throughput", *asked, environment=_ONE_THREAD)
    peaks = {"loaded": starts[0]["peak_kib"], **costs.pop("peak_kib")}
    return {
        "model": model,
        **costs,
        "start": {key: spread([s[key] for s in starts]) for key in ("import_ms", "load_ms", "total_ms")},
        "memory_mb": {key: None if kib is None else round(kib * 1024 / 1e6, 1) for key, kib in peaks.items()},
        "threads": starts[0]["threads"],
        "files": files(model),
    }


def _child(module: str, *arguments: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Run a module in a process of its own; return the JSON object that it prints."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", module, *arguments],
        cwd=_ROOT,
        env=os.environ | (environment or {}),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{module} ended with status {done.returncode}; what it said stands above")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def table(result: dict[str, Any]) -> str:
    """Format the figures of `run` as text."""
    lines = [f"{'model':16}{result['model']}"]
    lines += [f"{key:16}{value}" for key, value in result["machine"].items()]
    lines += [f"{key:16}{value}" for key, value in result["audio"].items()]
    predict = result["predict"]
    lines += ["", f"{predict['seconds']:g} s in one call: {_cell(predict['took_s'])} s"]
    lines += [f"{predict['times_real_time']} times faster than real time", ""]
    lines.append(
        f"{'µs a 100 ms chunk':16}"
        + "".join(f"{s:>26}" for s in ("features", "network", "decoding", "total"))
    )
    for name, stages in result["chunk_100ms_us"].items():
        cells = [
            _cell(stages[s]) if s in stages else "" for s in ("features", "network", "decoding", "total")
        ]
        lines.append(f"{name:17}" + "".join(f"{cell:>26}" for cell in cells))
    lines.append("")
    lines += [f"{key:16}{_cell(value)}" for key, value in result["start"].items()]
    for group in ("memory_mb", "threads", "files"):
        lines.append(f"{group:16}" + ", ".join(f"{key} {value}" for key, value in result[group].items()))
    return "\n".join(lines)


def _cell(value: dict[str, float]) -> str:
    return f"{value['median']:g} ({value['low']:g} to {value['high']:g})"


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 1 <= value <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {_LONGEST}")
    return value


def _repeats(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.model_speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model", choices=available_models(), default="default", help="what to time (%(default)s)"
    )
    parser.add_argument(
        "--seconds", type=_seconds, default=300.0, help="length of the recording for predict (%(default)g)"
    )
    parser.add_argument(
        "--sample-rate",
        type=int,
        default=24000,
        choices=(8000, 16000, 24000, 48000),
        help="of all audio (%(default)s)",
    )
    parser.add_argument("--repeats", type=_repeats, default=15, help="turns to take (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object rather than a table")
    args = parser.parse_args()
    result = run(args.model, args.seconds, args.sample_rate, args.repeats)
    print(json.dumps(result) if args.json else table(result))


if __name__ == "__main__":
    main()
