"""Counting by name, for callers that do not use the metrics of `Metrics` yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mascot_server.metrics import Metrics

if TYPE_CHECKING:
    from mascot_server.metrics import Counter

__all__ = ["Counters"]

CounterName = Literal[
    "sessions",
    "chunks",
    "chunks_undecodable",
    "chunks_late",
    "chunks_failed",
    "upstream_failures",
    "tokens_issued",
]


class Counters(Metrics):
    """`Metrics`, for callers that still count by name."""

    def add(self, name: CounterName, count: int = 1) -> None:
        """Counts something."""
        metric, labels = self._by_name(name)
        metric.add(*labels, count=count)

    def __getitem__(self, name: CounterName) -> int:
        metric, labels = self._by_name(name)
        return metric[labels]

    def _by_name(self, name: CounterName) -> tuple[Counter[*tuple[Any, ...]], tuple[str, ...]]:
        if name.startswith("chunks_"):
            return self.chunks_without_visemes, (name.removeprefix("chunks_"),)
        if name == "chunks":
            return self.audio_chunks, ()
        if name == "upstream_failures":
            return self.dial_failures, ("unknown", "unknown")
        return {"sessions": self.sessions, "tokens_issued": self.tokens_issued}[name], ("unknown",)
