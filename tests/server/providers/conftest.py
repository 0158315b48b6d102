"""Prints the parity matrix: provider by behaviour."""

from __future__ import annotations

import re
from typing import Any, Final

_CELL: Final = re.compile(r"test_parity\.py::test_(\w+)\[(?:asyncio-)?([\w@-]+?)(?:-asyncio)?\]$")
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
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells_of_row = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line("  ".join(cells_of_row).rstrip())
