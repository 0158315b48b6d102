"""The metrics of the server: plain numbers that are cheap to update on the hot path.

This module does not depend on Prometheus; `prometheus` reads these numbers when `/metrics` is requested. There are no
locks: each metric may be written from one thread only, and read from any thread. The writer is the event loop's thread
unless the text of the metric says otherwise.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mascot_server.transport.request_heads import Reason

__all__ = ["Counter", "DialFailure", "Gauge", "Histogram", "Metric", "Metrics", "close_code_label"]

Labels = TypeVarTuple("Labels")

NoVisemes = Literal["late", "failed", "overloaded", "undecodable"]
"""Why an audio message was forwarded without visemes."""

DialFailure = Literal["refused", "unreachable"]
"""Why a connection to a provider failed: an HTTP error, or no answer or an invalid one."""

Side = Literal["app", "provider", "server"]
"""The side that ended a conversation."""

_MILLISECONDS: Final = tuple(ms / 1000 for ms in (0.5, 1, 2, 5, 10, 15, 20, 30, 40, 60, 100, 250, 1000))
_COMPUTE: Final = tuple(ms / 1000 for ms in (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128))
_DIALS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0)
_BATCHES: Final = (1, 2, 4, 8, 16, 32, 64)
_DURATIONS: Final = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600)

_FIRST_OWN_CODE: Final = 3000
_FIRST_PRIVATE_CODE: Final = 4000


class Counter(Generic[*Labels]):
    """A monotonic counter, with one value for each combination of labels.

    Args:
        name: Name of the metric, without the suffix `_total`.
        text: Description of the metric.
        labels: Names of the labels, in the order of the arguments of `add`.
    """

    kind: Literal["counter", "gauge"] = "counter"

    def __init__(self, name: str, text: str, labels: tuple[str, ...] = ()) -> None:
        self.name = name
        self.text = text
        self.labels = labels
        self._values: dict[tuple[Any, ...], int] = {}

    def add(self, *labels: *Labels, count: int = 1) -> None:
        """Add to the value of these labels."""
        self._values[labels] = self._values.get(labels, 0) + count

    def __getitem__(self, labels: tuple[*Labels]) -> int:
        return self._values.get(labels, 0)

    @property
    def total(self) -> int:
        """The sum over all labels."""
        return sum(self._values.copy().values())

    def snapshot(self) -> list[tuple[list[str], int]]:
        """Return the label values and the count of each time series."""
        return [([str(label) for label in labels], count) for labels, count in self._values.copy().items()]


class Gauge(Counter[*Labels]):
    """A value that can increase and decrease: add a negative count to decrease it."""

    kind = "gauge"


class TaskGauge(Gauge[()]):
    """The number of tasks of an event loop, counted when it is read."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name, text)
        self._loop: asyncio.AbstractEventLoop | None = None

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Count the tasks of this loop from now on."""
        self._loop = loop

    def snapshot(self) -> list[tuple[list[str], int]]:
        """Return the number of tasks that are not done; safe from any thread."""
        return [] if self._loop is None else [([], len(asyncio.all_tasks(self._loop)))]


class Histogram:
    """A histogram of measurements.

    Args:
        name: Name of the metric, which ends with its base unit.
        text: Description of the metric.
        bounds: Upper, inclusive bounds of the buckets, ascending; one more bucket holds all larger values.
    """

    kind: Literal["histogram"] = "histogram"

    def __init__(self, name: str, text: str, bounds: Sequence[float]) -> None:
        self.name = name
        self.text = text
        self.bounds = tuple(bounds)
        self._counts = [0] * (len(self.bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Add a measurement."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self._sum += value

    @property
    def total(self) -> int:
        """The number of measurements."""
        return sum(self._counts)

    def snapshot(self) -> tuple[list[int], float]:
        """Return the count of each bucket, and the sum of all values."""
        return self._counts.copy(), self._sum


Metric = Counter[*tuple[Any, ...]] | Histogram


class Metrics:
    """All metrics of this process, since its start."""

    def __init__(self) -> None:
        self.sessions: Counter[str] = Counter(
            "mascot_sessions", "Conversations started, by provider.", ("provider",)
        )
        self.sessions_active: Gauge[str] = Gauge(
            "mascot_sessions_active", "Conversations running, by provider.", ("provider",)
        )
        self.tasks = TaskGauge("mascot_asyncio_tasks", "Tasks of the event loop, at the time of the scrape.")
        self.session_seconds = Histogram(
            "mascot_session_duration_seconds", "Duration of conversations.", _DURATIONS
        )
        self.closes: Counter[Side, str] = Counter(
            "mascot_session_closes",
            "Conversations ended, by the side that ended them and the WebSocket close code sent to the other side.",
            ("side", "code"),
        )
        self.audio_chunks: Counter[()] = Counter("mascot_audio_chunks", "Provider messages with audio.")
        self.chunks_without_visemes: Counter[NoVisemes] = Counter(
            "mascot_chunks_without_visemes",
            "Provider messages whose audio was forwarded without visemes, by reason.",
            ("reason",),
        )
        self.added_latency = Histogram(
            "mascot_added_latency_seconds",
            "Delay of a message with audio after its playout deadline.",
            _MILLISECONDS,
        )
        self.viseme_compute = Histogram(
            "mascot_viseme_compute_seconds",
            "Duration of one inference call on a batch. Written by the inference thread.",
            _COMPUTE,
        )
        self.batch_size = Histogram(
            "mascot_viseme_batch_size",
            "Batch size: conversations processed in one inference call. Written by the inference thread.",
            _BATCHES,
        )
        self.turns: Counter[str] = Counter(
            "mascot_turns",
            "Turns of agents, by the network at their start.",
            ("network",),
        )
        self.turn_downgrades: Counter[()] = Counter(
            "mascot_turn_downgrades",
            "Turns that switched to the fast network before their end, because capacity was missing.",
        )
        self.dial_seconds = Histogram(
            "mascot_upstream_dial_seconds", "Time until a connection to a provider was open.", _DIALS
        )
        self.dial_failures: Counter[str, DialFailure] = Counter(
            "mascot_upstream_dial_failures",
            "Failed connections to a provider.",
            ("provider", "reason"),
        )
        self.limit_refusals: Counter[str] = Counter(
            "mascot_limit_refusals",
            "Requests and conversations rejected because of a key's limit, by limit.",
            ("reason",),
        )
        self.handshakes_refused: Counter[int] = Counter(
            "mascot_handshakes_refused", "WebSocket handshakes rejected, by HTTP status.", ("status",)
        )
        self.heads_rejected: Counter[Reason] = Counter(
            "mascot_request_heads_rejected",
            "Connections closed because of an invalid or missing request head, by reason.",
            ("reason",),
        )
        self.tokens_issued: Counter[str] = Counter(
            "mascot_tokens_issued", "Signed URLs created, by provider.", ("provider",)
        )
        self.rest_requests: Counter[str, int] = Counter(
            "mascot_rest_requests", "HTTP requests answered.", ("path", "status")
        )
        self.ledger_failures: Counter[()] = Counter(
            "mascot_ledger_failures", "Requests to Redis (shared counters, keys) that failed."
        )

    def __iter__(self) -> Iterator[Metric]:
        return iter(vars(self).values())

    def __str__(self) -> str:
        """Name and totals of all that is not zero, for a log line."""
        totals = ((metric.name.removeprefix("mascot_"), metric.total) for metric in self)
        return ", ".join(f"{name} {total}" for name, total in totals if total) or "nothing"


def close_code_label(code: int) -> str:
    """Return the label of a close code. Private codes (RFC 6455, section 7.4.2) share one label per range.

    Otherwise an app or a provider could create a time series for each of two thousand codes.
    """
    if code >= _FIRST_PRIVATE_CODE:
        return "4xxx"
    return "3xxx" if code >= _FIRST_OWN_CODE else str(code)
