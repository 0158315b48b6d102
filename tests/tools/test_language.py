"""What differs between the languages that are trained for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("soundfile", reason="training reads speech with soundfile")

from mascot_visemes.shapes import SHAPES
from tools.train.corpus import frame_labels, load, network_labels
from tools.train.language import LANGUAGES, Language

ENGLISH, INDONESIAN, ALL = (LANGUAGES[code] for code in ("en", "id", "mul"))
PAGE = (Path(__file__).parents[2] / "docs" / "indonesian.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("language", "phones", "labels"),
    [
        (ENGLISH, "SIL HH ER T CH HH SIL", "SIL HH_RR ER CH CH HH_E SIL"),
        (INDONESIAN, "SIL R UW M AA HH SIL", "SIL R UW M AA HH_sil SIL"),
        (INDONESIAN, "B AA HH W AA Q", "B AA HH_ou W AA Q"),
        (INDONESIAN, "S AA HH D AA", "S AA HH_E D AA"),
        # English phones, heard by an Indonesian.
        (INDONESIAN, "HH ER TH DH AE V IH OW", "HH_E AX T D AA F IY AO"),
    ],
)
def test_phones_become_labels(language: Language, phones: str, labels: str) -> None:
    assert network_labels(phones.split(), language) == labels.split()


def test_every_english_phone_is_heard_as_an_indonesian_one() -> None:
    heard = {label: INDONESIAN.phones.get(label, label) for label in ENGLISH.labels}
    assert all(INDONESIAN.index(label) >= 0 for label in heard.values())
    oculus = SHAPES["oculus"]
    other = {
        a for a, b in heard.items() if b in INDONESIAN.labels and oculus.index_of(a) != oculus.index_of(b)
    }
    assert other == {"ER", "TH", "DH"}  # mouths that Indonesian does not have


def test_the_page_shows_how_english_is_heard() -> None:
    section = PAGE.partition("## How English")[2]
    cells = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")][2:]
    pairs = [(row[i].split(), row[i + 1].strip()) for row in cells for i in (0, 2) if row[i].strip()]
    assert {phone: label for phones, label in pairs for phone in phones} == dict(INDONESIAN.phones)


@pytest.mark.parametrize("language", [INDONESIAN, ALL], ids=lambda language: language.code)
def test_new_labels_start_from_english_ones(language: Language) -> None:
    assert set(language.kin) == set(language.labels) - set(ENGLISH.labels)
    assert set(language.kin.values()) <= set(ENGLISH.labels)


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
    labels = frame_labels([(0.0, 0.014, "SIL"), (0.014, 0.03, "NY")], 4, INDONESIAN)
    assert [INDONESIAN.labels[label] for label in labels] == ["SIL", "NY", "NY", "SIL"]


def test_the_dev_set_that_the_repository_carries_is_read(tmp_path: Path) -> None:
    assert INDONESIAN.carried is not None
    corpus = load([INDONESIAN.carried], tmp_path, INDONESIAN)
    lines = (INDONESIAN.carried / f"{INDONESIAN.headline}.jsonl").read_text("utf-8").splitlines()
    assert [u.audio for u in corpus.split("dev")] == [json.loads(line)["audio"] for line in lines]
    assert corpus.split("train") == []
    said = {INDONESIAN.labels[label] for label in np.unique(corpus.reference)}
    assert set(INDONESIAN.labels) - said <= {"HH_E", "OY", "ZH"}
