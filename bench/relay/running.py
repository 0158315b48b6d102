"""A contender that runs, and one measurement of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.relay.contenders import Counted
from bench.relay.flows import spread
from bench.relay.load import Load, LoadFailed
from bench.relay.processes import Program, free_port

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.relay.contenders import Contender
    from bench.relay.pacing import Pacing
    from bench.relay.sockets import Provider
    from bench.relay.wires import Wire

__all__ = ["Running"]


class Running:
    """A contender and, where it is one, its program.

    Args:
        contender: What is measured.
        wire: What is spoken through it.
        provider: Where it dials to, listening.
        folder: For its files.
        core: The core it is held to; `None` for any.

    Attributes:
        contender: As given.
        wire: As given.
        port: Where apps dial.
        program: What was started; `None` where there is nothing to start.
    """

    def __init__(
        self, contender: Contender, wire: Wire, provider: Provider, folder: Path, core: int | None
    ) -> None:
        self.contender = contender
        self.wire = wire
        self.port = provider.port
        self.program: Program | None = None
        self._provider = provider
        self._folder = folder
        self._core = core

    async def start(self) -> None:
        """Start the process.

        Raises:
            StartFailed: It does not start; the reason says why.
        """
        port = free_port()
        self._folder.mkdir(parents=True, exist_ok=True)
        command = self.contender.command(self._folder, port, self._provider.port)
        if command is None:
            return
        self.port = port
        self.program = Program(command.arguments, command.environment, self._folder, self._core)
        await self.program.listens(port, command.start_seconds)
        await self.program.settle()

    async def idle_mb(self) -> float | None:
        """Start and stop it, to measure its memory (USS) before any session; return `None` if nothing is started.

        Raises:
            StartFailed: As `start`.
        """
        await self.start()
        size = self.program.unshared_bytes() / 1e6 if self.program else None
        await self.stop()
        return None if size is None else round(size, 1)

    async def stop(self) -> str:
        """Stop it; return what it wrote."""
        program, self.program = self.program, None
        return await program.stop() if program else ""

    async def restart(self) -> str:
        """Restart it; return what it wrote before."""
        written = await self.stop()
        await self.start()
        return written

    async def sample(
        self, sessions: int, pacing: Pacing, *, warm_up: float, seconds: float
    ) -> dict[str, Any]:
        """Hold sessions through it and measure them, as `Load.talk` does.

        What could not be held has the reason under `failed`.
        """
        load = Load(self._provider, self.wire, pacing, counts_visemes=self.contender.visemes)
        try:
            await load.open(await self.contender.addresses(self.port, self.wire, sessions))
            before = await self.contender.counted(self.port)
            result = await load.talk(warm_up=warm_up, seconds=seconds, program=self.program)
            after = await self.contender.counted(self.port)
            if before is not None and after is not None:
                counted = after.since(before)
                result["visemes"]["late"] = counted.late
                result["turns"] = {"networks": counted.turns, "changed": counted.changed}
        except (LoadFailed, OSError, EOFError) as failed:
            return {"sessions": sessions, "failed": f"{type(failed).__name__}: {failed}"}
        else:
            return result
        finally:
            await load.close()
            if self.program:
                await self.program.settle()

    async def mixed(self, profile: Sequence[int], pacing: Pacing, *, step_s: float) -> list[dict[str, Any]]:
        """Hold sessions through it of which more and more talk, and then fewer again.

        Args:
            profile: How many talk in each step; it rises to its largest number and falls from there.
            pacing: When their agents talk.
            step_s: Seconds of a step.

        Returns:
            What was measured in each step; one entry with the reason under `failed` if the sessions could not be held.
        """
        load = Load(self._provider, self.wire, pacing, counts_visemes=self.contender.visemes)

        async def look() -> tuple[Counted, float]:
            counted = await self.contender.counted(self.port)
            return counted or Counted(), self.program.cpu_seconds() if self.program else 0.0

        try:
            await load.open(await self.contender.addresses(self.port, self.wire, max(profile)))
            steps, looks = await load.mixed(profile, step_s=step_s, look=look)
        except (LoadFailed, OSError, EOFError) as failed:
            return [{"sessions": max(profile), "failed": f"{type(failed).__name__}: {failed}"}]
        finally:
            await load.close()
            if self.program:
                await self.program.settle()
        for step, before, after in zip(steps, looks, looks[1:], strict=False):
            counted = after[0].since(before[0])
            step["late"] = counted.late
            step["turns"] = {"networks": counted.turns, "changed": counted.changed}
            step["core"] = round((after[1] - before[1]) / step["seconds"], 3)
        return steps

    async def interruptions(
        self, sessions: int, pacing: Pacing, count: int, *, warm_up: float
    ) -> dict[str, Any]:
        """Hold sessions through it and interrupt agents, as `Load.interruptions` does.

        What could not be measured has the reason under `failed`.
        """
        load = Load(self._provider, self.wire, pacing, counts_visemes=False)
        try:
            await load.open(await self.contender.addresses(self.port, self.wire, sessions))
            return spread(await load.interruptions(count, warm_up=warm_up))
        except (LoadFailed, OSError, EOFError) as failed:
            return {"failed": f"{type(failed).__name__}: {failed}"}
        finally:
            await load.close()
            if self.program:
                await self.program.settle()
