"""Run real servers for tests: the product under uvicorn, and the simulated providers, each in a thread."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn
from anyio.from_thread import start_blocking_portal

from mascot_server import create_app, load_settings
from mascot_server.playground import DemoSettings, Playground
from mascot_server.process.server import listen, server_config
from mascot_server.providers.registry import PROVIDERS
from mascot_server.settings import Settings
from mascot_server.simulators import Simulators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mascot_server.inference.capacity import Capacity
    from mascot_server.observability.metrics import Metrics
    from mascot_server.relay.shutdown import Drain
    from mascot_server.simulators import AudioSent

API_KEY = "a-key-of-the-tests"
API_KEY_ID = "env-1dfccf"
SECRET = "a-secret-of-the-tests-of-more-than-32-bytes"


@dataclass
class Providers:
    """Running simulators.

    Attributes:
        origin: Origin of the simulators.
        sent: All audio that they sent, in order.
    """

    origin: str
    sent: list[AudioSent] = field(default_factory=list)


@dataclass
class RunningServer:
    """The running product.

    Attributes:
        origin: Origin of the server, `http(s)://host:port`.
        metrics: Its metrics.
        drain: Its running conversations.
        capacity: Chooses the network of each turn.
    """

    origin: str
    metrics: Metrics
    drain: Drain
    capacity: Capacity


def wait_for_room(origin: str, seconds: float = 120) -> None:
    """Wait until a server accepts conversations: on a busy machine it may be overloaded for a moment."""
    deadline = time.monotonic() + seconds
    while not httpx.get(f"{origin}/readyz").is_success:
        assert time.monotonic() < deadline, "the server had no room"
        time.sleep(0.1)


@contextmanager
def run_simulators(**options: Any) -> Iterator[Providers]:
    """Run the simulators; the options are those of `Simulators`."""
    sent: list[AudioSent] = []
    with start_blocking_portal() as portal:
        simulators = Simulators(on_audio=sent.append, **options)
        with portal.wrap_async_context_manager(simulators):
            yield Providers(simulators.origin, sent)


@contextmanager
def run_server(
    upstream: str, *, ws: Any = None, ping_seconds: Any = None, demo: Any = None, **overrides: Any
) -> Iterator[RunningServer]:
    """Run the server with one origin for all providers; the overrides are its settings.

    `ws` is the name of another uvicorn socket implementation. `ping_seconds` is the ping interval and the timeout of
    the answer. `demo` is a dict of the playground's settings; with it, the server also serves the playground.
    """
    of_providers = tuple(f"{name}_" for name in PROVIDERS)
    urls = {
        name: upstream
        for name in Settings.model_fields
        if name.startswith(of_providers) and name.endswith("_url")
    }
    settings = load_settings(**{"secret": SECRET, "api_keys": API_KEY, "port": 0, **urls, **overrides})
    playground = None if demo is None else Playground(settings, DemoSettings(**demo))
    app = create_app(settings, playground=playground)
    config = server_config(app, settings)
    if ws is not None:
        config.ws = ws
    if ping_seconds is not None:
        config.ws_ping_interval = config.ws_ping_timeout = ping_seconds
    listener = listen(config)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        scheme = "https" if config.is_ssl else "http"
        while not server.started and thread.is_alive():
            thread.join(0.01)
        yield RunningServer(
            f"{scheme}://{settings.host}:{listener.getsockname()[1]}",
            app.state.metrics,
            app.state.drain,
            app.state.capacity,
        )
    finally:
        server.should_exit = True
        thread.join()
