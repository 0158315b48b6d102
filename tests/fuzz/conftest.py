"""Fuzz targets: each test takes anything its reader may be given, and states what must hold for all of it.

A part of the default tests, a few hundred inputs each; `nox -s fuzz` gives the same functions to atheris, which is
guided by coverage, for as long as asked.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Timing says nothing on a busy machine, and inputs are large on purpose.
settings.register_profile(
    "fuzz",
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("fuzz")
