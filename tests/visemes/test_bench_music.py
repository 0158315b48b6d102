"""The command that tells how often the mouth is open where nobody speaks."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.benches import run_bench

if TYPE_CHECKING:
    from numpy.typing import NDArray

soundfile = pytest.importorskip("soundfile", reason="recordings are read with soundfile")

command = partial(run_bench, "music")


def test_speech_opens_the_mouth_and_silence_does_not(tmp_path: Path, speech: NDArray[np.int16]) -> None:
    soundfile.write(tmp_path / "speech.wav", speech, 16000)
    soundfile.write(tmp_path / "silence.wav", np.zeros(32000, np.int16), 16000)
    done = command("--audio", str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    silence, spoken = (result["recordings"][f"{name}.wav"] for name in ("silence", "speech"))
    assert silence == {"seconds": 2.0, "open": 0.0}
    assert 0.3 < spoken["open"] < 1
    assert 0 < result["open"] < spoken["open"]


def test_refusals(tmp_path: Path) -> None:
    for folder, status in ((tmp_path / "nowhere", 2), (tmp_path, 1)):
        done = command("--audio", str(folder))
        assert done.returncode == status
        assert "--audio" in done.stderr
