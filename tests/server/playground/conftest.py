"""What the tests of the playground share: the server with its page, and keys that open simulators alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.pages import Page
from support.servers import Providers, run_server

from mascot_server import simulators

if TYPE_CHECKING:
    from collections.abc import Iterator

NOWHERE = "http://127.0.0.1:1"
"""Where the real services are that must not be asked."""

KEYS = {
    "elevenlabs_api_key": simulators.ELEVENLABS_API_KEY,
    "elevenlabs_agent_id": simulators.ELEVENLABS_AGENT_ID,
    "openai_api_key": simulators.OPENAI_API_KEY,
    "gemini_api_key": simulators.GEMINI_API_KEY,
}
"""Keys of simulators that stand in for the real services."""


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("MASCOT_DEMO_")]:
            environment.delenv(name)
        yield


@pytest.fixture(scope="session")
def keys() -> dict[str, str]:
    return KEYS


@pytest.fixture(scope="session")
def nowhere() -> str:
    return NOWHERE


@pytest.fixture(scope="session")
def page() -> Iterator[Page]:
    """The page without any key."""
    with run_server(NOWHERE, demo={}) as server:
        yield Page(server.origin)


@pytest.fixture(scope="session")
def keyed_page(providers: Providers) -> Iterator[Page]:
    """The page with keys of all providers."""
    with run_server(providers.origin, demo=KEYS) as server:
        yield Page(server.origin)
