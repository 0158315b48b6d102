"""Draw a mouth over time in the terminal: how far it is open, its shape, and the spoken words."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["COLUMN_MS", "SOUNDS", "as_encoded", "draw", "legend", "letters", "openings", "show"]

COLUMN_MS: Final = 40
COLUMNS: Final = 90

# One letter for each viseme id, similar to its sound; and how far the mouth is open, in eight steps.
_LETTERS: Final = "·aAOeRiuowyIhrlsSTfdkm"
_OPEN: Final = (0, 6, 8, 7, 5, 4, 4, 3, 5, 7, 5, 7, 4, 3, 3, 2, 3, 2, 1, 3, 3, 0)
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_ASCII: Final = str.maketrans("·▁▂▃▄▅▆▇█", "._.-=+*%#")
"""The characters for terminals whose encoding has no block characters."""
SOUNDS: Final = (
    "silence", "ae ax ah", "aa", "ao", "ey eh uh", "er", "y iy ih", "w uw", "ow", "aw", "oy", "ay", "h", "r", "l",
    "s z", "sh ch jh zh", "th dh", "f v", "d t n", "k g ng", "p b m",
)  # fmt: skip
"""The sounds of each viseme id, in ARPAbet."""


def draw(
    shapes: Sequence[tuple[float, int]], words: Iterable[tuple[float, str]], duration_ms: float
) -> Iterator[str]:
    """Draw speech as lines of text.

    Args:
        shapes: Pairs of a time in milliseconds and the viseme id that starts then, sorted.
        words: Pairs of a time in milliseconds and the word that starts then, sorted.
        duration_ms: The total length in milliseconds.

    Yields:
        The lines.
    """
    columns = int(duration_ms // COLUMN_MS) + 1
    ids = [0] * columns
    for (start, shape), (end, _) in pairwise([*shapes, (duration_ms, 0)]):
        first, last = int(start // COLUMN_MS), int(end // COLUMN_MS)
        ids[first : last + 1] = [shape] * (last + 1 - first)
    captions = list(words)
    for begin in range(0, columns, COLUMNS):
        row = ids[begin : begin + COLUMNS]
        yield f"  {begin * COLUMN_MS / 1000:5.1f} s  {openings(row)}"
        yield f"           {letters(row)}"
        yield f"           {_caption(captions, begin)}"


def legend() -> Iterator[str]:
    """Explain the drawing, as lines of text."""
    yield f"How to read it: one column is {COLUMN_MS} ms."
    yield f"  first line   how far the mouth is open, from closed to wide: {_BLOCKS.strip()}"
    yield "  second line  the mouth shape, by its sounds:"
    for first in range(0, len(SOUNDS), 6):
        row = zip(_LETTERS[first : first + 6], SOUNDS[first : first + 6], strict=True)
        yield "    " + "".join(f"{letter} {sounds:<13}" for letter, sounds in row).rstrip()
    yield "  third line   the words, where they begin"


def show(lines: Iterable[str]) -> None:
    """Print a drawing immediately, with characters that the output supports."""
    print(as_encoded("\n".join(lines), sys.stdout.encoding), flush=True)


def as_encoded(text: str, encoding: str | None) -> str:
    """Return a drawing with characters that an encoding supports.

    Args:
        text: The drawing.
        encoding: The encoding of the output; ``None`` if it is not known.
    """
    try:
        text.encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text


def openings(shapes: Iterable[int]) -> str:
    """Return one block per shape; its height is the opening of the mouth."""
    return "".join(_BLOCKS[_OPEN[shape]] for shape in shapes)


def letters(shapes: Iterable[int]) -> str:
    """Return one letter per shape."""
    return "".join(_LETTERS[shape] for shape in shapes)


def _caption(words: Iterable[tuple[float, str]], begin: int) -> str:
    """Return the words of one row, each at its start, or after the word before it."""
    line = ""
    for start, word in words:
        column = int(start // COLUMN_MS) - begin
        if 0 <= column < COLUMNS:
            line = f"{line.ljust(column)}{' ' if line and len(line) >= column else ''}{word}"
    return line
