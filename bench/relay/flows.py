"""Record sent and received messages, and compute latency, loss and lateness of playback."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bench.relay.pacing import CHUNK_S
from bench.relay.wires import read_tag, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bench.relay.pacing import Pacing

__all__ = ["Flow", "spread"]

PERCENTILES: Final = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p99.9": 99.9}
_MS: Final = 1e-6


class Flow:
    """All messages of one direction.

    Args:
        pacing: The timetable of its speakers.
        clock: Returns the time in nanoseconds.
    """

    def __init__(self, pacing: Pacing, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._pacing = pacing
        self._first: list[int] = []
        self._sent: list[list[int]] = []
        self._arrived: list[list[int]] = []
        self._last: list[int] = []
        self.out_of_order = 0

    def add(self, first: int) -> int:
        """Add a speaker that begins with a chunk of its timetable; return its index."""
        self._first.append(first)
        self._sent.append([])
        self._arrived.append([])
        self._last.append(-1)
        return len(self._first) - 1

    def send(self, speaker: int) -> bytes:
        """Record that a speaker's next message is sent now; return the message's tag."""
        sent = self._sent[speaker]
        self._arrived[speaker].append(0)
        sent.append(self._clock())
        return tag(speaker, len(sent) - 1)

    def arrive(self, message: bytes, now: int) -> bool:
        """Record that a message arrived; return whether it is one of ours."""
        known = read_tag(message)
        if known is None:
            return False
        speaker, number = known
        self.out_of_order += number != self._last[speaker] + 1
        self._last[speaker] = number
        self._arrived[speaker][number] = now
        return True

    @property
    def pending(self) -> int:
        """How many have not arrived."""
        return sum(times.count(0) for times in self._arrived)

    def figures(self, start: int, end: int) -> dict[str, Any]:
        """Return the latency in ms of messages sent from `start` until `end`, and how many never arrived."""
        sent = np.concatenate([np.array(times, np.int64) for times in self._sent])
        arrived = np.concatenate([np.array(times, np.int64) for times in self._arrived])
        inside = (sent >= start) & (sent < end)
        there = inside & (arrived > 0)
        return {
            "sent": int(inside.sum()),
            "missing": int(inside.sum() - there.sum()),
            "out_of_order": self.out_of_order,
            **spread((arrived[there] - sent[there]) * _MS),
        }

    def playout(self, start: int, end: int) -> dict[str, Any]:
        """Return how turns that began from `start` until `end` are played, in ms.

        `first_chunk` is arrival minus sending. `lateness` is for the chunks after it: how long a player
        that began at once would have had no audio, 0 if the chunk came in time.
        """
        size = 0 if self._pacing.continuous else self._pacing.turn_chunks
        firsts: list[int] = []
        late: list[NDArray[np.float64]] = []
        for begun, sent, arrived in zip(self._first, self._sent, self._arrived, strict=True):
            for at in range(-begun % size, len(sent), size) if size else ():
                heard = np.array(arrived[at : at + size], np.int64)
                if start <= sent[at] < end and heard[0]:
                    firsts.append(arrived[at] - sent[at])
                    due = heard[0] + np.arange(len(heard)) * CHUNK_S * 1e9
                    late.append(np.maximum(0, heard - due)[1:][heard[1:] > 0])
        return {
            "first_chunk": spread(np.array(firsts) * _MS),
            "lateness": spread(np.concatenate(late) * _MS if late else np.empty(0)),
        }


def spread(values: NDArray[np.float64] | Sequence[float]) -> dict[str, float | int | None]:
    """Return count, percentiles and maximum; ``None`` without values."""
    array = np.asarray(values, np.float64)
    if not array.size:
        return {"count": 0, **dict.fromkeys((*PERCENTILES, "max"))}
    return {
        "count": int(array.size),
        **{name: round(float(np.percentile(array, q)), 3) for name, q in PERCENTILES.items()},
        "max": round(float(array.max()), 3),
    }
