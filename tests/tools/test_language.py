"""What differs between the languages that are trained for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("soundfile", reason="training reads speech with soundfile")

from mascot_visemes.phonemes import INDONESIAN_PHONEMES
from tools.train.corpus import frame_labels, load, network_labels
from tools.train.language import LANGUAGES, Language

ENGLISH, ALL = (LANGUAGES[code] for code in ("en", "mul"))
DEV = Path(__file__).parents[2] / "bench" / "data" / "indonesian"


@pytest.mark.parametrize(
    ("language", "phones", "labels"),
    [
        (ENGLISH, "SIL HH ER T CH HH SIL", "SIL HH_RR ER CH CH HH_E SIL"),
        (ALL, "SIL R UW M AA HH SIL", "SIL R UW M AA HH_sil SIL"),
        (ALL, "B AA HH W AA Q", "B AA HH_ou W AA Q"),
        (ALL, "S AA HH D AA", "S AA HH_E D AA"),
    ],
)
def test_phones_become_labels(language: Language, phones: str, labels: str) -> None:
    assert network_labels(phones.split(), language) == labels.split()


def test_new_labels_start_from_english_ones() -> None:
    assert set(ALL.kin) == set(ALL.labels) - set(ENGLISH.labels)
    assert set(ALL.kin.values()) <= set(ENGLISH.labels)


def test_groups_of_corpora_have_shares() -> None:
    assert ALL.group("kathleen") == ""
    assert ALL.group("kokoro-mixed") == "kokoro-mixed"
    assert ALL.group("kokoro-es") == "kokoro-"
    assert ALL.group("de-kerstin") == "de-"
    assert sum(ALL.shares.values()) == pytest.approx(1)
    assert ENGLISH.group("kathleen") == ""


def test_an_epoch_is_judged_by_the_mean_of_the_languages() -> None:
    right = {"librispeech-dev-clean": 0.8, "de-fleurs": 0.6, "fr-asterisk": 0.5, "speechocean762": 0.1}
    assert ENGLISH.merit(right) == 0.8
    foreign = 0.5 / 9
    expected = (0.5 * 0.8 + foreign * 0.6 + foreign * 0.5) / (0.5 + 2 * foreign)
    assert ALL.merit(right) == pytest.approx(expected)


def test_frames_are_labelled_at_their_centres() -> None:
    labels = frame_labels([(0.0, 0.014, "SIL"), (0.014, 0.03, "NY")], 4, ALL)
    assert [ALL.labels[label] for label in labels] == ["SIL", "NY", "NY", "SIL"]


def test_the_dev_set_that_the_repository_carries_is_read(tmp_path: Path) -> None:
    corpus = load([DEV], tmp_path, ALL)
    lines = (DEV / "espeak-ng-id-dev.jsonl").read_text("utf-8").splitlines()
    assert [u.audio for u in corpus.split("dev")] == [json.loads(line)["audio"] for line in lines]
    assert corpus.split("train") == []
    said = {ALL.labels[label] for label in np.unique(corpus.reference)}
    heard = {phoneme.label for phoneme in INDONESIAN_PHONEMES} - {"HH"}
    assert heard - said <= {"OY", "ZH"}
