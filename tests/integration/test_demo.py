"""The demo that the README names."""

from __future__ import annotations

import json
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
