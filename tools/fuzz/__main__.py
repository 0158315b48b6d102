"""Fuzz every target of tests/fuzz for a while, and print executions and failures.

::

    nox -s fuzz -- --minutes 10
    nox -s fuzz -- --minutes 5 --target frames

Executions are runs of a target; inputs are runs whose bytes made a complete input. Inputs that reached new code stay in
.hypothesis/corpus and are used first next time. A failure is shrunk to a minimal example, which is kept in
.hypothesis/examples and run again until it is fixed: add it to the target as an `@example`. Needs atheris: Linux.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).parents[2]
_TARGETS: Final = _ROOT / "tests/fuzz"
_ENVIRONMENT: Final = os.environ | {"MASCOT_FUZZ_SEARCH": "1"}
_START_SECONDS: Final = 120
_SHOWN_LINES: Final = 40


@dataclass(frozen=True, slots=True)
class Target:
    """One test function.

    Attributes:
        module: Name of its file, without suffix.
        test: Its name.
    """

    module: str
    test: str

    @property
    def name(self) -> str:
        """Name in the table."""
        return f"{self.module.removeprefix('test_')}/{self.test.removeprefix('test_')}"


def targets(wanted: str) -> list[Target]:
    """Return the targets whose name contains a text."""
    found = [
        Target(file.stem, node.name)
        for file in sorted(_TARGETS.glob("test_*.py"))
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return [target for target in found if wanted in target.name]


def fuzz(target: Target, seconds: float, seed: int) -> dict[str, Any]:
    """Fuzz one target; return its executions and the failure, if any."""
    corpus = _ROOT / ".hypothesis/corpus" / target.name
    command = [sys.executable, "-m", "tools.fuzz.target", target.module, target.test]
    command += ["--seconds", f"{seconds:g}", "--seed", str(seed), "--corpus", str(corpus)]
    try:
        done = subprocess.run(  # noqa: S603 - our own
            command,
            cwd=_ROOT,
            env=_ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + _START_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return {"executions": 0, "inputs": 0, "failure": f"still ran {_START_SECONDS} s after its time"}
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        # libFuzzer ended it for a hang or too much memory.
        return {"executions": 0, "inputs": 0, "failure": done.stderr[-3000:]}
    outcome: dict[str, Any] = json.loads(lines[-1])
    return outcome


def reproduce(target: Target) -> str | None:
    """Return the minimal example of a failure that was just found; `None` if the test passes."""
    where = f"tests/fuzz/{target.module}.py::{target.test}"
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", where],
        cwd=_ROOT, env=_ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout if done.returncode else None


def main() -> int:
    """Run the command; return 1 if a target failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--minutes", type=float, default=10, help="minutes for all targets together (%(default)s)"
    )
    parser.add_argument("--target", default="", help="only targets whose name contains this text")
    parser.add_argument("--seed", type=int, default=1, help="seed of the fuzzer (%(default)s)")
    args = parser.parse_args()
    chosen = targets(args.target)
    if not chosen:
        parser.error(f"--target {args.target}: no such target; see tests/fuzz")
    seconds = args.minutes * 60 / len(chosen)
    failed = []
    print(f"{len(chosen)} targets, {seconds:.0f} s each, seed {args.seed}\n")
    print(f"{'target':<60}{'executions':>12}{'inputs':>10}{'per second':>12}  result")
    for target in chosen:
        outcome = fuzz(target, seconds, args.seed)
        failure = outcome["failure"]
        counts = f"{outcome['executions']:>12}{outcome['inputs']:>10}"
        rate = "" if failure else f"{outcome['inputs'] / seconds:.0f}"
        print(
            f"{target.name:<60}{counts}{rate:>12}  {'FAILED' if failure else 'passed'}",
            flush=True,
        )
        if failure:
            failed.append((target, failure))
    for target, failure in failed:
        shown = reproduce(target) or f"pytest does not reproduce it; output of the fuzzer:\n{failure}"
        print(f"\n{target.name}\n" + "\n".join(shown.splitlines()[-_SHOWN_LINES:]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
