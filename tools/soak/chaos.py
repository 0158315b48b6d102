"""Make Redis unavailable, slow, frozen and restarted, and kill a worker, under load."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import time
from contextlib import ExitStack, asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from support.redis import RedisServer, run_redis
from websockets.exceptions import WebSocketException

from tools.soak.apps import NoRoomError
from tools.soak.sampling import family

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from websockets.asyncio.client import ClientConnection

    from tools.soak.apps import Apps, Hurt

__all__ = ["LIMITED_SESSIONS", "Chaos", "SlowLink"]

LIMITED_SESSIONS: Final = 3
"""Conversations at once that the key `limited` may hold."""

_RECOVERY_SECONDS: Final = 120.0
_OUTAGE_SECONDS: Final = 6.0
_LISTENING: Final = "0A"


class SlowLink:
    """A TCP proxy that delays what passes through it.

    Attributes:
        delay: Delay of all data, in seconds, each way.
    """

    def __init__(self, port: int) -> None:
        self.delay = 0.0
        self._port = port
        self._pumps: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """Listen, and return the port."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for pump in self._pumps:
                pump.cancel()
            await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        try:
            far, forth = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            back.transport.abort()
            return
        for source, sink in ((near, forth), (far, back)):
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await asyncio.sleep(self.delay)
                sink.write(data)
                await sink.drain()
        sink.transport.abort()


class Chaos:
    """The events, in order.

    Args:
        apps: The apps, which must not be affected.
        pid: Process id of the server or of the parent of its workers.
        redis: The Redis server of the counters.
        link: The proxy between the two.
        say: Called with a line for the report.

    Attributes:
        failures: Descriptions of what did not recover.
        over_at: End of the last event on the monotonic clock; infinite before it.
    """

    def __init__(
        self, apps: Apps, *, pid: int, redis: RedisServer, link: SlowLink, say: Callable[[str], None]
    ) -> None:
        self.failures: list[str] = []
        self.over_at = math.inf
        self._killed_at = -math.inf
        self._killed_ports: set[int] = set()
        self._apps = apps
        self._pid = pid
        self._redis = redis
        self._link = link
        self._say = say

    async def run(self, *, pause: float, kill: bool) -> None:
        """Run all events.

        Args:
            pause: Seconds before each.
            kill: Also kill a worker.
        """
        events = [self.slow, self.too_slow, self.down, self.frozen, *([self.worker_killed] if kill else [])]
        for event in events:
            await asyncio.sleep(pause)
            name = (event.__doc__ or "").rstrip(".")
            self._say(f"chaos: {name}")
            await event()
            await self._limits_recover(name)
        self.over_at = time.monotonic()

    def excuses(self, hurt: Hurt) -> bool:
        """Return whether a conversation was on the worker that was killed, or connecting at that moment."""
        return hurt.port in self._killed_ports or (not hurt.port and hurt.began <= self._killed_at)

    async def slow(self) -> None:
        """Delay answers of Redis by 100 ms."""
        await self._delayed(0.05)

    async def too_slow(self) -> None:
        """Delay answers of Redis by more than MASCOT_REDIS_TIMEOUT_SECONDS."""
        await self._delayed(0.6)

    async def down(self) -> None:
        """Kill Redis and start it again, empty."""
        await asyncio.to_thread(self._redis.stop)
        await asyncio.sleep(_OUTAGE_SECONDS)
        await asyncio.to_thread(self._redis.start)

    async def frozen(self) -> None:
        """Stop Redis, so that it accepts connections and does not answer."""
        with self._redis.frozen():
            await asyncio.sleep(_OUTAGE_SECONDS)

    async def worker_killed(self) -> None:
        """Kill a worker with SIGKILL while it holds conversations of the limited key."""
        held, _ = await self._hold(LIMITED_SESSIONS)
        serving = {
            pid: ports for pid in family(self._pid)[1:] if (ports := _peers(pid, self._apps.address()[1]))
        }
        victim = max(serving, key=lambda pid: len(serving[pid]), default=None)
        if victim is None:
            self.failures.append("no worker holds a conversation")
            return
        self._killed_ports, self._killed_at = serving[victim], time.monotonic()
        os.kill(victim, signal.SIGKILL)
        self._say(f"chaos: worker {victim} killed with {len(serving[victim])} connections")
        for socket in held:
            socket.transport.abort()

    async def _delayed(self, seconds: float) -> None:
        self._link.delay = seconds
        await asyncio.sleep(_OUTAGE_SECONDS)
        self._link.delay = 0.0

    async def _limits_recover(self, event: str) -> None:
        """Wait until the limited key gets exactly its limit."""
        started, count, full = time.monotonic(), 0, False
        while (waited := time.monotonic() - started) < _RECOVERY_SECONDS:
            held, full = await self._hold(LIMITED_SESSIONS + 1)
            count = len(held)
            await asyncio.gather(*(socket.close() for socket in held))
            if count == LIMITED_SESSIONS and full:
                self._say(f"chaos: limits hold again after {waited:.0f} s")
                return
            await asyncio.sleep(1)
        self.failures.append(
            f"{event}: {count} of {LIMITED_SESSIONS} conversations allowed after {waited:.0f} s"
        )

    async def _hold(self, count: int) -> tuple[list[ClientConnection], bool]:
        """Open conversations of the limited key; return them, and whether the limit rejected one."""
        held: list[ClientConnection] = []
        full = False
        for _ in range(count):
            try:
                held.append(await self._apps.dial(self._apps.wires["openai"], key="limited"))
            except NoRoomError as refusal:
                full = full or refusal.status == HTTPStatus.TOO_MANY_REQUESTS
            except (OSError, httpx.HTTPError, WebSocketException):
                continue
        return held, full


def _peers(pid: int, port: int) -> set[int]:
    """Return the remote ports of a process's connections to a port of its own."""
    own = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            own.add(str(entry.readlink()).removeprefix("socket:[").removesuffix("]"))
    found = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        local, remote, state, inode = fields[1], fields[2], fields[3], fields[9]
        if inode in own and int(local.partition(":")[2], 16) == port and state != _LISTENING:
            found.add(int(remote.partition(":")[2], 16))
    return found


@asynccontextmanager
async def redis_behind_a_link() -> AsyncIterator[tuple[RedisServer, SlowLink, str]]:
    """Run Redis and a proxy for it; yield both and the URL of the proxy."""
    with ExitStack() as stack:
        redis = await asyncio.to_thread(lambda: stack.enter_context(run_redis()))
        link = SlowLink(int(redis.url.rpartition(":")[2].partition("/")[0]))
        async with link.running() as port:
            yield redis, link, f"redis://127.0.0.1:{port}/0"
