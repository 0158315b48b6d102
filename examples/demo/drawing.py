"""A mouth in the terminal: how far it is open over time, which shape it has, and the words being spoken."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["COLUMN_MS", "draw", "letters", "openings"]

COLUMN_MS: Final = 40
COLUMNS: Final = 90

# One letter for each viseme id, near the sound it stands for; and how far the mouth is open, of eight steps.
_LETTERS: Final = "·aAOeRiuowyIhrlsSTfdkm"
_OPEN: Final = (0, 6, 8, 7, 5, 4, 4, 3, 5, 7, 5, 7, 4, 3, 3, 2, 3, 2, 1, 3, 3, 0)
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"


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
