"""Search for the largest number of sessions that a relay holds; one failure alone does not count."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["BUSY", "HOLDS_MS", "Ramp", "disturbed", "judge"]

HOLDS_MS: Final = 20.0
"""Added p99 in ms up to which a relay counts as holding its sessions."""

_MAY_LACK: Final = 0.01
"""Maximum share of audio messages without visemes: 1 %, like the messages above the 99th percentile."""

BUSY: Final = 0.9
"""CPU share of the generator above which the generator itself may be too slow."""

_PUNCTUAL_MS: Final = 10.0
"""Maximum delay of the generator's own messages (99th percentile) in a valid measurement."""

_TRIES: Final = 2
"""Failures of a number of sessions until it counts as too many, because single failures may come from the machine."""


class Ramp:
    """Search in coarse steps until one fails, then in fine steps from the last one that held.

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
        """The number to measure next; ``None`` after the end of the search."""
        self._advance()

    @property
    def open_ended(self) -> bool:
        """Whether nothing failed, so the relay may hold more than the maximum."""
        return self._ceiling > self._most

    def record(self, *, held: bool) -> None:
        """Process the result of measuring `next`."""
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
        """End the search."""
        self.next = None

    def _advance(self) -> None:
        while self._step > self._fine and self.held + self._step > self._most:
            self._step = self._fine
        upper = self.held + self._step
        self.next = upper if upper < self._ceiling else None


def disturbed(sample: dict[str, Any]) -> bool:
    """Return whether something else delayed the generator, although it had CPU to spare."""
    if "failed" in sample:
        return False
    generator = sample["generator"]
    return generator["core"] <= BUSY and (generator["late_ms_p99"] or 0.0) > _PUNCTUAL_MS


def judge(sample: dict[str, Any], direct: dict[str, Any]) -> dict[str, Any]:
    """Return whether all messages arrived, with visemes, at an added p99 of at most `HOLDS_MS` both ways.

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
    # A busy server that sends no visemes is fast, but it does not do its work.
    served = visemes.get("late", 0) <= _MAY_LACK * visemes.get("payloads", 0)
    return {
        "held": whole and served and len(added) == len(ways) and max(added) <= HOLDS_MS,
        "added_p99_ms": round(max(added), 2) if added else None,
        "limited_by_generator": sample["generator"]["core"] > BUSY,
    }
