"""What the example plays on when there is no server to use: one of its own, and simulated providers."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from anyio.from_thread import start_blocking_portal

from examples.web.providers import KEYS
from mascot_server.simulators import Simulators

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["stage"]


@contextmanager
def stage() -> Iterator[str]:
    """Starts `mascot-server serve --dev`, with a simulator for each provider that there is no key for.

    Yields:
        The origin of the server. It takes the key `mascot-dev`.
    """
    with start_blocking_portal() as portal:
        simulators = Simulators()
        with portal.wrap_async_context_manager(simulators):
            environment = {
                name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")
            }
            for provider, key in KEYS.items():
                if key not in os.environ:
                    environment[f"MASCOT_{provider.upper()}_URL"] = simulators.origin
            with _server(environment) as origin:
                yield origin


@contextmanager
def _server(environment: dict[str, str]) -> Iterator[str]:
    command = [sys.executable, "-m", "mascot_server", "serve", "--dev", "--port", "0"]
    process = subprocess.Popen(  # noqa: S603  (our own command)
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with process:
        try:
            assert process.stdout is not None  # noqa: S101  (asked for above)
            for line in process.stdout:
                if line.startswith("listening on "):
                    yield line.removeprefix("listening on ").strip()
                    return
            raise SystemExit("the server did not start: mascot-server serve --dev says why")
        finally:
            process.terminate()
