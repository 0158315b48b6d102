from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# `nox -s pipecat` runs these: the framework is too large for the other environments.
collect_ignore_glob = [] if find_spec("pipecat_mascot") else ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    for warning in (
        # Pipecat's own classes derive from some that it has deprecated.
        r"`\w+` is deprecated since",
        # Pipecat imports it on Python 3.12 and older.
        "'audioop' is deprecated",
    ):
        config.addinivalue_line("filterwarnings", f"ignore:{warning}")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[list[str]]:
    """Pipecat's log from warnings on, as lines; on the terminal too, which pytest shows where a test fails."""
    from loguru import logger  # noqa: PLC0415  (comes with Pipecat)

    lines: list[str] = []
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    logger.add(lines.append, level="WARNING", format="{message}")
    yield lines
    logger.remove()
