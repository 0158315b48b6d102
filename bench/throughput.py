"""Measure the cost of inference on one thread; `bench.model_speed` runs this in a new process. It prints JSON.

A batch goes through `Engine.run_together`, with a network that records when it runs. The time before is for features,
the time after is for decoding.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import mascot_visemes as mv
from bench.machine import machine, status, steal_percent
from bench.voice import voice
from mascot_visemes.network import Network
from mascot_visemes.registry import load_network
from mascot_visemes.shapes import shape_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mascot_visemes.network import State

    Floats = NDArray[np.float32]

CHUNK_MS = 100
BATCHES = (1, 16, 32)
# Streams without blend weights, with weights of their set and with weights of another set, by name suffix.
_KINDS: tuple[tuple[str, bool | mv.Shapes], ...] = (("", False), ("_weights", True), ("_vrm", "vrm"))
STAGES = ("features", "network", "decoding")

_SHAPES = "oculus"
_STREAM_CALLS = 100  # timed calls per repetition of one stream; a batch gets fewer, for about the same time
_WARM_UP = 3


class Watched(Network):
    """A network that records when it last ran.

    Args:
        network: A loaded network; the session is shared.
    """

    def __init__(self, network: Network) -> None:
        vars(self).update(vars(network))
        self.began = self.ended = 0

    def run(self, steps: Floats, state: State) -> tuple[Floats, State]:
        """Call `Network.run` and record the times, from `time.perf_counter_ns`."""
        self.began = time.perf_counter_ns()
        answer = super().run(steps, state)
        self.ended = time.perf_counter_ns()
        return answer


class Batch:
    """Streams that get their chunks together, each at another position of the same audio.

    Args:
        network: Their shared network.
        rate: Samples per second.
        chunks: The audio.
        size: Number of streams.
        weights: Whether they compute blend weights, or for which set.
    """

    def __init__(
        self, network: Network, rate: int, chunks: list[bytes], size: int, *, weights: bool | mv.Shapes
    ) -> None:
        self.size = size
        self._weights = weights
        self._network = Watched(network)
        self._engine = mv.Engine(self._network, shape_set(_SHAPES))
        self._streams = [self._engine.create_stream(sample_rate=rate, weights=weights) for _ in range(size)]
        places = [i * len(chunks) // size for i in range(size)]
        self._feed = itertools.cycle(
            [[chunks[(at + tick) % len(chunks)] for at in places] for tick in range(len(chunks))]
        )

    def tick(self) -> tuple[int, ...]:
        """Process the next chunk of every stream; return the time of each stage in nanoseconds."""
        chunks, network = next(self._feed), self._network
        start = time.perf_counter_ns()
        self._engine.run_together(self._streams, chunks)
        if self._weights:
            for stream in self._streams:
                _ = stream.weights
        end = time.perf_counter_ns()
        return network.began - start, network.ended - network.began, end - network.ended


def measure(model: str, seconds: float, rate: int, repeats: int) -> dict[str, Any]:
    """Time everything; the kinds of measurement take turns.

    Args:
        model: Its name.
        seconds: Length of the long recording.
        rate: Samples per second of all audio.
        repeats: Number of repetitions; the figure of each is the median over its calls.
    """
    description = machine()
    pcm, source = voice(rate)
    size = rate * CHUNK_MS // 1000
    data = pcm.tobytes()
    chunks = [data[2 * at : 2 * (at + size)] for at in range(0, len(pcm) - size + 1, size)]
    engine, network = mv.load(model, shapes=_SHAPES), load_network(model)
    long = np.resize(pcm, int(seconds * rate))
    before = status("VmHWM")
    whole = [_timed(lambda: engine.predict(long, sample_rate=rate)) / 1e9]
    peak = status("VmHWM")

    streams = [engine.create_stream(sample_rate=rate, weights=weights) for _, weights in _KINDS]
    feed = itertools.cycle(chunks)
    batches = {
        f"batch_{size}{kind}": Batch(network, rate, chunks, size, weights=weights)
        for size in BATCHES
        for kind, weights in _KINDS
    }
    for batch in batches.values():
        for _ in range(_WARM_UP):
            batch.tick()
    alone: dict[str, list[float]] = {f"stream{kind}": [] for kind, _ in _KINDS}
    split: dict[str, list[list[float]]] = {name: [] for name in batches}
    for turn in range(repeats):
        calls = [_one_chunk(streams, next(feed)) for _ in range(_STREAM_CALLS)]
        for times, column in zip(alone.values(), zip(*calls, strict=True), strict=True):
            times.append(statistics.median(column) / 1000)
        for name, batch in batches.items():
            ticks = [batch.tick() for _ in range(_ticks(batch.size))]
            columns = [*zip(*ticks, strict=True), [sum(tick) for tick in ticks]]
            split[name].append([statistics.median(c) / 1000 / batch.size for c in columns])
        if turn % 3 == 1:
            whole.append(_timed(lambda: engine.predict(long, sample_rate=rate)) / 1e9)
    return {
        "machine": description | {"steal_percent": steal_percent()},
        "audio": {"source": source, "sample_rate": rate},
        "predict": {"seconds": seconds, "took_s": spread(whole), **_factors(seconds, whole)},
        "chunk_100ms_us": {
            **{name: {"total": spread(times)} for name, times in alone.items()},
            **{
                name: {
                    stage: spread([turn[i] for turn in turns]) for i, stage in enumerate([*STAGES, "total"])
                }
                for name, turns in split.items()
            },
        },
        "peak_kib": {"before_predict": before, "predict": peak},
    }


def _one_chunk(streams: list[mv.Stream], chunk: bytes) -> list[int]:
    """Return the time of one chunk in a stream of each of `_KINDS`, in nanoseconds."""
    took = []
    for stream, (_, weights) in zip(streams, _KINDS, strict=True):
        start = time.perf_counter_ns()
        stream.accept_waveform(chunk)
        if weights:
            _ = stream.weights
        took.append(time.perf_counter_ns() - start)
    return took


def spread(values: list[float]) -> dict[str, float]:
    """Return median, minimum and maximum, to four significant digits."""
    parts = {"median": statistics.median(values), "low": min(values), "high": max(values)}
    return {name: float(f"{value:.4g}") for name, value in parts.items()}


def _ticks(size: int) -> int:
    return max(8, _STREAM_CALLS * 3 // (size + 2))


def _factors(seconds: float, took: list[float]) -> dict[str, float]:
    median = statistics.median(took)
    return {
        "real_time_factor": float(f"{median / seconds:.3g}"),
        "times_real_time": round(seconds / median, 1),
    }


def _timed(call: Callable[[], object]) -> int:
    start = time.perf_counter_ns()
    call()
    return time.perf_counter_ns() - start


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
