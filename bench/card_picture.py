"""Draw the confusion matrix: one row per viseme, with the shares of its frames in per cent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mascot_visemes.extras import require

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (900, 800)
"""Width and height in pixels."""
_DPI = 100
_DARK = 0.5  # Above this share the cell is dark, so its number is white.
_SHOWN = 0.005  # Cells up to this share would show 0 %, so they stay empty.


def figure_class() -> Any:
    """Return the class ``Figure`` of matplotlib.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    return require("matplotlib.figure", "the confusion matrix").Figure


def draw(path: Path, visemes: list[str], rows: list[list[float]], title: str) -> None:
    """Write the picture.

    Args:
        path: The PNG file.
        visemes: Names of rows and columns.
        rows: Shares (0 to 1) of each viseme's frames by predicted viseme, shape (visemes, visemes).
        title: Text above the picture: model, corpus, condition and chunks.
    """
    figure = figure_class()(figsize=(SIZE[0] / _DPI, SIZE[1] / _DPI), layout="constrained")
    axes = figure.subplots()
    axes.imshow(rows, cmap="Blues", vmin=0.0, vmax=1.0)
    for y, row in enumerate(rows):
        for x, share in enumerate(row):
            if share > _SHOWN:
                colour = "white" if share > _DARK else "black"
                axes.text(x, y, f"{100 * share:.0f}", ha="center", va="center", color=colour, fontsize=11)
    axes.set_xticks(range(len(visemes)), visemes)
    axes.set_yticks(range(len(visemes)), visemes)
    axes.set(title=title, xlabel="predicted", ylabel="true, % of its frames")
    figure.savefig(path, dpi=_DPI, format="png")
