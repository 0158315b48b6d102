"""Scoring of the model, on tracks that the tests create, and the command, on real speech if there is some."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def scoring(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("bench.visemes")


PHONES = [
    (0.0, 0.3, "SIL"),
    (0.3, 0.4, "M"),
    (0.4, 0.6, "AA"),
    (0.6, 0.7, "HH"),
    (0.7, 0.9, "UW"),
    (0.9, 1.2, "SIL"),
]
TRUE = [(300, "PP"), (400, "aa"), (600, "ou"), (900, "sil")]


def figures(scoring: ModuleType, changes: list[tuple[int, str]]) -> dict[str, float]:
    score = scoring.Score()
    score.add(scoring.reference(PHONES, 1200), scoring.track(changes, 1200), len(changes))
    result: dict[str, float] = score.figures()
    return result


def test_reference(scoring: ModuleType) -> None:
    said = scoring.reference(PHONES, 1200)
    assert list(zip(said.starts, said.shapes, strict=True)) == [(0, "sil"), *TRUE]
    phones = [(0.0, 0.1, "T"), (0.1, 0.2, "CH"), (0.2, 0.3, "AX"), (0.3, 0.4, "HH")]
    said = scoring.reference(phones, 400)
    assert list(zip(said.starts, said.shapes, strict=True)) == [(0, "CH"), (200, "E"), (300, "sil")]


def test_a_perfect_prediction(scoring: ModuleType) -> None:
    assert figures(scoring, TRUE) == {
        "frame_accuracy_oculus15": 1.0,
        "coarse7": 1.0,
        "bilabial_recall": 1.0,
        "bilabial_precision": 1.0,
        "lip_teeth_recall": 0.0,
        "lip_teeth_precision": 0.0,
        "open_in_silence": 0.0,
        "onset_error_ms": 0,
        "events_per_second": 3.33,
        "utterances": 1,
    }


def test_a_late_prediction(scoring: ModuleType) -> None:
    late = figures(scoring, [(ms + 30, shape) for ms, shape in TRUE])
    assert late["frame_accuracy_oculus15"] == pytest.approx(1 - 4 * 30 / 1200)
    assert late["onset_error_ms"] == 30
    assert late["bilabial_recall"] == late["bilabial_precision"] == 1.0
    assert figures(scoring, [(450, "PP"), (500, "aa")])["bilabial_recall"] == 0.0


def test_confusions(scoring: ModuleType) -> None:
    result = figures(scoring, [(300, "PP"), (400, "aa"), (600, "oh"), (1000, "E"), (1100, "PP")])
    assert result["frame_accuracy_oculus15"] == pytest.approx(0.3 / 1.2 + 0.3 / 1.2, abs=1e-3)
    assert result["coarse7"] == pytest.approx(0.9 / 1.2, abs=1e-3)
    assert result["bilabial_precision"] == 0.5
    # Silences away from speech: 0..250 ms and 950..1200 ms, of which 50 ms are oh and 100 ms E.
    assert result["open_in_silence"] == pytest.approx(15 / 50)


def test_lip_teeth(scoring: ModuleType) -> None:
    phones = [(0.0, 0.2, "AA"), (0.2, 0.3, "F"), (0.3, 0.6, "AA"), (0.6, 0.7, "V"), (0.7, 1.0, "AA")]
    score = scoring.Score()
    # The first is met 30 ms late, the second not at all, and of two that are claimed one is invented.
    changes = [(0, "aa"), (330, "FF"), (350, "aa"), (900, "FF"), (950, "aa")]
    score.add(scoring.reference(phones, 1000), scoring.track(changes, 1000), len(changes))
    assert score.figures()["lip_teeth_recall"] == 0.5
    assert score.figures()["lip_teeth_precision"] == 0.5


def test_classes(scoring: ModuleType) -> None:
    score = scoring.Score()
    changes = [(300, "PP"), (400, "aa"), (700, "oh"), (900, "sil")]
    score.add(scoring.reference(PHONES, 1200), scoring.track(changes, 1200), len(changes))
    classes = score.classes()
    assert list(classes) == list(scoring.VISEMES)
    assert len(classes) == 15
    assert classes["sil"] == {"recall": 1.0, "precision": 1.0, "share": 0.5}
    assert classes["aa"] == {"recall": 1.0, "precision": 0.6667, "share": 0.1667}
    assert classes["ou"] == {"recall": 0.0, "precision": 0.0, "share": 0.25}
    assert classes["oh"] == {"recall": 0.0, "precision": 0.0, "share": 0.0}
    assert sum(c["share"] for c in classes.values()) == pytest.approx(1.0, abs=1e-3)
    right = sum(c["recall"] * c["share"] for c in classes.values())
    assert right == pytest.approx(score.figures()["frame_accuracy_oculus15"], abs=1e-3)


def test_several_utterances_add_up(scoring: ModuleType) -> None:
    score = scoring.Score()
    said = scoring.reference(PHONES, 1200)
    score.add(said, scoring.track(TRUE, 1200), 4)
    score.add(said, scoring.track([], 1200), 0)
    assert score.figures()["utterances"] == 2
    assert score.figures()["bilabial_recall"] == 0.5
    assert score.figures()["frame_accuracy_oculus15"] == 0.75
    assert score.confusions["ou", "sil"] == 30


def test_the_model_on_real_speech() -> None:
    pytest.importorskip("soundfile", reason="reading the corpus needs soundfile")
    folder = os.environ.get("MASCOT_CORPUS")
    if not folder or not any(Path(folder).glob("*.jsonl")):
        pytest.skip("MASCOT_CORPUS names no folder with speech")
    command = [
        "-m",
        "bench.accuracy",
        "--corpus",
        folder,
        "--split",
        "dev",
        "--chunk-ms",
        "100",
        "--json",
        "--limit",
        "20",
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["corpora"]["librispeech-dev-clean"]
    assert result["utterances"] == 20
    assert result["frame_accuracy_oculus15"] >= 0.60
    assert result["bilabial_recall"] >= 0.5
    assert result["open_in_silence"] <= 0.2
    assert 6 <= result["events_per_second"] <= 16
