"""Forced alignment."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("soundfile", reason="training reads speech with soundfile")
pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("onnx", reason="training needs onnx")

import soundfile

from bench.languages import corpora
from bench.visemes import reference
from mascot_visemes.inventory import LABELS
from mascot_visemes.phonemes import ENGLISH
from mascot_visemes.shapes import SHAPES
from tools.synthesis.speech import Manner
from tools.synthesis.world.voices import speak_espeak
from tools.train import forced

if TYPE_CHECKING:
    from pathlib import Path


def test_phones_are_found_where_they_are_heard() -> None:
    heard = np.repeat([0, 1, 2, 3], [10, 7, 12, 9])
    scores = np.full((len(heard), 4), -4.0, np.float32)
    scores[np.arange(len(heard)), heard] = -0.1
    starts, score = forced.aligned(scores, np.array([True, False, False, True]))
    assert starts == [0, 10, 17, 29]
    assert score == pytest.approx(-0.1, abs=0.01)


def test_a_pause_that_is_not_heard_is_left_out() -> None:
    heard = np.repeat([1, 3], [10, 12])
    scores = np.full((22, 5), -4.0, np.float32)
    scores[np.arange(22), heard] = -0.1
    starts, _ = forced.aligned(scores, np.array([True, False, True, False, True]))
    assert starts == [0, 0, 10, 10, 22]


def test_too_many_phones_have_no_times() -> None:
    starts, score = forced.aligned(np.zeros((5, 4), np.float32), np.zeros(4, bool))
    assert (starts, score) == ([], -np.inf)


def test_a_sound_counts_as_its_like() -> None:
    like = forced.heard_as(ENGLISH)
    assert like.shape == (len(LABELS), len(ENGLISH))

    def counts(said: str, heard: str) -> float:
        return float(like[LABELS.index(said), ENGLISH.index(heard)])

    assert counts("M", "M") == 1.0
    assert counts("UE", "UW") > counts("UE", "IY") > counts("UE", "AA") > counts("UE", "T")
    assert counts("P", "SIL") > counts("AA", "SIL")
    assert (forced.heard_as(LABELS).diagonal() == 1.0).all()


@pytest.mark.parametrize("language", ["de", "fr"])
def test_dev_speech_has_the_frozen_times(tmp_path: Path, language: str) -> None:
    """As labels, which are the same mouth shapes as the phones of the reference."""
    folder = tmp_path / "corpora" / language
    folder.mkdir(parents=True)
    (folder / "fleurs.jsonl").write_text("", "utf-8")
    (folder / "asterisk.jsonl").write_text("", "utf-8")
    given = ["--corpora", str(tmp_path / "corpora"), "--out", str(tmp_path / "out"), "--split", "dev"]
    forced.main([*given, "--languages", language])
    frozen = {e["audio"]: e for corpus in corpora(language, folder.parent, "dev") for e in corpus.entries}
    for path in (tmp_path / "out").glob("*.jsonl"):
        for entry in map(json.loads, path.read_text("utf-8").splitlines()):
            assert entry["split"] == "dev"
            assert entry["ipa"] == frozen.pop(entry["audio"].removeprefix(f"{language}-"))["phones"]
            said = reference(entry["ipa"], round(1000 * entry["ipa"][-1][1]))
            oculus = SHAPES["oculus"]
            shown = [
                (said.at(round(500 * (start + end))), oculus.ids[oculus.index_of(label)])
                for start, end, label in entry["phones"]
                if label != "HH"
            ]
            assert sum(a == b for a, b in shown) > 0.97 * len(shown), [
                pair for pair in shown if pair[0] != pair[1]
            ]
    assert not frozen


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
def test_speech_whose_times_are_known_is_aligned(tmp_path: Path) -> None:
    """espeak-ng tells its own times, which are found again from the text alone."""
    texts = ["Guten Morgen, wie geht es Ihnen?", "Papa kauft mir neue Bücher."]
    folder = tmp_path / "corpora" / "de" / "made"
    folder.mkdir(parents=True)
    lines, true = [], []
    for number, (text, speech) in enumerate(
        zip(texts, speak_espeak("de", texts, Manner(tract=16000 / 22050)), strict=True)
    ):
        soundfile.write(folder / f"{number}.flac", speech.samples, 16000)
        lines.append({"audio": f"made/{number}.flac", "split": "train", "language": "de", "text": text})
        true.append(speech.segments)
    (folder.parent / "made.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    forced.main(["--corpora", str(tmp_path / "corpora"), "--out", str(tmp_path / "out"), "--languages", "de"])
    found = [
        json.loads(line) for line in (tmp_path / "out" / "de-made.jsonl").read_text("utf-8").splitlines()
    ]
    assert found
    for entry in found:
        segments = true[int(entry["audio"].removesuffix(".flac")[-1])]
        assert (tmp_path / "out" / entry["audio"]).exists()
        times = {round(start * 100): phone for start, _, phone in entry["phones"]}
        starts = [start for start, _, phone in entry["phones"] if phone in {"M", "B", "P"}]
        for segment in segments:
            if segment.phone in {"M", "B", "P"}:
                assert min(abs(segment.start_s - start) for start in starts) < 0.08, (segment, times)
