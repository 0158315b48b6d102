"""Check the words of the documentation and of the code's own texts: `python -m tools.words [PATH …]`.

Markdown pages, comments and string constants (docstrings, help, settings, log lines, errors) are searched for words
that this project does not use, because readers search for the standard term. Code in Markdown is not searched.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
SKIPPED: Final = {ROOT / "tools" / "words.py", ROOT / "tests" / "tools" / "test_words.py"}
"""Files that contain the words on purpose."""

BANNED: Final = {
    r"(?:is|are|was|be|been) heard by": "is processed by",
    r"hears\b": "processes, recognises, receives",
    r"(?:is|are|was|were|be|been|being) told\b": "is reported, is notified, is sent",
    r"(?:tells|told) (?:apart|the other)": "distinguishes",
    r"frames right": "frame accuracy",
    r"(?:bilabials?|closures?|F, V) found": "recall",
    r"of them right": "precision",
    r"errs? (?:least|less|more)": "most accurate",
    r"turn(?:s|ed)? away": "reject, rejected before the handshake",
    r"\bdoors?\b": "admission, early rejection",
    r"\bstand-?ins?\b": "simulator, simulated provider",
    r"goes on bare|goes bare": "is forwarded without visemes",
    r"\bagendas?\b": "deadline queue",
    r"\bledgers?\b": "shared counters",
    r"\bpeer'?s\b.{0,20}\btakes no more\b": "the send buffer is full",
    r"which is: all but|what is no\b|that is no\b|leave away": "say the positive fact first",
    r"shares of (?:shapes|visemes)": "blend weights",
    r"\bwhoever\b|\bwhosoever\b": "name who it is",
    r"\bits (?:word|ears)\b": "use the standard term",
    r"\bmade up for\b": "say what happens",
    r"\bis right for\b": "say what it is for",
}
"""Patterns that must not appear, and what to write instead."""


class Finding(NamedTuple):
    """A place to change."""

    path: Path
    line: int
    found: str
    instead: str


_PATTERN: Final = re.compile(
    "|".join(f"(?P<p{i}>{pattern})" for i, pattern in enumerate(BANNED)), re.IGNORECASE
)
_FENCE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def findings(path: Path, text: str) -> Iterator[Finding]:
    """Yield what is wrong in one file."""
    pieces = _python(text) if path.suffix == ".py" else _markdown(text)
    for first_line, piece in pieces:
        for match in _PATTERN.finditer(piece):
            line = first_line + piece.count("\n", 0, match.start())
            instead = list(BANNED.values())[int(str(match.lastgroup)[1:])]
            yield Finding(path, line, match[0], instead)


def _markdown(text: str) -> Iterator[tuple[int, str]]:
    """Yield the text with its code blanked out, newlines kept."""
    yield 1, _FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)


def _python(text: str) -> Iterator[tuple[int, str]]:
    """Yield comments and string constants."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _tracked(paths: list[str]) -> Iterator[Path]:
    listed = subprocess.run(  # noqa: S603 - git of this machine, our own arguments
        ["git", "ls-files", "--", *(paths or ["*.md", "*.py"])],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if path.suffix in {".md", ".py"} and path.exists() and path not in SKIPPED:
            yield path


def main(*paths: str) -> int:
    """Print every finding; return 1 if there are any."""
    found = [one for path in _tracked(list(paths)) for one in findings(path, path.read_text("utf-8"))]
    for path, line, words, instead in found:
        print(f"{path.relative_to(ROOT)}:{line}: {words!r}: write {instead}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
