"""How the soak test tells growth from noise."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# tools/ is no package that one installs.
sys.path.insert(0, str(Path(__file__).parents[2]))

from tools.soak.sampling import Sample, growth, slope


def samples(memory: list[float]) -> list[Sample]:
    """Samples every five seconds."""
    return [Sample(5.0 * at, mb, 40, 10, 3, 1) for at, mb in enumerate(memory)]


def test_a_leak_shows_as_its_slope() -> None:
    leaking = samples([100 + 0.01 * at for at in range(100)])
    assert slope(leaking, "memory_mb") == pytest.approx(0.01 * 720)
    assert growth(leaking, "memory_mb") == pytest.approx(0.99)


def test_what_goes_up_and_down_has_no_slope() -> None:
    steady = samples([100 + at % 2 for at in range(101)])
    assert slope(steady, "memory_mb") == pytest.approx(0, abs=0.1)
    assert slope(steady, "descriptors") == 0
