"""What the tests of the REST endpoints share: a server, a client with a key, and a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from support.rest import AUTHORIZED
from support.servers import Providers, RunningServer, run_server

from mascot_server.simulators.core.voice import greeting

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


@pytest.fixture(scope="session")
def server(providers: Providers) -> Iterator[RunningServer]:
    """A server that takes little audio and also has the simulated Cartesia."""
    limits = {"max_audio_seconds": 12, "max_audio_bytes": 1_000_000}
    with run_server(providers.origin, cartesia_url=providers.origin, **limits) as server:
        yield server


@pytest.fixture(scope="session")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.origin, headers=AUTHORIZED, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
def speech() -> NDArray[np.int16]:
    """A recording, int16 at `support.rest.RATE`."""
    return greeting().samples
