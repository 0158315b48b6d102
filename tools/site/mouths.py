"""Draw the picture of each SAPI viseme for the page on visemes: `python -m tools.site.mouths`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image

from examples.face import SHAPES, draw

FOLDER: Final = Path(__file__).parents[2] / "docs" / "images" / "mouths"
SIDE: Final = 96
"""Width and height of a picture in pixels."""


def main() -> None:
    """Write one PNG file for each viseme id."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for viseme, lips in enumerate(SHAPES):
        picture = Image.fromarray(draw(lips, width=SIDE, height=SIDE))
        picture.quantize(64).save(FOLDER / f"{viseme:02}.png", optimize=True)


if __name__ == "__main__":
    main()
