"""Run two servers, Redis and HAProxy on loopback, in the topology of examples/deploy, with simulated providers."""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import trustme
from click.testing import CliRunner

from mascot_server.cli import main
from support.calls import Call, sign
from support.processes import ServerProcess, serve_process
from support.proxy import Proxy, free_port, run_proxy, scrape
from support.redis import run_redis
from support.servers import run_simulators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LEASE_SECONDS = 3
DRAIN_SECONDS = 3
PATIENCE = 60.0
"""For what takes a second on a machine that has nothing else to do."""


class Node:
    """One of the servers.

    Args:
        name: Name in HAProxy.
        folder: Its working folder.
        upstream: Origin of the providers.
        redis_url: URL of its counters.

    Attributes:
        address: host:port that it listens on.
        server: The process after its start.
    """

    server: ServerProcess

    def __init__(self, name: str, folder: Path, upstream: str, redis_url: str) -> None:
        self.name = name
        self.address = f"127.0.0.1:{free_port()}"
        self._metrics = f"127.0.0.1:{free_port()}"
        self._folder = folder
        self._upstream = upstream
        self._redis_url = redis_url
        self._stack = ExitStack()
        folder.mkdir()

    def start(self) -> None:
        """Start it, or replace it, and wait until it answers."""
        self.stop()
        running = serve_process(
            self._folder, self._upstream,
            port=self.address.rpartition(":")[2],
            metrics=self._metrics,
            redis_url=self._redis_url,
            lease_seconds=str(LEASE_SECONDS),
            drain_seconds=str(DRAIN_SECONDS),
        )  # fmt: skip
        self.server = self._stack.enter_context(running)

    def stop(self) -> None:
        """Kill it."""
        self._stack.close()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.server.process.poll() is None

    def count(self, metric: str, **labels: str) -> float:
        """Return the sum of a metric over these labels."""
        samples = scrape(self._metrics, metric)
        return sum(value for pairs, value in samples.items() if labels.items() <= dict(pairs).items())

    def running(self) -> float:
        """Return the number of its conversations."""
        return self.count("mascot_sessions_active") if self.alive else 0


@dataclass
class Topology:
    """Everything running.

    Attributes:
        one: A server.
        two: The other server.
        proxy: The proxy in front of them.
        trust: TLS context that trusts the proxy's certificate.
        redis_url: URL of keys and counters.
        calls: All accepted conversations.
    """

    one: Node
    two: Node
    proxy: Proxy
    trust: ssl.SSLContext
    redis_url: str
    calls: list[Call] = field(default_factory=list)
    _begun: list[Call] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    @property
    def nodes(self) -> tuple[Node, Node]:
        """Both servers."""
        return self.one, self.two

    def say(self, text: str) -> None:
        """Add a line to the output of `pytest -s`."""
        sys.stdout.write(f"[{time.monotonic() - self._began:5.1f} s] {text}\n")

    async def new_key(self, name: str, *limits: str) -> str:
        """Create a key like an operator."""
        environment = {"MASCOT_KEY_STORE": None, "MASCOT_REDIS_URL": self.redis_url}
        command = partial(CliRunner().invoke, main, ["keys", "new", name, *limits], env=environment)
        # In a thread without an event loop: it runs its own.
        made = await asyncio.to_thread(command)
        assert made.exit_code == 0, made.output
        return made.stdout.strip()

    def calls_on(self, node: Node) -> list[Call]:
        """Return the conversations of a node."""
        return [call for call in self.calls if call.node == node.name and not call.over]

    async def sign(self, provider: str, key: str) -> Any:
        """Ask for a signed URL."""
        # The ElevenLabs SDK has no option for a CA certificate.
        origin = self.proxy.origin if provider == "elevenlabs" else self.proxy.tls_origin
        return await sign(origin, provider, key, self.trust)

    async def call(self, provider: str, answer: Any) -> Call:
        """Begin a conversation and wait until its agent speaks, or until it is rejected."""
        before = [node.running() for node in self.nodes]
        call = Call(provider, answer, self.trust)
        call.start()
        self._begun.append(call)
        await until(lambda: call.audio_ms > 0 or call.over, f"{provider}: the agent speaks")
        if call.refused is None:
            assert not call.over, call.reason
            self.calls.append(call)
            call.node = next(
                node.name for node, count in zip(self.nodes, before, strict=True) if node.running() > count
            )
        return call

    async def close(self) -> None:
        """End all running conversations."""
        for call in self._begun:
            await call.abandon()


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition, with a timeout for a loaded machine."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"did not happen: {what}"
        await asyncio.sleep(0.02)


@contextmanager
def run_topology(folder: Path) -> Iterator[Topology]:
    """Run the topology; skip the test if HAProxy or Redis is not installed."""
    authority = trustme.CA()
    certificate = folder / "certificate.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with ExitStack() as stack:
        redis = stack.enter_context(run_redis())
        # A few times faster than real time.
        providers = stack.enter_context(run_simulators(burst=4, playback=4))
        make = partial(Node, upstream=providers.origin, redis_url=redis.url)
        one, two = (make(name, folder / name) for name in ("one", "two"))
        for node in (one, two):
            stack.callback(node.stop)
            node.start()
        proxy = stack.enter_context(run_proxy(folder, (one.address, two.address), certificate))
        yield Topology(one, two, proxy, trust, redis.url)
