from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.metadata import version_of

import mascot_visemes


def test_public_names() -> None:
    assert sorted(mascot_visemes.__all__) == mascot_visemes.__all__
    assert set(mascot_visemes.__all__) == {
        "ARKIT_POSES",
        "AudioError",
        "AudioFileError",
        "CalibrationError",
        "Encoding",
        "Engine",
        "MissingExtraError",
        "ModelFileError",
        "NoWeightsError",
        "NotFiniteError",
        "OutputError",
        "Recording",
        "SampleFormatError",
        "SampleRangeError",
        "SampleRateError",
        "Shapes",
        "Stream",
        "StreamFinishedError",
        "StreamsError",
        "UnknownEncodingError",
        "UnknownModelError",
        "UnknownShapesError",
        "VisemeError",
        "VisemeEvent",
        "available_models",
        "load",
        "open_audio",
        "predict_file",
    }
    assert all(hasattr(mascot_visemes, name) for name in mascot_visemes.__all__)


def test_runs_on_numpy_and_onnxruntime_alone_and_imports_light() -> None:
    code = """
import sys
import mascot_visemes
assert "onnxruntime" not in sys.modules
mascot_visemes.load().predict(bytes(32000), sample_rate=16000)
import mascot_visemes.cli
heavy = {"torch", "scipy", "soundfile", "librosa", "pydantic", "matplotlib", "tqdm"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr == ""


def test_the_version_is_that_of_the_distribution(tmp_path: Path) -> None:
    assert version_of("mascot_visemes", tmp_path) == "9.8.7"
    with pytest.raises(AttributeError, match="has no attribute 'nonesuch'"):
        _ = mascot_visemes.nonesuch  # type: ignore[attr-defined]
