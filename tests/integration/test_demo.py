"""The demo that the README names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("model", ["default", "indonesian"])
def test_it_holds_a_conversation_with_each_provider(model: str) -> None:
    command = [sys.executable, "-m", "examples.demo", "--viseme-model", model, "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    providers = json.loads(ran.stdout)["providers"]
    assert set(providers) == {"elevenlabs", "gemini", "openai", "openai-live"}
    for figures in providers.values():
        assert set(figures) == {"audio_ms", "visemes", "chunks", "added_ms_p50", "added_ms_p99"}
        assert figures["chunks"] > 20
        # Running speech has some 8 to 16 changes of shape a second; the recordings pause between sentences.
        assert 4 < figures["visemes"] / (figures["audio_ms"] / 1000) < 18


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "cp1252"])
def test_it_draws_with_what_the_terminal_can_show(encoding: str) -> None:
    program = """
from examples.demo.drawing import draw, legend, show
show([*legend(), *draw([(0.0, 21), (80.0, 2), (400.0, 0)], [(80.0, "hello")], 480.0)])
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    text = ran.stdout.decode(encoding)
    # The legend explains what is drawn.
    assert "how far the mouth is open" in text
    assert "m p b m" in text
    assert "hello" in text
    opening = "█" if encoding == "utf-8" else "#"
    assert "  first line   how far the mouth is open, from closed to wide: " in text
    assert opening in text


def test_it_begins_with_a_legend_and_needs_no_unicode() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "examples.demo"], cwd=ROOT, env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("How to read it: one column is 40 ms.")
    assert ran.stdout.isascii()
    assert ran.stdout.count("viseme events, added latency") == 4
