from __future__ import annotations

from importlib.util import find_spec

import pytest

# `nox -s livekit` runs these: the framework is too large for the other environments.
collect_ignore_glob = [] if find_spec("livekit.agents") else ["test_*.py"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
