"""The load: sessions that talk and listen through a relay, in real time, timed by one clock."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from picows import WSCloseCode, WSError, ws_connect

from bench.relay.flows import Flow
from bench.relay.interruptions import interrupt
from bench.relay.pacing import Pacing
from bench.relay.processes import busy_seconds
from bench.relay.sockets import App, Provider, ProviderSocket
from bench.relay.speakers import Clock, Speaker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bench.relay.contenders import Address
    from bench.relay.processes import Program
    from bench.relay.wires import Wire

__all__ = ["Load", "LoadFailed"]

Look = TypeVar("Look")

_AT_ONCE: Final = 16
"""Handshakes under way at a time."""
_PER_SECOND: Final = 200
"""Handshakes begun in a second: a storm of them would be a load of its own, and servers turn storms away."""
_OPEN_SECONDS: Final = 20.0
_DRAIN_SECONDS: Final = 1.5
"""How long messages may still arrive after the last was sent; what comes later counts as lost."""
_LOOK_SECONDS: Final = 0.1
_CLOSE_SECONDS: Final = 0.3
_LARGEST_FRAME: Final = 2**24
_MICROPHONE_SHIFT: Final = 0.6180339887
"""Share of a chunk by which a session's microphone is shifted against its agent, so that the two never coincide."""


class LoadFailed(Exception):
    """Not all sessions could be opened."""


