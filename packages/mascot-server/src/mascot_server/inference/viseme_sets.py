"""The viseme sets that can be asked for: of visemes, and of the columns of blend weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, get_args

import mascot_visemes

__all__ = ["VISEME_SHAPES", "VISEME_WEIGHTS", "VisemeSets", "VisemeShapes", "VisemeWeights"]

VisemeShapes = Literal["sapi", "oculus", "vrm", "rhubarb"]
VISEME_SHAPES: Final[tuple[VisemeShapes, ...]] = get_args(VisemeShapes)

VisemeWeights = Literal["oculus", "vrm", "arkit"]
VISEME_WEIGHTS: Final[tuple[VisemeWeights, ...]] = get_args(VisemeWeights)
