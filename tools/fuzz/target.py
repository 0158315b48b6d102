"""Fuzz one target in this process: atheris makes bytes, Hypothesis makes inputs from them.

It needs its own process, because libFuzzer ends the process that it runs in. It prints one JSON object, an `Outcome`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final, NoReturn

import atheris

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS: Final = Path(__file__).parents[2] / "tests"
_INSTRUMENTED: Final = ["mascot_server", "mascot_visemes", "uvicorn.protocols"]


_SEEDS: Final = 64
_LONGEST: Final = 4096


class Budget:
    """Runner of a target until its time is over or it fails; it then ends the process.

    Args:
        run: Called with the bytes of one input.
        seconds: Time limit.
    """

    def __init__(self, run: Callable[[bytes], object], seconds: float) -> None:
        self._run = run
        self._deadline = time.monotonic() + seconds
        self._executions = self._inputs = 0

    def __call__(self, data: bytes) -> None:
        """Run one input."""
        self._executions += 1
        try:
            # Bytes that end too early are not an input.
            self._inputs += self._run(data) is not None
        except BaseException:  # noqa: BLE001 - a target fails by any exception
            self._end(failure=traceback.format_exc())
        if time.monotonic() > self._deadline:
            self._end(failure=None)

    def _end(self, *, failure: str | None) -> NoReturn:
        outcome = {"executions": self._executions, "inputs": self._inputs, "failure": failure}
        print(json.dumps(outcome), flush=True)
        os._exit(0 if failure is None else 1)


def _plant(corpus: Path, seed: int) -> None:
    """Fill a new corpus with random bytes, enough for complete inputs; libFuzzer alone starts with almost none."""
    if not corpus.is_dir():
        corpus.mkdir(parents=True)
        random = Random(seed)  # noqa: S311 - inputs, not secrets
        for number in range(_SEEDS):
            (corpus / f"seed-{number}").write_bytes(random.randbytes(random.randint(256, _LONGEST)))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz.target", description=__doc__)
    parser.add_argument("module", help="module of tests/fuzz, such as test_framing")
    parser.add_argument("test", help="test function, such as test_frames")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument(
        "--corpus", type=Path, required=True, help="folder of inputs that reached new code; kept"
    )
    args = parser.parse_args()
    sys.path.insert(0, str(TESTS))
    with atheris.instrument_imports(include=_INSTRUMENTED):
        test: Any = getattr(importlib.import_module(f"fuzz.{args.module}"), args.test)
    _plant(args.corpus, args.seed)
    options = ["-verbosity=0", f"-max_len={_LONGEST}", "-len_control=0", "-timeout=60", "-rss_limit_mb=1500"]
    atheris.Setup(
        ["fuzz", str(args.corpus), f"-seed={args.seed}", *options],
        Budget(test.hypothesis.fuzz_one_input, args.seconds),
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
