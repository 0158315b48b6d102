"""A mouth in the terminal: how far it is open over time, which shape it has, and the words being spoken."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["COLUMN_MS", "SOUNDS", "as_encoded", "draw", "legend", "letters", "openings", "show"]

COLUMN_MS: Final = 40
COLUMNS: Final = 90

# One letter for each viseme id, near the sound it stands for; and how far the mouth is open, of eight steps.
_LETTERS: Final = "·aAOeRiuowyIhrlsSTfdkm"
_OPEN: Final = (0, 6, 8, 7, 5, 4, 4, 3, 5, 7, 5, 7, 4, 3, 3, 2, 3, 2, 1, 3, 3, 0)
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_ASCII: Final = str.maketrans("·▁▂▃▄▅▆▇█", "._.-=+*%#")
"""What is drawn where the terminal's encoding has no blocks."""
SOUNDS: Final = (
    "silence", "ae ax ah", "aa", "ao", "ey eh uh", "er", "y iy ih", "w uw", "ow", "aw", "oy", "ay", "h", "r", "l",
    "s z", "sh ch jh zh", "th dh", "f v", "d t n", "k g ng", "p b m",
)  # fmt: skip
"""The sounds of each viseme id, in the names of ARPAbet."""


def draw(
    shapes: Sequence[tuple[float, int]], words: Iterable[tuple[float, str]], duration_ms: float
) -> Iterator[str]:
    """Draws speech as lines of text.

    Args:
        shapes: Milliseconds and the viseme id from then on, sorted.
        words: Milliseconds and the word that begins there, sorted.
        duration_ms: Length of the whole.

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
    """Print a drawing at once, with characters that the output can show."""
    print(as_encoded("\n".join(lines), sys.stdout.encoding), flush=True)


def as_encoded(text: str, encoding: str | None) -> str:
    """Return a drawing with characters that an encoding has.

    Args:
        text: The drawing.
        encoding: Encoding of the output; ``None`` if it is unknown.
    """
    try:
        text.encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text


def openings(shapes: Iterable[int]) -> str:
    """A block for each shape, as high as the mouth is open."""
    return "".join(_BLOCKS[_OPEN[shape]] for shape in shapes)


def letters(shapes: Iterable[int]) -> str:
    """A letter for each shape."""
    return "".join(_LETTERS[shape] for shape in shapes)


def _caption(words: Iterable[tuple[float, str]], begin: int) -> str:
    """The words of one row, each where it begins unless the one before is in its way."""
    line = ""
    for start, word in words:
        column = int(start // COLUMN_MS) - begin
        if 0 <= column < COLUMNS:
            line = f"{line.ljust(column)}{' ' if line and len(line) >= column else ''}{word}"
    return line
