"""The similarity of two mouth shapes, and how distinct each shape is.

Each viseme is a point with three coordinates: how far the jaw is open, how rounded the lips are, and how visible the
contact of lips or tongue is. The values are our own, estimated from the usual charts of the Microsoft set.
"""

from __future__ import annotations

import math

_POINTS = (
    (0.00, 0.00, 0.00),  # 0 silence
    (0.55, 0.10, 0.00),  # 1 ae ax ah
    (1.00, 0.10, 0.00),  # 2 aa
    (0.75, 0.70, 0.00),  # 3 ao
    (0.45, 0.00, 0.00),  # 4 ey eh uh
    (0.30, 0.50, 0.00),  # 5 er
    (0.25, 0.00, 0.00),  # 6 y iy ih ix
    (0.15, 1.00, 0.00),  # 7 w uw
    (0.50, 0.90, 0.00),  # 8 ow
    (0.85, 0.40, 0.00),  # 9 aw
    (0.60, 0.80, 0.00),  # 10 oy
    (0.80, 0.05, 0.00),  # 11 ay
    (0.40, 0.05, 0.00),  # 12 h
    (0.20, 0.60, 0.20),  # 13 r
    (0.35, 0.05, 0.60),  # 14 l
    (0.10, 0.00, 0.25),  # 15 s z
    (0.15, 0.55, 0.25),  # 16 sh ch jh zh
    (0.25, 0.00, 0.70),  # 17 th dh
    (0.10, 0.10, 0.90),  # 18 f v
    (0.20, 0.00, 0.35),  # 19 d t n
    (0.30, 0.00, 0.10),  # 20 k g ng
    (0.00, 0.05, 1.00),  # 21 p b m
)
_PLAIN = (0.35, 0.10, 0.10)
"""An average speaking mouth, the least distinct shape."""

_FARTHEST = max(math.dist(one, other) for one in _POINTS for other in _POINTS)
_STANDING_OUT = max(math.dist(point, _PLAIN) for point in _POINTS)


def similarity(one: int, other: int) -> float:
    """Return the similarity of two visemes: 1 for equal ones, 0 for the least similar pair."""
    return 1 - math.dist(_POINTS[one], _POINTS[other]) / _FARTHEST


def distinctness(viseme: int) -> float:
    """Return how distinct a viseme is: 0 for an average speaking mouth, 1 for the viseme farthest from it."""
    return math.dist(_POINTS[viseme], _PLAIN) / _STANDING_OUT
