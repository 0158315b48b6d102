"""Looks for the largest number of sessions that a relay holds, without believing a single failure."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["BUSY", "HOLDS_MS", "Ramp", "disturbed", "judge"]

HOLDS_MS: Final = 20.0
"""Added p99 in ms up to which a relay counts as holding its sessions."""

_MAY_LACK: Final = 0.01
"""Share of audio messages that may go on without visemes, as the 1 % beyond the 99th percentile may be late."""

BUSY: Final = 0.9
"""Share of its core above which the generator may be what is slow."""

_PUNCTUAL_MS: Final = 10.0
"""How late the generator's messages may leave, at the 99th percentile, for a measurement to say anything."""

_TRIES: Final = 2
"""Times a number of sessions must fail: a machine hiccups, a relay that is too slow stays too slow."""


class Ramp:
    """Climbs by coarse steps until one fails, then from the last that held by fine ones.

    Args:
        most: Sessions to stop at.
        fine: Fine step in sessions.
        coarse: Coarse step, a multiple of the fine one.
    """

    def __init__(self, *, most: int, fine: int = 50, coarse: int = 200) -> None:
        self._fine = fine
        self._most = most
        self._step = coarse
        self._failures = 0
        self._ceiling = most + 1
        self.held = 0
        """The largest number that held."""
        self.next: int | None = None
        """The number to measure next; `None` once the search is over."""
        self._advance()

    @property
    def open_ended(self) -> bool:
        """Whether nothing failed: the relay may hold more than was asked for."""
        return self._ceiling > self._most

    def record(self, *, held: bool) -> None:
        """Takes the outcome of measuring `next`."""
        if self.next is None:
            raise ValueError("the search is over")
        if held:
            self.held, self._failures = self.next, 0
        else:
            self._failures += 1
            if self._failures < _TRIES:
                return
            self._ceiling, self._failures, self._step = self.next, 0, self._fine
        self._advance()

    def stop(self) -> None:
        """Ends the search."""
        self.next = None

    def _advance(self) -> None:
        while self._step > self._fine and self.held + self._step > self._most:
            self._step = self._fine
        upper = self.held + self._step
        self.next = upper if upper < self._ceiling else None


def disturbed(sample: dict[str, Any]) -> bool:
    """Whether something else kept the generator from talking and listening in time, though it had CPU to spare."""
    if "failed" in sample:
        return False
    generator = sample["generator"]
    return generator["core"] <= BUSY and (generator["late_ms_p99"] or 0.0) > _PUNCTUAL_MS


def judge(sample: dict[str, Any], direct: dict[str, Any]) -> dict[str, Any]:
    """Whether a relay held its sessions: all arrived, with visemes, both ways at an added p99 of at most `HOLDS_MS`.

    Args:
        sample: What `Load.talk` measured through the relay, or why it could not under `failed`.
        direct: The same number of sessions without it.
    """
    if "failed" in sample:
        return {"held": False, "added_p99_ms": None, "limited_by_generator": False}
    ways = ("down", "up")
    added = [
        sample[way]["p99"] - (direct[way]["p99"] if way in direct else 0.0)
        for way in ways
        if sample[way]["p99"] is not None
    ]
    whole = not (sample["down"]["missing"] or sample["up"]["missing"] or sample["lost_sockets"])
    visemes = sample.get("visemes", {})
    # A server that sends no visemes when it is busy is fast, but does not do what it is there for.
    served = visemes.get("late", 0) <= _MAY_LACK * visemes.get("payloads", 0)
    return {
        "held": whole and served and len(added) == len(ways) and max(added) <= HOLDS_MS,
        "added_p99_ms": round(max(added), 2) if added else None,
        "limited_by_generator": sample["generator"]["core"] > BUSY,
    }
