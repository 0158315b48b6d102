"""The aligner of the reference labels, on synthetic sounds and on transcripts."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from tools.align.articulation import nearest
from tools.align.estimate import Utterance, align, begun, labelled_models
from tools.align.mandarin import mandarin
from tools.align.mfcc import FRAMES_PER_SECOND, RATE, levels, mfcc, normalised
from tools.align.pronounce import Phone, tidy, words
from tools.align.refine import refined, shortened
from tools.align.viterbi import SIL, Timed

SOUNDS = {"AA": (700.0, 1200.0), "IY": (300.0, 2300.0), "UW": (320.0, 800.0)}


def spoken(names: list[tuple[str, float]], seed: int) -> tuple[np.ndarray, list[tuple[float, float, str]]]:
    """A recording of vowels, hiss and silences of given seconds, and its phones."""
    rng = np.random.default_rng(seed)
    pieces, phones, at = [], [], 0.0
    for name, seconds in names:
        time = np.arange(round(seconds * RATE)) / RATE
        piece = 8.0 * rng.standard_normal(len(time))
        for harmonic in np.arange(120.0 + 10 * seed, 4000.0, 120.0 + 10 * seed) if name in SOUNDS else ():
            weight = sum(1 / (1 + ((harmonic - f) / 80) ** 2) for f in SOUNDS[name])
            piece += 2000 * weight * np.sin(2 * np.pi * harmonic * time)
        if name == "S":
            piece += 1500 * np.diff(rng.standard_normal(len(time) + 1))
        pieces.append(piece)
        phones.append((at, at + seconds, name))
        at += seconds
    return np.concatenate(pieces).astype(np.int16), phones


def test_phones_are_found_where_they_are_and_an_unspoken_pause_is_not() -> None:
    orders = [["AA", "S", "IY"], ["IY", "UW", "AA"], ["S", "UW", "AA"], ["UW", "IY", "S"]]
    speech = []
    for seed, order in enumerate(orders):
        rng = np.random.default_rng(seed)
        names = [("SIL", 0.3), *((name, float(rng.uniform(0.1, 0.25))) for name in order), ("SIL", 0.3)]
        speech.append(spoken(names, seed))
    features = normalised([mfcc(pcm) for pcm, _ in speech])
    models = labelled_models(zip(features, (phones for _, phones in speech), strict=True))
    ipa = {"AA": "ɑ", "IY": "i", "UW": "u", "S": "s"}
    utterances = [
        Utterance(one, [[Phone(ipa[name])] for name in order])
        for one, order in zip(features, orders, strict=True)
    ]
    aligned, _ = align(utterances, begun(ipa.values(), models, {}), rounds=2)
    for found, (_, phones) in zip(aligned, speech, strict=True):
        assert [phone.ipa for phone in found.phones] == [ipa.get(name, SIL) for _, _, name in phones]
        for phone, (start, _, _) in zip(found.phones, phones, strict=True):
            assert phone.start / FRAMES_PER_SECOND == pytest.approx(start, abs=0.02)
    assert [phone.word for phone in aligned[0].phones] == [-1, 0, 1, 2, -1]


def test_a_phone_that_may_be_left_out_is_left_out_where_nobody_says_it() -> None:
    pcm, phones = spoken([("SIL", 0.3), ("AA", 0.2), ("S", 0.2), ("IY", 0.2), ("SIL", 0.3)], 0)
    (features,) = normalised([mfcc(pcm)])
    models = begun(["ɑ", "i", "s"], labelled_models([(features, phones)]), {})
    said = [[Phone("ɑ"), Phone("i", optional=True), Phone("s"), Phone("i")]]
    (found,), _ = align([Utterance(features, said)], models, rounds=1)
    assert [phone.ipa for phone in found.phones] == [SIL, "ɑ", "s", "i", SIL]


def test_too_many_phones_for_the_time_are_an_error() -> None:
    pcm, phones = spoken([("AA", 0.2)], 0)
    features = mfcc(pcm)
    models = begun(["ɑ"], labelled_models([(features, [*phones, (0.0, 0.2, "SIL")])]), {})
    with pytest.raises(ValueError, match="too few"):
        align([Utterance(features, [[Phone("ɑ")] * 100])], models, rounds=1)


def test_silences_end_where_the_voice_begins() -> None:
    pcm, _ = spoken([("SIL", 0.4), ("AA", 0.4), ("SIL", 0.4)], 0)
    given = [Timed(0, 72, SIL, -1), Timed(72, 166, "ɑ", 0), Timed(166, 240, SIL, -1)]
    better = refined(given, levels(pcm))
    assert [phone.start for phone in better] == pytest.approx([0, 80, 160], abs=2)
    # The closure of a stop is as quiet as a silence, so its edge stays.
    stop = [given[0], Timed(72, 120, "t", 0), Timed(120, 166, "ɑ", 0), given[2]]
    assert refined(stop, levels(pcm))[1].start == 72


def test_what_cannot_be_long_is_cut_short() -> None:
    given = [Timed(0, 10, "s", 0), Timed(10, 60, "ʕ", 0), Timed(60, 70, "a", 0), Timed(70, 90, SIL, -1)]
    assert shortened(given)[1:3] == [Timed(10, 24, "ʕ", 0), Timed(24, 70, "a", 0)]
    last = [Timed(0, 10, "a", 0), Timed(10, 60, "ʔ", 0), Timed(60, 90, SIL, -1)]
    assert shortened(last)[:2] == [Timed(0, 48, "a", 0), Timed(48, 60, "ʔ", 0)]


def test_every_phone_begins_as_an_english_one() -> None:
    assert nearest("tʲ") == ["T"]
    assert nearest("ɔ̃") == ["AO"]
    assert nearest("y") == ["IY", "UW"]
    with pytest.raises(KeyError):
        nearest("?")


def test_symbols_of_espeak_become_phones() -> None:
    assert tidy(["ts", "ˈɑː", "l", "ə", "n"], "de") == [Phone(p) for p in ("t", "s", "ɑ", "l", "ə", "n")]
    assert tidy(["m", "e", "ss", "ˈa"], "it") == [Phone(p) for p in ("m", "e", "s", "a")]
    assert tidy(["s", "ə-"], "fr") == [Phone("s"), Phone("ə", optional=True)]


def test_words_of_a_sentence() -> None:
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed")
    assert [[phone.ipa for phone in word] for word in words("el perro come", "es")] == [
        ["e", "l"],
        ["p", "e", "r", "o"],
        ["k", "o", "m", "e"],
    ]
    assert [phone.ipa for phone in words("فتح", "ar")[0]] == ["f", "a", "t", "ħ"]


def test_pinyin() -> None:
    pytest.importorskip("pypinyin", reason="Mandarin needs pypinyin")
    assert mandarin("知道") == ["tʂ", "ɨ", "t", "aʊ"]
    assert mandarin("女") == ["n", "y"]
    assert mandarin("学校") == ["ɕ", "ɥ", "ɛ", "ɕ", "j", "aʊ"]
