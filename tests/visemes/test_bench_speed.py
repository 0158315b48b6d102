"""The command that measures what the model costs: that it runs and says what it claims to, not how fast it is."""

from __future__ import annotations

import importlib
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from support.benches import run_bench

ROOT = Path(__file__).parents[2]
command = partial(run_bench, "model_speed")


def test_help() -> None:
    done = command("--help")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("--seconds", "--json", "batch_N"))


def test_json() -> None:
    done = command("--json", "--model", "lite", "--seconds", "1", "--repeats", "1", "--sample-rate", "8000")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert list(result) == [
        "model",
        "machine",
        "audio",
        "predict",
        "chunk_100ms_us",
        "start",
        "memory_mb",
        "threads",
        "files",
    ]
    assert result["model"] == "lite"
    assert result["machine"]["cpu"]
    assert result["audio"]["sample_rate"] == 8000
    chunk = result["chunk_100ms_us"]
    sizes = [f"batch_{size}{weights}" for size in (1, 16, 32) for weights in ("", "_weights", "_vrm")]
    assert list(chunk) == ["stream", "stream_weights", "stream_vrm", *sizes]
    for stages in chunk.values():
        for value in stages.values():
            assert 0 < value["low"] <= value["median"] <= value["high"]
    for size in sizes:
        assert list(chunk[size]) == ["features", "network", "decoding", "total"]
    assert result["predict"]["times_real_time"] > 0
    assert result["start"]["total_ms"]["median"] > 0
    assert 0 < result["files"]["wheel_mb"] <= 6


@pytest.mark.parametrize(
    "option", [("--model", "none"), ("--seconds", "0"), ("--seconds", "long"), ("--repeats", "0")]
)
def test_refusals(option: tuple[str, str]) -> None:
    done = command(*option)
    assert done.returncode == 2
    assert option[0] in done.stderr


@pytest.mark.parametrize("installed", [True, False])
def test_the_voice(monkeypatch: pytest.MonkeyPatch, *, installed: bool) -> None:
    monkeypatch.syspath_prepend(ROOT)
    if not installed:
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    pcm, source = importlib.import_module("bench.voice").voice(16000)
    assert pcm.dtype == np.int16
    assert 20 * 16000 < len(pcm) < 40 * 16000
    assert np.abs(pcm.astype(int)).max() > 3000
    if not installed:
        assert "mascot-server is not installed" in source
