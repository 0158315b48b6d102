"""The metrics of all worker processes in the Prometheus format.

Each process has its own metrics. If there are several processes, each writes its metrics to its own file once a second
and before it answers a scrape; the process that receives the scrape answers for all. The values of processes are not
added up: each series has the label `worker`, so a restart is a counter reset, which Prometheus handles.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from mascot_server.errors import SettingsError
from mascot_server.observability.metrics import Histogram, Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from pathlib import Path

    from prometheus_client.core import Metric as Family

__all__ = ["CONTENT_TYPE", "Numbers", "Worker", "expose", "gather", "numbers_written", "serve_metrics"]

logger = logging.getLogger(__name__)

CONTENT_TYPE: Final = "text/plain; version=0.0.4"
"""Content type of Prometheus' text format, without the charset, which is UTF-8."""

_WRITE_SECONDS: Final = 1.0

Numbers = dict[str, Any]
"""The metrics of one process: the snapshot of each metric by its name."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One of the worker processes of a server.

    Attributes:
        number: Index of the process, from 0; the value of the label `worker`.
        folder: Folder with the metrics of all processes; `None` if there is only one process.
    """

    number: int = 0
    folder: Path | None = None

    def write(self, metrics: Metrics) -> None:
        """Write the metrics of this process for the other processes."""
        if self.folder is not None:
            file = self.folder / f"{self.number}.json"
            new = file.with_suffix(".new")
            new.write_text(json.dumps(_numbers(metrics)))
            new.replace(file)

    def gather(self, metrics: Metrics) -> dict[str, Numbers]:
        """Return the metrics of all processes, by worker."""
        if self.folder is None:
            return {str(self.number): _numbers(metrics)}
        # Written as well: the next scrape may reach another process, and must not return smaller values.
        self.write(metrics)
        return gather(self.folder)

    def forget(self) -> None:
        """Remove the metrics of a process that has ended, so that its conversations no longer count as running."""
        if self.folder is not None:
            (self.folder / f"{self.number}.json").unlink(missing_ok=True)


def gather(folder: Path) -> dict[str, Numbers]:
    """Read the metrics of all processes, by worker."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}


@asynccontextmanager
async def numbers_written(
    worker: Worker, metrics: Metrics, *, every: float = _WRITE_SECONDS
) -> AsyncIterator[None]:
    """Write the metrics of this process periodically for the other processes, if there are others.

    Args:
        worker: This process.
        metrics: Its metrics.
        every: Seconds between two writes.
    """
    if worker.folder is None:
        yield
        return
    writing = asyncio.create_task(_keep_written(worker, metrics, every))
    try:
        yield
    finally:
        writing.cancel()


async def _keep_written(worker: Worker, metrics: Metrics, every: float) -> None:
    failing = False
    while True:
        try:
            worker.write(metrics)
        except Exception as error:
            # The other processes continue to report the last metrics. Logged once, not every second.
            if not failing:
                logger.exception("the metrics cannot be written: %s", type(error).__name__)
            failing = True
        else:
            if failing:
                logger.warning("the metrics are written again")
            failing = False
        await asyncio.sleep(every)


def expose(numbers: Mapping[str, Numbers]) -> bytes:
    """Format the metrics of processes as Prometheus text.

    Args:
        numbers: The metrics by worker.
    """
    return generate_latest(_registry(lambda: numbers))


def serve_metrics(address: str, numbers: Callable[[], Mapping[str, Numbers]]) -> None:
    """Serve the metrics on a separate address, from a daemon thread.

    Args:
        address: ``<host>:<port>``.
        numbers: Returns the metrics by worker.

    Raises:
        SettingsError: The server cannot listen on the address.
    """
    host, _, port = address.rpartition(":")
    try:
        start_http_server(int(port), host.strip("[]"), _registry(numbers))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"MASCOT_METRICS: cannot listen on {address}: {reason}") from None


def _numbers(metrics: Metrics) -> Numbers:
    return {metric.name: metric.snapshot() for metric in metrics}


def _registry(numbers: Callable[[], Mapping[str, Numbers]]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Families(numbers))
    return registry


class _Families(Collector):
    """Converts the metrics to the metric families of the Prometheus client."""

    def __init__(self, numbers: Callable[[], Mapping[str, Numbers]]) -> None:
        self._numbers = numbers

    def describe(self) -> list[Family]:
        """Return nothing, so that registration does not collect the metrics."""
        return []

    def collect(self) -> Iterator[Family]:
        by_worker = self._numbers()
        for metric in Metrics():
            if isinstance(metric, Histogram):
                yield _histogram(metric, by_worker)
                continue
            family = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            series = family(metric.name, metric.text, labels=[*metric.labels, "worker"])
            for worker, numbers in by_worker.items():
                for labels, count in numbers.get(metric.name, ()):
                    series.add_metric([*labels, worker], count)
                if not metric.labels and not numbers.get(metric.name):
                    # The series must exist before the first event, so that rates are correct.
                    series.add_metric([worker], 0)
            yield series


def _histogram(metric: Histogram, by_worker: Mapping[str, Numbers]) -> HistogramMetricFamily:
    series = HistogramMetricFamily(metric.name, metric.text, labels=["worker"])
    bounds = [*map(str, map(float, metric.bounds)), "+Inf"]
    for worker, numbers in by_worker.items():
        if metric.name not in numbers:
            continue
        counts, total = numbers[metric.name]
        # The buckets of Prometheus are cumulative.
        below, buckets = 0, []
        for bound, count in zip(bounds, counts, strict=True):
            below += count
            buckets.append((bound, float(below)))
        series.add_metric([worker], buckets, total)
    return series
