"""How the targets in tests/fuzz are run.

Each takes anything that its reader may be given, and states what must hold for all of it. The default tests try the
same few hundred inputs each time. `nox -s fuzz` gives the targets to atheris, which is guided by coverage, for as long
as asked, and keeps what it finds.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

SEARCH: Final = "MASCOT_FUZZ_SEARCH"
"""Environment variable that is set while `nox -s fuzz` runs: try new inputs each time, and those that failed before."""

fuzzed: Final = settings(
    # Timing says nothing on a busy machine, and inputs are large on purpose.
    deadline=None,
    max_examples=200,
    derandomize=SEARCH not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
