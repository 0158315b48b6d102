"""Settings of the targets in tests/fuzz.

Each target accepts any input of its reader and asserts properties of all results. The default tests use the same few
hundred inputs each time. `nox -s fuzz` runs the targets with atheris, which is guided by coverage, for a given time,
and keeps its findings.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

SEARCH: Final = "MASCOT_FUZZ_SEARCH"
"""Environment variable that is set while `nox -s fuzz` runs: try new inputs each time, and those that failed before."""

fuzzed: Final = settings(
    # Deadlines are not useful on a busy machine, and inputs are large on purpose.
    deadline=None,
    max_examples=200,
    derandomize=SEARCH not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