class Load:
    """Sessions through one relay.

    Args:
        provider: Where the relay dials to.
        wire: How it talks.
        pacing: When the agents talk. Microphones are always on.
        counts_visemes: Look for viseme payloads.
    """

    def __init__(self, provider: Provider, wire: Wire, pacing: Pacing, *, counts_visemes: bool) -> None:
        self._provider = provider
        self._wire = wire
        self._pacing = pacing
        self._counts_visemes = counts_visemes
        self._apps: list[App] = []
        self._agents: list[ProviderSocket] = []
        self._down = Flow(pacing)
        self._up = Flow(Pacing())
        self._clock = Clock()

    async def open(self, addresses: Sequence[Address]) -> None:
        """Open a session at each address.

        Raises:
            LoadFailed: One was refused, or not greeted in time.
        """
        self._provider.taker = self._take
        gate = asyncio.Semaphore(_AT_ONCE)

        async def dial(index: int, address: Address) -> None:
            await asyncio.sleep(index / _PER_SECOND)
            async with gate:
                await self._dial(address)

        first: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for index, address in enumerate(addresses):
                    group.create_task(dial(index, address))
        except* (OSError, WSError, TimeoutError, LoadFailed) as errors:
            first = errors
        # What is raised where a group is caught becomes a group itself in some versions of Python.
        if first is not None:
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            count = sum(not app.lost for app in self._apps)
            raise LoadFailed(f"{count} sessions open, then {type(first).__name__}: {first}")
        if len(self._agents) != len(self._apps):
            raise LoadFailed(f"{len(self._apps)} apps, but {len(self._agents)} sockets at the provider")

    async def talk(self, *, warm_up: float, seconds: float, program: Program | None) -> dict[str, Any]:
        """Lets everybody talk and measures.

        Args:
            warm_up: Seconds that do not count, before.
            seconds: Seconds that count.
            program: The relay, whose cost is measured as well.

        Raises:
            LoadFailed: A socket closed before anybody spoke.
        """
        self._bring_in_speakers()
        # What is alive now stays: a collection would stop sender and receiver both. This one too, so before they start.
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            self._clock.start()
            await asyncio.sleep(warm_up)
            return await self._measure(seconds, program)
        finally:
            gc.enable()
            gc.unfreeze()

    async def mixed(
        self, profile: Sequence[int], *, step_s: float, look: Callable[[], Awaitable[Look]]
    ) -> tuple[list[dict[str, Any]], list[Look]]:
        """Let more and more sessions talk, and then fewer again.

        Args:
            profile: How many talk in each step.
            step_s: Seconds of a step.
            look: Called at the start and at the end of each step.

        Returns:
            Latency and playback from the provider to the apps in each step, and what `look` returned.

        Raises:
            LoadFailed: A socket closed before anybody spoke.
        """
        self._bring_in_speakers(profile, step_s)
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            self._clock.start()
            looks, edges = [await look()], [time.perf_counter_ns()]
            start = time.perf_counter()
            for number in range(1, len(profile) + 1):
                await asyncio.sleep(start + number * step_s - time.perf_counter())
                edges.append(time.perf_counter_ns())
                looks.append(await look())
            self._clock.stop()
            await self._drained()
        finally:
            gc.enable()
            gc.unfreeze()
        steps = [
            {
                "at_s": round((begin - edges[0]) / 1e9, 1),
                "seconds": round((end - begin) / 1e9, 2),
                "sessions": sessions,
                "down": self._down.figures(begin, end),
                "playout": self._down.playout(begin, end),
            }
            for sessions, begin, end in zip(profile, edges, edges[1:], strict=False)
        ]
        return steps, looks

    async def interruptions(self, count: int, *, warm_up: float) -> list[float]:
        """Lets everybody talk, and interrupts agents behind a burst, one after the other.

        Args:
            count: How many.
            warm_up: Seconds before the first one.

        Returns:
            Milliseconds that each interruption took to its app.

        Raises:
            LoadFailed: A socket closed before anybody spoke.
            OSError: An interruption did not arrive.
        """
        self._bring_in_speakers()
        self._clock.start()
        await asyncio.sleep(warm_up)
        step = max(1, len(self._apps) // count)
        sessions = list(zip(self._apps, self._agents, strict=True))[::step][:count]
        found = [await interrupt(self._wire, app, agent) for app, agent in sessions]
        self._clock.stop()
        await self._drained()
        return found

    async def close(self) -> None:
        """Close all sessions."""
        self._clock.stop()
        self._provider.taker = None
        transports = [end.transport for end in (*self._apps, *self._agents) if end.transport is not None]
        for transport in transports:
            transport.send_close(WSCloseCode.OK)
        await asyncio.sleep(_CLOSE_SECONDS)
        for transport in transports:
            transport.disconnect(graceful=False)

    async def _measure(self, seconds: float, program: Program | None) -> dict[str, Any]:
        late_before = len(self._clock.late)
        before, start = _usage(program), time.perf_counter_ns()
        await asyncio.sleep(seconds)
        end = time.perf_counter_ns()
        own, own_core, relay, relay_core = (
            now - then for now, then in zip(_usage(program), before, strict=True)
        )
        self._clock.stop()
        late = self._clock.late[late_before:]
        await self._drained()
        wall = (end - start) / 1e9
        down, up = self._down.figures(start, end), self._up.figures(start, end)
        result = {
            "sessions": len(self._apps),
            "seconds": round(wall, 2),
            "down": down,
            "up": up,
            "playout": self._down.playout(start, end),
            "lost_sockets": sum(socket.lost for socket in (*self._apps, *self._agents)),
            "generator": {
                "core": round(own / wall, 3),
                "others": round(max(0.0, own_core - own) / wall, 3),
                "late_ms_p99": round(1000 * float(np.percentile(late, 99)), 2) if late else None,
            },
        }
        if self._counts_visemes:
            result["visemes"] = {
                "payloads": sum(app.payloads for app in self._apps),
                "moving": sum(app.moving for app in self._apps),
            }
        if program:
            result["relay"] = {
                "core": round(relay / wall, 3),
                "others": round(max(0.0, relay_core - relay) / wall, 3),
                "cpu_us_per_message": round(1e6 * relay / max(1, down["sent"] + up["sent"]), 1),
                "uss_mb": round(program.unshared_bytes() / 1e6, 1),
            }
        return result

    async def _drained(self) -> None:
        """Wait for messages that are still in transit."""
        for _ in range(round(_DRAIN_SECONDS / _LOOK_SECONDS)):
            await asyncio.sleep(_LOOK_SECONDS)
            if not self._down.pending + self._up.pending:
                return

    def _take(self) -> ProviderSocket:
        socket = ProviderSocket(self._wire, self._up)
        self._agents.append(socket)
        return socket

    async def _dial(self, address: Address) -> None:
        app = App(self._wire, self._down, counts_visemes=self._counts_visemes)
        async with asyncio.timeout(_OPEN_SECONDS):
            await ws_connect(
                lambda: app,
                address.url,
                extra_headers=address.headers,
                websocket_handshake_timeout=_OPEN_SECONDS,
                max_frame_size=_LARGEST_FRAME,
            )
            self._apps.append(app)
            await app.ready.wait()
        if app.lost:
            raise LoadFailed("the relay closed a session before it began")

    def _bring_in_speakers(self, profile: Sequence[int] = (), step_s: float = 0.0) -> None:
        """Everybody joins in the middle of a timetable of their own: the load is even from the first moment.

        Args:
            profile: How many take part in each step, all of them always where there are no steps.
            step_s: Seconds of a step.
        """
        count, wire = len(self._apps), self._wire
        for index, (app, agent) in enumerate(zip(self._apps, self._agents, strict=True)):
            if app.transport is None or agent.transport is None:
                raise LoadFailed("a socket closed before anybody spoke")
            # With steps, who joins early and stays long is spread as evenly as all are.
            share = index * _MICROPHONE_SHIFT % 1 if profile else index / count
            steps = [number for number, sessions in enumerate(profile) if index < sessions]
            joins, leaves = (steps[0] * step_s, (steps[-1] + 1) * step_s) if profile else (0.0, math.inf)
            offset = int(share * len(wire.agent.tails))
            self._clock.add(
                Speaker(
                    self._down,
                    agent.transport,
                    wire.agent,
                    pacing=self._pacing,
                    since=share * self._pacing.period_s,
                    offset=offset,
                    turns=(wire.begin, wire.end),
                    joins=joins,
                    leaves=leaves,
                )
            )
            always = Pacing()
            self._clock.add(
                Speaker(
                    self._up,
                    app.transport,
                    wire.microphone,
                    pacing=always,
                    since=(share + _MICROPHONE_SHIFT) % 1 * always.period_s,
                    offset=offset,
                    joins=joins,
                    leaves=leaves,
                )
            )


def _usage(program: Program | None) -> tuple[float, float, float, float]:
    """Seconds of CPU so far: of this process, of its core, of the relay, and of the relay's core."""
    cores = os.sched_getaffinity(0)
    own_core = busy_seconds(min(cores)) if len(cores) == 1 else 0.0
    if program is None:
        return time.process_time(), own_core, 0.0, 0.0
    return time.process_time(), own_core, program.cpu_seconds(), busy_seconds(program.core)
