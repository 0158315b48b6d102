"""Fixtures of the server's tests."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

import pytest
from support.redis import RedisServer, run_redis
from support.servers import Providers, RunningServer, run_server, run_simulators
from support.wires import WIRES, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=sorted(WIRES))
def wire(request: pytest.FixtureRequest) -> Wire:
    """Each provider in turn."""
    return WIRES[request.param]


@pytest.fixture(scope="session")
def providers() -> Iterator[Providers]:
    """The simulators, quick."""
    with run_simulators(burst=50, playback=math.inf) as providers:
        yield providers


@pytest.fixture(scope="session")
def server(providers: Providers) -> Iterator[RunningServer]:
    """A server in front of them."""
    with run_server(providers.origin) as server:
        yield server


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """A Redis server for all tests."""
    with run_redis() as redis:
        yield redis


@pytest.fixture
def redis_server(shared_redis: RedisServer) -> RedisServer:
    """It, empty."""
    shared_redis.command("FLUSHALL")
    return shared_redis


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Undo what a command that runs in this process sets for all loggers."""
    loggers = [logging.getLogger(), logging.getLogger("mascot_server")]
    before = [(logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
