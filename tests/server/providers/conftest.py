"""Prints the parity matrix: provider by behaviour."""

from __future__ import annotations

import re
from typing import Any, Final

_CELL: Final = re.compile(r"test_parity\.py::test_(\w+)\[(?:asyncio-)?(\w+?)(?:-asyncio)?\]$")
_MARKS: Final = {"passed": "yes", "failed": "NO", "error": "NO", "skipped": "n/a"}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    cells: dict[str, dict[str, str]] = {}
    for outcome, mark in _MARKS.items():
        for report in terminalreporter.stats.get(outcome, []):
            if match := _CELL.search(getattr(report, "nodeid", "")):
                cells.setdefault(match[2], {})[match[1]] = mark
    if not cells:
        return
    behaviours = list(dict.fromkeys(name for row in cells.values() for name in row))
    terminalreporter.section("parity matrix")
    rows = [["", *behaviours]]
    rows += [[name, *(cells[name].get(behaviour, "-") for behaviour in behaviours)] for name in sorted(cells)]
    for row in rows:
        terminalreporter.write_line(
            "  ".join(
                cell.ljust(max(12, len(head))) for cell, head in zip(row, ["", *behaviours], strict=True)
            )
        )
