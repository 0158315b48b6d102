"""Draw a face from blend weights, for a terminal, a GIF or a video.

Each SAPI viseme is described by numbers for lips, teeth and tongue. Shapes are blended by blending these numbers.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Plane = NDArray[np.float64]
    Pixels = NDArray[np.uint8]

__all__ = ["SHAPES", "Lips", "blended", "draw"]


class Lips(NamedTuple):
    """The state of a mouth; each value is 0 to 1.

    Attributes:
        open: How far the lips are apart.
        wide: How far the corners are apart.
        round: How far the lips are pushed forward.
        teeth: How much of the upper teeth shows.
        tongue: How far the tongue is up.
        press: How hard the lips are pressed together.
    """

    open: float = 0.0
    wide: float = 0.6
    round: float = 0.0
    teeth: float = 0.0
    tongue: float = 0.0
    press: float = 0.0


SHAPES: Final = (
    Lips(),  # 0 silence
    Lips(0.60, 0.72, teeth=0.35),  # 1 ae ax ah
    Lips(1.00, 0.66, teeth=0.25),  # 2 aa
    Lips(0.78, 0.46, 0.5),  # 3 ao
    Lips(0.46, 0.80, teeth=0.6),  # 4 ey eh uh
    Lips(0.34, 0.52, 0.4, 0.3),  # 5 er
    Lips(0.26, 0.98, teeth=0.9),  # 6 y iy ih
    Lips(0.22, 0.22, 1.0),  # 7 w uw
    Lips(0.52, 0.36, 0.9),  # 8 ow
    Lips(0.85, 0.58, 0.3, 0.2),  # 9 aw
    Lips(0.60, 0.45, 0.7),  # 10 oy
    Lips(0.85, 0.74, teeth=0.4),  # 11 ay
    Lips(0.36, 0.64, teeth=0.3),  # 12 h
    Lips(0.26, 0.42, 0.6, 0.3),  # 13 r
    Lips(0.44, 0.68, teeth=0.5, tongue=1.0),  # 14 l
    Lips(0.15, 0.84, teeth=1.0),  # 15 s z
    Lips(0.26, 0.40, 0.8, 1.0),  # 16 sh ch jh zh
    Lips(0.24, 0.68, teeth=0.7, tongue=0.9),  # 17 th dh
    Lips(0.12, 0.66, teeth=1.0, press=0.4),  # 18 f v
    Lips(0.24, 0.70, teeth=0.8, tongue=0.6),  # 19 d t n
    Lips(0.34, 0.66, teeth=0.5, tongue=0.3),  # 20 k g ng
    Lips(0.00, 0.54, press=1.0),  # 21 p b m
)
"""The mouth of each SAPI viseme id."""

_BACKGROUND: Final = (30, 34, 53)
_SKIN: Final = (255, 196, 150)
_SHADE: Final = (236, 158, 116)
_BLUSH: Final = (255, 150, 130)
_HAIR: Final = (74, 52, 92)
_WHITE: Final = (255, 252, 246)
_IRIS: Final = (46, 60, 110)
_LIPS: Final = (206, 82, 92)
_INSIDE: Final = (88, 22, 42)
_TONGUE: Final = (232, 116, 122)

_MOUTH_Y: Final = 0.42
"""The vertical position of the closed lips; the drawing extends from -1 (top) to 1 (bottom)."""
_REACH: Final = 0.5
"""Half of the maximum size of the mouth."""
_CLOSED_MOUTH: Final = 0.012
_CLOSED_EYE: Final = 0.7


def blended(weights: Mapping[int, float]) -> Lips:
    """Return a mouth blended from several shapes.

    Args:
        weights: The blend weight of each SAPI viseme, with a sum of 1, for example ``Mouth.weights`` of mascot-client.
    """
    shares = [(SHAPES[viseme], weight) for viseme, weight in weights.items()]
    return Lips(*(sum(lips[i] * weight for lips, weight in shares) for i in range(len(Lips._fields))))


def draw(lips: Lips, *, width: int, height: int, blink: float = 0.0) -> Pixels:
    """Draw the face.

    Args:
        lips: The state of the mouth.
        width: The width in pixels.
        height: The height in pixels.
        blink: How far the eyes are closed, 0 to 1.

    Returns:
        The RGB image, shape (height, width, 3).
    """
    image = _still(width, height, round(blink, 1)).copy()
    x, y = _grid(width, height)
    # Only the region of the mouth is drawn, because this is done for every frame.
    region = np.abs(y[:, 0] - _MOUTH_Y) < _REACH, np.abs(x[0]) < _REACH
    where = np.ix_(*region)
    canvas = _Canvas(image[where])
    _mouth(canvas, x[where], y[where], lips)
    image[where] = canvas.image
    return np.clip(image + 0.5, 0, 255).astype(np.uint8)


@lru_cache(maxsize=8)
def _still(width: int, height: int, blink: float) -> NDArray[np.float64]:
    """Return the face without its mouth."""
    x, y = _grid(width, height)
    canvas = _Canvas(np.broadcast_to(np.array(_BACKGROUND, np.float64), (height, width, 3)).copy())
    _head(canvas, x, y)
    for side in (-1, 1):
        _eye(canvas, side * x, y, blink)
    return canvas.image


def _grid(width: int, height: int) -> tuple[Plane, Plane]:
    """Return the horizontal and vertical distance of each pixel from the centre; 1 is half of the shorter side."""
    scale = 2 / min(width, height)
    down, across = np.mgrid[0:height, 0:width].astype(np.float64)
    return (across - (width - 1) / 2) * scale, (down - (height - 1) / 2) * scale


class _Canvas:
    """An image on which shapes are painted.

    A shape is a plane of values below 0 inside and above 0 outside. Its gradient at the edge is used for smooth edges.
    """

    def __init__(self, image: NDArray[np.float64]) -> None:
        self.image = image

    def paint(
        self, shape: Plane, colour: tuple[int, int, int], *, within: Plane | None = None, opacity: float = 1.0
    ) -> None:
        cover = self._cover(shape) * opacity
        if within is not None:
            cover = cover * self._cover(within)
        self.image += cover[..., None] * (np.array(colour) - self.image)

    @staticmethod
    def _cover(shape: Plane) -> Plane:
        steep = np.hypot(*np.gradient(shape))
        cover: Plane = np.clip(0.5 - shape / np.maximum(steep, 1e-9), 0, 1)
        return cover


def _ellipse(
    x: Plane, y: Plane, at: tuple[float, float], radii: tuple[float, float], power: float = 2
) -> Plane:
    """Return an ellipse; a higher power makes it more rectangular."""
    return (np.abs((x - at[0]) / radii[0]) ** power + np.abs((y - at[1]) / radii[1]) ** power) ** (
        1 / power
    ) - 1


def _head(canvas: _Canvas, x: Plane, y: Plane) -> None:
    canvas.paint(_ellipse(x, y, (0, -0.06), (0.90, 0.90), 2.6), _HAIR)
    for side in (-1, 1):
        canvas.paint(_ellipse(side * x, y, (0.80, 0.08), (0.13, 0.18)), _SHADE)
    head = _ellipse(x, y, (0, 0.10), (0.80, 0.84), 2.5)
    canvas.paint(head, _SHADE)
    canvas.paint(_ellipse(x, y, (-0.02, 0.06), (0.77, 0.82), 2.5), _SKIN, within=head)
    # The fringe, on one side.
    for at, radii in (((-0.30, -0.86), (0.85, 0.46)), ((0.72, -0.72), (0.48, 0.40))):
        canvas.paint(_ellipse(x, y, at, radii), _HAIR, within=head - 0.04)
    for side in (-1, 1):
        canvas.paint(_ellipse(side * x, y, (0.50, 0.24), (0.15, 0.10)), _BLUSH, opacity=0.55)
    canvas.paint(_ellipse(x, y, (0.0, 0.15), (0.07, 0.05)), _SHADE)


def _eye(canvas: _Canvas, x: Plane, y: Plane, blink: float) -> None:
    white = _ellipse(x, y, (0.32, -0.08), (0.145, 0.17 * max(1 - blink, 0.12)))
    closed = blink > _CLOSED_EYE
    canvas.paint(white, _HAIR if closed else _WHITE)
    if not closed:
        canvas.paint(_ellipse(x, y, (0.31, -0.07), (0.09, 0.11)), _IRIS, within=white)
        canvas.paint(_ellipse(x, y, (0.28, -0.11), (0.032, 0.036)), _WHITE, within=white)
    arched = y - 1.1 * (x - 0.32) ** 2
    canvas.paint(_ellipse(x, arched, (0.32, -0.36), (0.17, 0.028), 3), _HAIR)


def _mouth(canvas: _Canvas, x: Plane, y: Plane, lips: Lips) -> None:
    half = 0.13 + 0.22 * lips.wide
    gap = 0.36 * lips.open
    # A closed mouth smiles slightly; a rounded mouth does not.
    smile = 0.055 * (1 - lips.round) * (1 - 0.5 * lips.open)
    thick = 0.042 + 0.030 * lips.round - 0.012 * lips.press
    line = _MOUTH_Y - smile * (x / half) ** 2 - 0.3 * gap
    # Rounded mouths are ellipses; other mouths have corners.
    power = 0.75 - 0.25 * lips.round

    def between(rise: float, fall: float, reach: float) -> Plane:
        """Return the area between two arcs that meet at the corners of the mouth."""
        arc = np.maximum(1 - (x / (half + reach)) ** 2, 0) ** power
        middle = line + 0.3 * gap
        edge = np.maximum(middle - rise * arc - y, y - middle - fall * arc)
        return np.where(np.abs(x) < half + reach, edge, np.maximum(edge, np.abs(x) - half - reach))

    upper, lower = 0.35 * gap, 0.65 * gap
    canvas.paint(between(upper + thick, lower + 1.35 * thick, thick), _LIPS)
    inside = between(upper, lower, 0.0)
    if gap > _CLOSED_MOUTH:
        canvas.paint(inside, _INSIDE)
        raised = lower * (1.15 - 1.0 * lips.tongue)
        canvas.paint(
            _ellipse(x, y, (0, _MOUTH_Y + raised + 0.06), (0.72 * half, 0.09 + 0.06 * lips.tongue)),
            _TONGUE,
            within=inside,
        )
        teeth = y - (_MOUTH_Y - upper + 0.035 + 0.075 * lips.teeth * min(1, 4 * gap + 0.3))
        canvas.paint(teeth, _WHITE, within=inside, opacity=min(1, 2.5 * lips.teeth))
    else:
        # The line between closed lips.
        canvas.paint(np.abs(y - line) - 0.010 - 0.006 * lips.press, _INSIDE, within=np.abs(x) - 0.92 * half)
