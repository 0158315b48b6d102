"""Show a speaking face in a terminal, or lines of text if the output is not a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Final, Protocol, Self

from examples.demo.drawing import COLUMN_MS, SOUNDS, letters, openings, show
from examples.face import blended, draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from examples.face import Pixels
    from mascot_client import Mouth

__all__ = ["Display", "Screen", "Strip", "half_blocks"]

_STEPS: Final = (0, 95, 135, 175, 215, 255)
"""The brightness of each step of a colour, for terminals with 256 colours."""
_PANEL: Final = 32
_SMALLEST: Final = _PANEL + 28


class Display(Protocol):
    """The output for the face."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, mouth: Mouth, now_ms: float, captions: Sequence[str]) -> None:
        """Show the face at one moment.

        Args:
            mouth: The mouth.
            now_ms: The time on the clock of the mouth, in milliseconds.
            captions: All captions so far.
        """


class Screen:
    """A terminal of any size. Each character shows two pixels, so that pixels are square.

    Args:
        title: The title next to the face.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._shown: list[str] = []
        self._captions: Sequence[str] = ()

    def __enter__(self) -> Self:
        # The alternate screen, so that the old content of the terminal is restored; no cursor.
        sys.stdout.write("\x1b[?1049h\x1b[?25l")
        return self

    def __exit__(self, *_error: object) -> None:
        sys.stdout.write("\x1b[0m\x1b[?25h\x1b[?1049l")
        # The captions stay in the terminal.
        print(*filter(None, self._captions), sep="\n", flush=True)

    def show(self, mouth: Mouth, now_ms: float, captions: Sequence[str]) -> None:
        """Draw the lines that have changed."""
        columns, rows = shutil.get_terminal_size()
        panel = _PANEL if columns >= _SMALLEST else 0
        width = min(2 * rows, columns - panel)
        blink = max(0.0, 1 - abs(now_ms % 4300 - 80) / 80)
        pixels = draw(blended(mouth.weights), width=width, height=2 * rows, blink=blink)
        beside = self._beside(mouth, captions, rows) if panel else [""] * rows
        lines = [f"{row}\x1b[0m {text}" for row, text in zip(half_blocks(pixels), beside, strict=True)]
        if len(lines) != len(self._shown):
            sys.stdout.write("\x1b[2J")
            self._shown = [""] * len(lines)
        for number, (line, before) in enumerate(zip(lines, self._shown, strict=True), start=1):
            if line != before:
                sys.stdout.write(f"\x1b[{number};1H{line}\x1b[K")
        sys.stdout.flush()
        self._shown, self._captions = lines, captions

    def _beside(self, mouth: Mouth, captions: Sequence[str], rows: int) -> list[str]:
        shares = sorted(mouth.weights.items(), key=lambda share: -share[1])[:3]
        bars = [f"{SOUNDS[viseme]:<12}{'█' * round(16 * weight)}" for viseme, weight in shares]
        head = [f"\x1b[1m{self._title}\x1b[0m", "", *bars, *[""] * (3 - len(bars)), ""]
        foot = ["", "\x1b[2mCtrl-C hangs up\x1b[0m"]
        said = [line for caption in captions for line in [*textwrap.wrap(caption, _PANEL - 2), ""]]
        space = max(rows - len(head) - len(foot), 0)
        said = said[-space:] if space else []
        return [*head, *said, *[""] * (space - len(said)), *foot][:rows]


class Strip:
    """Lines of text for a pipe or a log: the opening of the mouth, and a letter for its shape, every 40 ms."""

    _COLUMNS: Final = 75

    def __init__(self) -> None:
        self._shapes: list[int] = []
        self._from = 0.0
        self._before = 0.0
        self._said: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._flush()

    def show(self, mouth: Mouth, now_ms: float, captions: Sequence[str]) -> None:
        """Print complete lines of visemes, and each caption when it is complete."""
        if list(captions[:-1]) != self._said:
            self._flush()
            show(captions[len(self._said) : -1])
            self._said = list(captions[:-1])
        columns = int((now_ms - self._before) // COLUMN_MS)
        self._before += columns * COLUMN_MS
        if mouth.speaking:
            self._shapes += [mouth.viseme] * columns
        while len(self._shapes) >= self._COLUMNS:
            self._flush()

    def _flush(self) -> None:
        row, self._shapes = self._shapes[: self._COLUMNS], self._shapes[self._COLUMNS :]
        if row:
            text = f"{self._from / 1000:5.1f} s  {openings(row)}\n         {letters(row)}"
            show([text])
            self._from += len(row) * COLUMN_MS


def half_blocks(pixels: Pixels) -> Iterator[str]:
    """Convert pixels to lines of upper half blocks; the two colours of a block are two pixels.

    Args:
        pixels: The RGB image, shape (2 * lines, columns, 3).

    Yields:
        The lines, with an escape sequence wherever the colour changes.
    """
    exact = os.environ.get("COLORTERM") in {"truecolor", "24bit"}
    for upper, lower in zip(pixels[::2].tolist(), pixels[1::2].tolist(), strict=True):
        line, before = [], ("", "")
        for over, under in zip(upper, lower, strict=True):
            colours = _colour(over, exact=exact), _colour(under, exact=exact)
            if colours != before:
                line.append(f"\x1b[38;{colours[0]};48;{colours[1]}m")
                before = colours
            line.append("▀")
        yield "".join(line)


def _colour(rgb: Sequence[int], *, exact: bool) -> str:
    if exact:
        return "2;{};{};{}".format(*rgb)
    red, green, blue = map(_step, rgb)
    return f"5;{16 + 36 * red + 6 * green + blue}"


def _step(part: int) -> int:
    """Return the index of the nearest value of ``_STEPS``."""
    return min(range(len(_STEPS)), key=lambda step: abs(_STEPS[step] - part))
