"""Holds a running server to its OpenAPI document: `python -m tools.contract [options of schemathesis run]`.

The settings of the checks, and why some are off, are in `schemathesis.toml`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = Path(__file__).parents[1] / "schemathesis.toml"
KEY = "a-key-for-the-contract"


@contextmanager
def running(*command: str, **settings: str) -> Iterator[str]:
    """Run a command of mascot-server; yield the origin that it prints in its first line."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "mascot_server", *command, "--port", "0"],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        yield process.stdout.readline().strip().removeprefix("listening on ")
    finally:
        process.terminate()
        process.communicate()


def main(*options: str) -> int:
    """Run schemathesis; return its exit status."""
    with ExitStack() as stack:
        simulated = stack.enter_context(running("simulate"))
        # Nothing that is tried reaches a real service.
        urls = {f"MASCOT_{name}_URL": simulated for name in ("ELEVENLABS", "OPENAI", "GEMINI", "CARTESIA")}
        origin = stack.enter_context(running("serve", "--dev", MASCOT_API_KEYS=KEY, **urls))
        return subprocess.run(  # noqa: S603 - schemathesis of this environment
            [
                Path(sys.executable).with_name("schemathesis"),
                "--config-file", CONFIG,
                "run", f"{origin}/schema/openapi.json",
                "--header", f"Authorization: Bearer {KEY}",
                *options,
            ],
            check=False,
        ).returncode  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
