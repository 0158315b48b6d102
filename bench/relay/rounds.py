"""Run the measurements. The contenders take turns in each, so that a noisy minute affects all of them."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from bench.relay.mascot import forged_handshake, signing_request
from bench.relay.pacing import Pacing
from bench.relay.processes import StartFailed
from bench.relay.ramp import Ramp, disturbed, judge
from bench.relay.requests import refusals, requests_per_second
from bench.relay.running import Running

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.relay.contenders import Contender
    from bench.relay.sockets import Provider
    from bench.relay.wires import Wire

__all__ = ["Options", "Rounds"]

_COARSE: Final = 4
"""Fine steps in a coarse one."""
_TRIES: Final = 3
"""Maximum number of measurements per step of the ramp, if each one is disturbed."""
_DIRECT_SECONDS: Final = 2.0
"""Direct sessions of the ramp are measured for a shorter time, because their latency is small and steady."""
_PROFILE: Final = (0.1, 0.2, 0.4, 0.7, 1.0, 0.7, 0.4, 0.2, 0.1, 0.1)
"""Share of the sessions that talk in each step of the mixed load."""
_MIXED_MODE: Final = "8x"
"""How agents send their turns in the mixed load."""
_FEW: Final = 4
"""The memory per session is the difference between all sessions and a quarter of them."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure.

    Attributes:
        sessions: Sessions at which latency, bursts and memory are measured.
        seconds: Length of each measurement in seconds.
        warm_up: Seconds before it that do not count.
        turns: How often latency is measured.
        bursts: Modes of `pacing.MODES` in which turns are sent faster than real time.
        interruptions: Number of agents that are interrupted behind a burst.
        turn_s: Seconds of audio in a turn.
        duty: Share of the time that agents talk.
        ramp_most: Sessions to stop the ramp at; 0 for no ramp.
        ramp_step: Its fine step.
        late_sessions: Sessions at which chunks forwarded without visemes are counted.
        mixed_most: Largest number of sessions of the mixed load; 0 for none.
        mixed_step_s: Seconds for which the mixed load keeps a number of sessions.
    """

    sessions: int = 100
    seconds: float = 6.0
    warm_up: float = 1.0
    turns: int = 2
    bursts: tuple[str, ...] = ("8x", "turn")
    interruptions: int = 5
    turn_s: float = 4.0
    duty: float = 1.0
    ramp_most: int = 1000
    ramp_step: int = 50
    late_sessions: tuple[int, ...] = (200, 400)
    mixed_most: int = 300
    mixed_step_s: float = 6.0


class Rounds:
    """All measurements of one run.

    Args:
        options: What to measure.

    Attributes:
        results: Results by contender.
    """

    def __init__(self, options: Options) -> None:
        self.results: dict[str, dict[str, Any]] = {}
        self._options = options
        self._running: dict[str, Running] = {}
        self._direct: dict[int, dict[str, Any]] = {}

    async def start(
        self,
        contenders: Sequence[tuple[Contender, Wire]],
        provider: Provider,
        folder: Path,
        core: int | None,
    ) -> None:
        """Start contenders; record the reason for each that cannot be measured.

        Args:
            contenders: Each with its wire format.
            provider: The listening provider that they connect to.
            folder: For their files.
            core: The core they are pinned to; ``None`` for any.
        """
        for number, (contender, wire) in enumerate(contenders):
            _say(f"start: {contender.name}")
            result = self.results[contender.name] = {}
            reason = contender.missing(wire)
            if reason is None:
                running = Running(contender, wire, provider, folder / str(number), core)
                self._running[contender.name] = running
                try:
                    # Measured alone: two processes that share libraries would each look too small.
                    result["idle_mb"] = await running.idle_mb()
                except StartFailed as failed:
                    reason = failed.reason
            if reason is not None:
                _say(f"skipped: {contender.name}: {reason}")
                result["skipped"] = reason
                await self._drop(contender.name)
        for running in self._running.values():
            await running.start()

    async def stop(self) -> None:
        """Stop whatever still runs."""
        for name in list(self._running):
            await self._drop(name)

    async def latency(self) -> None:
        """Measure latency, cost per message and memory per session, with microphones on and agents talking."""
        sessions = self._options.sessions
        for turn in range(self._options.turns):
            for name, running in self._running.items():
                _say(f"latency, {turn + 1} of {self._options.turns}: {name}")
                result, few = self.results[name], max(1, sessions // _FEW)
                # Few sessions first, because freed memory is rarely returned to the system.
                smaller = await self._sample(running, few, seconds=1.0) if turn == 0 else {}
                sample = await self._sample(running, sessions)
                result.setdefault("latency", []).append(sample)
                if "relay" in smaller and "relay" in sample:
                    grown = sample["relay"]["uss_mb"] - smaller["relay"]["uss_mb"]
                    result["session_kb"] = round(1000 * grown / max(1, sessions - few), 1)

    async def bursts(self) -> None:
        """Measure the playback of turns that are sent faster than real time."""
        for mode in self._options.bursts:
            for name, running in self._running.items():
                if running.wire.continuous:
                    continue
                _say(f"bursts, {mode}: {name}")
                sample = await self._sample(running, self._options.sessions, mode=mode)
                self.results[name].setdefault("bursts", {})[mode] = sample

    async def interruptions(self) -> None:
        """Measure the delay of an interruption behind a burst."""
        options = self._options
        for name, running in self._running.items():
            if running.wire.continuous:
                continue
            _say(f"interruptions behind a burst: {name}")
            pacing = Pacing.of("steady", turn_s=options.turn_s, duty=options.duty)
            self.results[name]["interruptions"] = await running.interruptions(
                options.sessions, pacing, options.interruptions, warm_up=options.warm_up
            )

    async def ramp(self) -> None:
        """Search the largest number of sessions that each contender holds."""
        most, fine = self._options.ramp_most, self._options.ramp_step
        ramps = {
            name: Ramp(most=most, fine=fine, coarse=_COARSE * fine)
            for name, running in self._running.items()
            if running.program
        }
        steps: dict[str, list[dict[str, Any]]] = {name: [] for name in ramps}
        while any(ramp.next for ramp in ramps.values()):
            for name, ramp in ramps.items():
                if ramp.next is not None:
                    steps[name].append(await self._step(self._running[name], ramp, ramp.next))
        for name, ramp in ramps.items():
            limited = any(step["limited_by_generator"] for step in steps[name])
            self.results[name]["ramp"] = {
                "sessions": ramp.held,
                "at_least": ramp.open_ended or limited,
                "limited_by_generator": limited,
                "steps": steps[name],
            }

    async def mixed(self) -> None:
        """Measure few sessions, then many, then few again, for contenders that add visemes."""
        options = self._options
        profile = [max(1, round(options.mixed_most * share)) for share in _PROFILE]
        for name, running in self._running.items():
            if running.contender.visemes and running.program:
                _say(f"mixed load, {min(profile)} to {max(profile)} sessions: {name}")
                await running.restart()
                pacing = Pacing.of(
                    _MIXED_MODE,
                    turn_s=options.turn_s,
                    duty=options.duty,
                    continuous=running.wire.continuous,
                )
                self.results[name]["mixed"] = await running.mixed(
                    profile, pacing, step_s=options.mixed_step_s
                )

    async def server(self) -> None:
        """Measure what only this project's server does: late visemes, signed URLs, rejections."""
        running = next((r for r in self._running.values() if r.contender.visemes and r.program), None)
        if running is None:
            return
        result = self.results[running.contender.name]
        for sessions in self._options.late_sessions:
            _say(f"late visemes: {sessions} sessions")
            await running.restart()
            result.setdefault("late", {})[str(sessions)] = await self._sample(running, sessions)
        if running.program is not None:
            _say("signed URLs, refusals")
            port, seconds, program = running.port, self._options.seconds, running.program
            try:
                forged = await forged_handshake(port, running.wire)
                result["refusal"] = asdict(await refusals(port, forged, seconds, program))
                signing = signing_request(port, running.wire)
                result["signed_url"] = asdict(await requests_per_second(port, signing, seconds, program))
            except (OSError, EOFError) as failed:
                result["requests_failed"] = str(failed)

    async def _step(self, running: Running, ramp: Ramp, sessions: int) -> dict[str, Any]:
        if sessions not in self._direct:
            direct = next((r for r in self._running.values() if r.program is None), None)
            _say(f"ramp, {sessions} sessions: direct")
            seconds = min(_DIRECT_SECONDS, self._options.seconds)
            self._direct[sessions] = await self._sample(direct, sessions, seconds=seconds) if direct else {}
        sample = await self._sample(running, sessions)
        for _ in range(_TRIES - 1):
            if not disturbed(sample):
                break
            sample = await self._sample(running, sessions)
        step = sample | judge(sample, self._direct[sessions])
        _say(
            f"ramp, {sessions} sessions: {running.contender.name}: "
            f"{sample.get('failed') or step['added_p99_ms']} {'held' if step['held'] else 'failed'}"
        )
        if step["limited_by_generator"] and not step["held"]:
            ramp.stop()
        else:
            ramp.record(held=step["held"])
        if not step["held"]:
            # Its pending messages would disturb the next measurement.
            await running.restart()
        return step

    async def _sample(
        self, running: Running, sessions: int, *, mode: str = "steady", seconds: float | None = None
    ) -> dict[str, Any]:
        options = self._options
        continuous = running.wire.continuous
        pacing = Pacing.of(mode, turn_s=options.turn_s, duty=options.duty, continuous=continuous)
        return await running.sample(
            sessions, pacing, warm_up=options.warm_up, seconds=seconds or options.seconds
        )

    async def _drop(self, name: str) -> None:
        running = self._running.pop(name, None)
        if running:
            await running.stop()


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
