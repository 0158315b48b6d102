"""Fixtures of the server's tests."""

from __future__ import annotations

import pytest
from support.wires import WIRES, Wire


@pytest.fixture(params=sorted(WIRES))
def wire(request: pytest.FixtureRequest) -> Wire:
    """Each provider in turn."""
    return WIRES[request.param]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
