"""The teacher, and the labels that it corrects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("soundfile", reason="training reads speech with soundfile")
pytest.importorskip("scipy", reason="training treats speech with scipy")
pytest.importorskip("torch", reason="training needs torch")

from tools.train import whisper
from tools.train.corpus import HOP, Corpus, Utterance
from tools.train.language import LANGUAGES
from tools.train.relabel import certain, relabel
from tools.train.teacher import Lesson, told

if TYPE_CHECKING:
    from pathlib import Path

ENGLISH = LANGUAGES["en"]
LABELS = len(ENGLISH.labels)
LENGTHS = (30, 41, 1, 52, 30, 33, 44, 29)


@pytest.fixture
def corpus() -> Corpus:
    """Noise, of which the last utterance is for the dev split."""
    rng = np.random.default_rng(1)
    starts = np.cumsum((0, *LENGTHS))
    utterances = [
        Utterance(
            "noise", f"{i}.flac", "dev" if i == 7 else "train", HOP * start, HOP * frames, start, frames
        )
        for i, (start, frames) in enumerate(zip(starts.tolist(), LENGTHS, strict=False))
    ]
    audio = rng.normal(0, 3000, HOP * sum(LENGTHS)).astype(np.int16)
    labels = rng.integers(0, LABELS, sum(LENGTHS)).astype(np.int8)
    return Corpus(ENGLISH, utterances, audio, labels, labels)


@pytest.fixture
def lesson(corpus: Corpus) -> Lesson:
    rng = np.random.default_rng(2)
    heard = {
        (u.corpus, u.audio): rng.normal(0, 1, (whisper.steps(u), whisper.WIDTH)).astype(np.float16)
        for u in corpus.utterances
    }
    return Lesson(corpus, heard)


def test_each_training_utterance_is_told_once(lesson: Lesson, tmp_path: Path) -> None:
    found = dict(told(lesson, tmp_path, certain(lesson.corpus), epochs=1, seed=1))
    assert set(found) == set(lesson.corpus.split("train"))
    for u, posteriors in found.items():
        assert posteriors.shape == (u.frames, LABELS)
        assert np.allclose(posteriors.sum(1), 1, atol=1e-5)


def test_who_tells_has_not_learnt_from_it(lesson: Lesson, tmp_path: Path) -> None:
    """Changed labels of an utterance change the posteriors of the other half only, not of its own half."""
    labels = certain(lesson.corpus)
    before = dict(told(lesson, tmp_path / "before", labels, epochs=1, seed=1))
    u = lesson.corpus.split("train")[0]
    labels[u.frame : u.frame + u.frames] = labels[u.frame : u.frame + u.frames].flip(1)
    after = dict(told(lesson, tmp_path / "after", labels, epochs=1, seed=1))
    assert np.array_equal(before[u], after[u])
    changed = [other for other in before if not np.array_equal(before[other], after[other])]
    assert 0 < len(changed) < len(before) - 1


def test_teachers_that_are_there_are_not_trained_again(lesson: Lesson, tmp_path: Path) -> None:
    first = dict(told(lesson, tmp_path, certain(lesson.corpus), epochs=1, seed=1))
    second = dict(told(lesson, tmp_path, certain(lesson.corpus), epochs=9, seed=9))
    for u, posteriors in first.items():
        assert np.array_equal(posteriors, second[u])


def test_labels_are_half_of_what_is_learned(corpus: Corpus) -> None:
    u = corpus.utterances[0]
    posteriors = np.zeros((u.frames, LABELS), np.float32)
    posteriors[:, 3] = 1
    table = relabel(corpus, [(u, posteriors)]).numpy().astype(int)
    rows, label = table[u.frame : u.frame + u.frames], corpus.learn[u.frame : u.frame + u.frames]
    assert np.all(np.abs(rows[:, 3] - np.where(label == 3, 255, 127.5)) <= 1)
    assert np.all(rows[np.arange(u.frames), label] >= 127)
    assert np.array_equal(table[u.frames :], certain(corpus).numpy()[u.frames :])


def test_what_was_heard_must_be_of_this_speech(corpus: Corpus, tmp_path: Path) -> None:
    np.save(tmp_path / "noise.npy", np.zeros((3, whisper.WIDTH), np.float16))
    with pytest.raises(SystemExit, match=r"noise\.npy is not of the speech"):
        whisper.listen(corpus, tmp_path, 1)
