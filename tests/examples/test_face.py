"""The face that the examples draw."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from examples.face import SHAPES, Lips, blended, draw

if TYPE_CHECKING:
    from numpy.typing import NDArray


def picture(lips: Lips, blink: float = 0.0) -> NDArray[np.int16]:
    return draw(lips, width=96, height=96, blink=blink).astype(np.int16)


def changed_rows(a: NDArray[np.int16], b: NDArray[np.int16]) -> NDArray[np.intp]:
    return np.flatnonzero(np.abs(a - b).max(axis=(1, 2)))


def test_every_viseme_has_a_mouth_of_its_own() -> None:
    assert len(SHAPES) == 22
    pictures = [picture(shape) for shape in SHAPES]
    for a, b in combinations(pictures, 2):
        assert len(changed_rows(a, b))


@pytest.mark.parametrize(("width", "height"), [(46, 46), (30, 46), (120, 60)])
def test_any_size(width: int, height: int) -> None:
    pixels = draw(SHAPES[2], width=width, height=height)
    assert pixels.shape == (height, width, 3)
    assert pixels.dtype == np.uint8


def test_an_open_mouth_is_dark_inside() -> None:
    middle = (slice(66, 70), 48)
    assert picture(SHAPES[2])[middle].sum() < picture(SHAPES[0])[middle].sum() / 2


def test_the_mouth_moves_in_the_lower_half_and_eyes_in_the_upper() -> None:
    assert changed_rows(picture(SHAPES[0]), picture(SHAPES[2])).min() > 48
    assert changed_rows(picture(SHAPES[0]), picture(SHAPES[0], blink=1.0)).max() < 56


def test_blending_is_soft() -> None:
    assert blended({0: 1.0}) == SHAPES[0]
    half = blended({2: 0.5, 21: 0.5})
    assert half == pytest.approx([(a + b) / 2 for a, b in zip(SHAPES[2], SHAPES[21], strict=True)])
    steps = [picture(blended({2: share, 21: 1 - share})) for share in np.linspace(0, 1, 11)]
    jumps = [np.abs(a - b).sum() for a, b in pairwise(steps)]
    assert max(jumps) < np.abs(steps[0] - steps[-1]).sum() / 2
