"""`python -m mascot_server`: the same as the command `mascot-server`."""

from __future__ import annotations

import sys

from mascot_server.process.native_packages import cannot_load

__all__ = ["main"]


def main() -> None:
    """Run the command, or say which package keeps it from being run."""
    try:
        from mascot_server.cli import main as command  # noqa: PLC0415 - to see it fail
    except Exception:
        problems = cannot_load()
        if not problems:
            raise
        sys.stderr.write("".join(f"{problem}\n" for problem in problems))
        sys.exit(2)
    command()


if __name__ == "__main__":
    main()
