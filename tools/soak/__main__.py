"""Run a mixed load with faults for a long time: valid conversations must work, and nothing may grow.

::

    nox -s soak                                   # an hour, one process
    nox -s soak -- --minutes 30 --workers 2
    nox -s soak -- --minutes 3 --no-chaos

Honest conversations of all three providers run beside apps that crash or read slowly, providers that disconnect or
stop reading, invalid frames, clients without a key, uploads and interruptions. During the run Redis is slow, too slow,
killed and frozen, and with several workers one worker is killed.

The run fails if an honest conversation loses a message or is closed (except on the killed worker), if limits do not
recover, if a traceback is logged, or if memory, descriptors or tasks grow. Linux only. The seed determines the choices,
not the timing.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import shutil
import sys
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import httpx
from click.testing import CliRunner
from support.processes import ServerProcess, serve_process
from support.servers import API_KEY

from mascot_server.cli import main as mascot_server
from tools.soak.apps import Apps
from tools.soak.chaos import LIMITED_SESSIONS, Chaos, redis_behind_a_link
from tools.soak.faults import FAULTS, commit
from tools.soak.provider import Provider, wires
from tools.soak.sampling import LIMITS, Sample, growth, open_files, slope, take

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_WARM_UP_SECONDS: Final = 10.0
_WARM_UP_USES: Final = 6
_SAMPLE_SECONDS: Final = 5.0
_STOP_SECONDS: Final = 60.0
_SETTLE_SECONDS: Final = 30.0
_SHORTEST_SECONDS: Final = 50.0
_REST_SECONDS: Final = 90.0
_SHOWN_ROWS: Final = 30


class Soak:
    """One run.

    Args:
        options: Options of the command line.
        apps: The apps.
        server: The server.
        provider: The provider.
    """

    def __init__(
        self, options: argparse.Namespace, apps: Apps, server: ServerProcess, provider: Provider
    ) -> None:
        self.failures: list[str] = []
        self.samples: list[Sample] = []
        self._options = options
        self._apps = apps
        self._server = server
        self._provider = provider
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line with the time."""
        print(f"{self._elapsed():6.0f} s  {text}", flush=True)

    async def run(self, chaos: Chaos | None) -> None:
        """Run the load and check the measurements."""
        self.say("warm-up")
        await self._load(_WARM_UP_SECONDS)
        await asyncio.gather(*(self._apps.use_limits(_WARM_UP_USES) for _ in range(LIMITED_SESSIONS)))
        await asyncio.sleep(_WARM_UP_SECONDS)
        before, open_before = await self._idle(), open_files(self._server.process.pid)
        self.say("load")
        seconds = self._options.minutes * 60
        extra: list[Awaitable[None]] = [self._watch()]
        if chaos is not None:
            events = 5 if self._options.workers > 1 else 4
            pause = max(3.0, seconds / 2 / events - 12)
            extra.append(chaos.run(pause=pause, kill=self._options.workers > 1))
        await self._load(seconds, *extra)
        self.say("rest")
        after = await self._rest(before)
        self._judge(before, after, chaos)
        if grown := open_files(self._server.process.pid) - open_before:
            print(f"descriptors opened during the load: {dict(grown)}")

    async def _load(self, seconds: float, *extra: Awaitable[None]) -> None:
        work: list[Awaitable[None]] = [self._repeat(self._apps.honest) for _ in range(self._options.sessions)]
        work += [self._repeat(self._fault) for _ in range(self._options.faults)]
        tasks = [asyncio.ensure_future(each) for each in (*work, *extra)]
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                self.failures.append(f"the soak itself failed: {error!r}")
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _repeat(self, what: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._apps.random.uniform(0, 1))
            await what()

    async def _fault(self) -> None:
        wrong = await commit(self._apps, self._apps.random.choice(FAULTS))
        if wrong is not None:
            self.failures.append(wrong)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_SAMPLE_SECONDS)
            self.samples.append(await self._sample())

    async def _sample(self) -> Sample:
        return await take(self._server.process.pid, self._apps.http, self._apps.origin, self._elapsed())

    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    async def _idle(self) -> Sample:
        """Wait up to a minute until no conversation runs."""
        sample = await self._sample()
        for _ in range(60):
            if not sample.sessions:
                break
            await asyncio.sleep(1)
            sample = await self._sample()
        return sample

    async def _rest(self, before: Sample) -> Sample:
        """Wait until the server has released its resources."""
        deadline = time.monotonic() + _REST_SECONDS
        while True:
            await asyncio.sleep(2)
            after = await self._sample()
            given_back = not after.sessions and all(
                getattr(after, limit.figure) <= getattr(before, limit.figure) + limit.left
                for limit in LIMITS[1:]
            )
            if given_back or time.monotonic() > deadline:
                return after

    def _judge(self, before: Sample, after: Sample, chaos: Chaos | None) -> None:
        apps, options = self._apps, self._options
        excused = [hurt for hurt in apps.hurt if chaos and chaos.excuses(hurt)]
        hurt = [h for h in apps.hurt if h not in excused]
        self.failures += [f"honest {h.provider} conversation: {h.why}" for h in hurt]
        if chaos is not None:
            self.failures += chaos.failures
        if tracebacks := self._server.logged().count("Traceback"):
            self.failures.append(f"{tracebacks} tracebacks in the server's log: {options.log}")
        if self._provider.lost:
            self.failures.append(f"{self._provider.lost} microphone messages lost or out of order")
        rows = self.samples[:: max(1, len(self.samples) // _SHOWN_ROWS)]
        print(f"\n{'s':>6}{'memory MB':>12}{'descriptors':>13}{'tasks':>8}{'sessions':>10}{'processes':>11}")
        for s in (before, *rows, after):
            print(
                f"{s.seconds:6.0f}{s.memory_mb:12.1f}{s.descriptors:13.0f}{s.tasks:8.0f}{s.sessions:10.0f}{s.processes:11}"
            )
        self._judge_growth(before, after, chaos)
        print(f"\n{apps.messages} audio messages checked, {apps.bare} of them without visemes")
        print(f"{len(excused)} conversations ended with their worker")
        for name, count in sorted(apps.done.items()):
            print(f"{count:6} {name}")

    def _judge_growth(self, before: Sample, after: Sample, chaos: Chaos | None) -> None:
        """Print slopes over the second half, without the time of the faults."""
        settled = 0.0 if chaos is None else chaos.over_at - self._started + _SETTLE_SECONDS
        steady = [s for s in self.samples[len(self.samples) // 2 :] if s.seconds >= settled]
        long_enough = len(steady) * _SAMPLE_SECONDS >= _SHORTEST_SECONDS
        over = (
            f"over {steady[-1].seconds - steady[0].seconds:.0f} s" if long_enough else "too short to evaluate"
        )
        print(f"\n{'figure':<14}{'slope per hour':>14}{'grew by':>10}{'left after':>12}   {over}")
        for limit in LIMITS:
            left = getattr(after, limit.figure) - getattr(before, limit.figure)
            rate = slope(steady, limit.figure) if long_enough else math.nan
            grew = growth(steady, limit.figure) if long_enough else math.nan
            print(f"{limit.figure:<14}{rate:>+14.1f}{grew:>+10.1f}{left:>+12.1f}")
            if rate > limit.per_hour and grew > limit.noise:
                self.failures.append(
                    f"{limit.figure} grows by {rate:.1f} per hour (limit {limit.per_hour:g})"
                )
            if left > limit.left:
                self.failures.append(f"{limit.figure}: {left:.1f} more after the load (limit {limit.left:g})")


async def soak(options: argparse.Namespace) -> list[str]:
    """Run everything; return what failed."""
    spoken = wires()
    provider = Provider(spoken, options.seed)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mascot-soak-")))
        upstream = await stack.enter_async_context(provider.running())
        settings = {
            "workers": str(options.workers),
            "lease_seconds": "5",
            "key_store": str(folder / "keys.db"),
        }
        redis = link = None
        if options.chaos:
            redis, link, settings["redis_url"] = await stack.enter_async_context(redis_behind_a_link())
        made = await asyncio.to_thread(_new_key, settings["key_store"])
        # The provider runs in this loop, so nothing here may block it.
        running = serve_process(folder, upstream, **settings)
        server = await asyncio.to_thread(running.__enter__)
        stack.push_async_callback(asyncio.to_thread, running.__exit__, None, None, None)
        http = await stack.enter_async_context(
            httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=200))
        )
        keys = {"load": API_KEY, "limited": made}
        apps = Apps(server.origin, keys, spoken, Random(options.seed), http)  # noqa: S311 - a load, not a secret
        run = Soak(options, apps, server, provider)
        chaos = None
        if redis is not None and link is not None:
            chaos = Chaos(apps, pid=server.process.pid, redis=redis, link=link, say=run.say)
        await run.run(chaos)
        server.process.terminate()
        if status := await asyncio.to_thread(server.process.wait, _STOP_SECONDS):
            run.failures.append(f"the server ended with status {status} after SIGTERM")
        with suppress(OSError):
            shutil.copyfile(server.log, options.log)
        return run.failures


def _new_key(store: str) -> str:
    command: Any = mascot_server
    made = CliRunner().invoke(
        command,
        ["keys", "new", "limited", "--sessions", str(LIMITED_SESSIONS)],
        env={"MASCOT_KEY_STORE": store},
    )
    if made.exit_code:
        raise SystemExit(made.output)
    return made.stdout.strip()


def main() -> int:
    """Run the command; return 1 if something failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--minutes", type=float, default=60, help="minutes of load (%(default)s)")
    add("--workers", type=int, default=1, help="worker processes of the server (%(default)s)")
    add("--sessions", type=int, default=10, help="simultaneous honest conversations (%(default)s)")
    add("--faults", type=int, default=4, help="simultaneous faults (%(default)s)")
    add("--seed", type=int, default=1, help="seed of all choices (%(default)s)")
    add("--chaos", action=argparse.BooleanOptionalAction, default=shutil.which("redis-server") is not None,
        help="disturb Redis, and kill a worker (if redis-server is installed)")  # fmt: skip
    add(
        "--log",
        type=Path,
        default=Path("soak.log"),
        metavar="FILE",
        help="copy of the server's log (%(default)s)",
    )
    failures = asyncio.run(soak(parser.parse_args()))
    for failure in sorted(set(failures)):
        print(f"FAILED {failures.count(failure)} times: {failure}")
    print("failed" if failures else "passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
