"""Constants of the decoder, tuned on speech."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("soundfile", reason="reading speech needs soundfile")

import mascot_visemes as mv
from mascot_visemes.decode import DecoderTable
from mascot_visemes.registry import load_network
from mascot_visemes.shapes import SHAPES
from tools.train import tune
from tools.train.language import LANGUAGES

NETWORK, OCULUS = load_network(), SHAPES["oculus"]
SILENCE_DB = NETWORK.decoder(OCULUS).silence_db
UTTERANCES = list(tune.dev_speech(Path(), LANGUAGES["mul"], ["id"]))[:4]
SPEECH = {chunk_ms: tune.heard(NETWORK, UTTERANCES, chunk_ms) for chunk_ms in tune.CHUNKS}


@pytest.mark.parametrize("chunk_ms", tune.CHUNKS)
def test_a_trial_shows_what_a_stream_shows(chunk_ms: int) -> None:
    shown = tune.decoded(SPEECH[chunk_ms], DecoderTable(NETWORK.labels, OCULUS, NETWORK.decoder(OCULUS)))
    for utterance, shapes in zip(UTTERANCES, shown, strict=True):
        stream = mv.load(shapes="oculus").create_stream(sample_rate=utterance.rate)
        size = utterance.rate * chunk_ms // 1000
        changes = [
            (change.time_ms // 10, OCULUS.ids.index(change.viseme))
            for start in range(0, len(utterance.pcm), size)
            for change in stream.accept_waveform(utterance.pcm[start : start + size])
        ]
        starts, said = np.flatnonzero(np.diff(shapes)) + 1, [0, *(shape for _, shape in changes)]
        expected = np.repeat(said, np.diff([0, *(frame for frame, _ in changes), len(shapes)]))
        # Batches round otherwise than a stream alone: a frame or two may differ.
        assert np.count_nonzero(expected != shapes) <= 2
        assert len(starts)


def test_the_shipped_constants_are_those_that_trials_start_from() -> None:
    for name in ("sapi", "oculus"):
        assert tune.Constants().settings(SHAPES[name], SILENCE_DB) == NETWORK.decoder(SHAPES[name])


def test_the_best_constants_are_better_than_bad_ones() -> None:
    trial = tune.Trial(NETWORK, SPEECH, OCULUS, SILENCE_DB)
    bad = replace(tune.Constants(), closure_cost=0.5, closure_bias=-3.0, cost=6.0, edge_bias=-2.5)
    best = trial.best(bad)
    assert trial.merit(best) > trial.merit(bad) + 0.02
    assert all(trial.merit(best) >= trial.merit(replace(best, edge_frames=n)) for n in (3, 4, 5, 6, 8))


def test_the_card_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = Path(mv.__file__).parent / "models"
    for suffix in (".onnx", ".json"):
        shutil.copy(models / f"default{suffix}", tmp_path)
    before = json.loads((tmp_path / "default.json").read_text("utf-8"))
    monkeypatch.setattr(tune, "LIMIT", 2)
    tune.main([str(tmp_path / "default.onnx"), "--corpora", "nowhere", "--languages", "id"])
    after = json.loads((tmp_path / "default.json").read_text("utf-8"))
    assert {key for key in after if after[key] != before[key]} <= {"decoder"}
    assert after["decoder"].keys() == before["decoder"].keys()
