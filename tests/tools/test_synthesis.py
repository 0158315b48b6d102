"""Synthetic training speech: phone names, times, texts and the files of a corpus."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

pytest.importorskip("scipy", reason="making training speech needs scipy")
soundfile = pytest.importorskip("soundfile", reason="making training speech needs soundfile")

from pathlib import Path  # noqa: E402

from tools.synthesis import corpus, espeak, texts, timing  # noqa: E402
from tools.synthesis.__main__ import VOICES, main  # noqa: E402
from tools.synthesis.phones import (  # noqa: E402
    ARPABET,
    ESPEAK,
    ESPEAK_INDONESIAN,
    MISAKI,
    PIPER,
    RADIO,
    UnknownPhone,
    arpabet,
)
from tools.synthesis.speech import Manner, Segment, Speech, Voice  # noqa: E402

SEEDED = random.Random(1)  # noqa: S311 - no secret
TEXT = "The blue boat waits."


def spoken(names: str, table: dict[str, tuple[str, ...]]) -> list[str]:
    """Phones of native names that last 0.1 s each."""
    native = [Segment(i / 10, (i + 1) / 10, name) for i, name in enumerate(names.split())]
    return [segment.phone for segment in arpabet(native, table)]


@pytest.mark.parametrize("table", [RADIO, ESPEAK, MISAKI, PIPER], ids=["radio", "espeak", "misaki", "piper"])
def test_tables_name_only_phones_of_the_corpora(table: dict[str, tuple[str, ...]]) -> None:
    assert {phone for names in table.values() for phone in names} <= set(ARPABET)
    assert len(ARPABET) == 41  # 39, AX and SIL


@pytest.mark.parametrize(
    ("table", "native", "expected"),
    [
        (RADIO, "pau b ax dx axr pau", "SIL B AX D ER SIL"),
        (RADIO, "b ah t en", "B AH T AX N"),
        (ESPEAK, "b V ? n- _: _", "B AH T AX N SIL"),
        (ESPEAK, "l I t# @L", "L IH T AX L"),
        (ESPEAK, "tS e@", "CH EH R"),
        (ESPEAK, "k e@ r I N", "K EH R IH NG"),
        (ESPEAK, "f aI3", "F AY ER"),
        (ESPEAK_INDONESIAN, "b a n^ a ? _:", "B AA NY AA Q SIL"),
        (ESPEAK_INDONESIAN, "C a R2 @ N x O v aI", "SH AA R AX NG X AO F AY"),
    ],
)
def test_phones_of_the_synthesisers_become_arpabet(
    table: dict[str, tuple[str, ...]], native: str, expected: str
) -> None:
    assert spoken(native, table) == expected.split()


def test_a_phone_that_holds_two_shares_its_time_evenly() -> None:
    schwa, liquid = arpabet([Segment(1.0, 1.2, "el")], RADIO)
    assert (schwa.phone, liquid.phone) == ("AX", "L")
    assert (*schwa[:2], *liquid[:2]) == pytest.approx((1.0, 1.1, 1.1, 1.2))


def test_an_unknown_phone_is_named() -> None:
    with pytest.raises(UnknownPhone, match="'brth'"):
        spoken("pau brth", RADIO)


def test_a_closure_belongs_to_its_stop() -> None:
    # 0.1 s of each at 1 kHz; the vowel ends in 40 zeros, the t in 20.
    samples = np.ones(400, np.int16)
    samples[160:200] = samples[280:] = 0
    segments = [Segment(i / 10, (i + 1) / 10, name) for i, name in enumerate(["s", "I", "t", "_:"])]
    moved = espeak.closures(segments, samples, 1000)
    assert [segment.phone for segment in moved] == ["s", "I", "t", "_:"]
    assert [segment.start_s for segment in moved] == pytest.approx([0, 0.1, 0.16, 0.28])
    assert [segment.end_s for segment in moved] == pytest.approx([0.1, 0.16, 0.28, 0.4])


def test_a_phone_without_sound_is_marked() -> None:
    segments = [Segment(0, 0.1, "l"), Segment(0.1, 0.2, "d")]
    marked = espeak.closures(segments, np.zeros(200, np.int16), 1000)
    assert [segment.phone for segment in marked] == ["l, unheard", "d"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TOM GIVES UP  BOXING", "tom gives up boxing"),
        ("Well, it's Tom!", "Well, it's Tom!"),
        ("On 3 March", None),
        ("The BBC said so", None),
        ("Too short", None),
        ('He said "go" now', None),
    ],
)
def test_texts(text: str, expected: str | None) -> None:
    assert texts.clean(text) == expected


def listing(folder: Path, *lines: tuple[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    entries = [json.dumps({"split": split, "text": text}) for split, text in lines]
    (folder / "some.jsonl").write_text("\n".join(entries))


def test_texts_come_from_the_train_split_once_each(tmp_path: Path) -> None:
    listing(tmp_path, ("train", "one two three"), ("train", "ONE TWO THREE"), ("dev", "four five six"))
    assert texts.draw(tmp_path, "1") == ["one two three"]


def test_a_folder_without_texts_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no <corpus>\.jsonl"):
        texts.draw(tmp_path, "1")


def beep(said: Sequence[str], _: Manner) -> list[Speech]:
    """Half a second at 32 kHz for each text; the word "odd" brings a phone of no table, "torn" a bad time."""
    samples = np.full(16_000, 1000, np.int16)
    return [
        Speech(
            samples,
            32_000,
            (
                Segment(0, 0.2, "pau"),
                Segment(0.2, 0.4, "odd" if "odd" in text else "aa"),
                Segment(0.4, 0.7 if "torn" in text else 0.5, "pau"),
            ),
        )
        for text in said
    ]


def test_a_corpus_has_the_form_of_the_others(tmp_path: Path) -> None:
    voice = Voice(
        corpus="beep-one",
        share=1,
        phones=RADIO,
        install="apt-get install beep",
        present=lambda: True,
        speak=beep,
        late_s=0.01,
    )
    said = ["a b c", "an odd c", "a torn c", "d e f"]
    written = corpus.write(voice, said, tmp_path, seconds=60, random=SEEDED)
    assert (written.utterances, dict(written.unknown), written.misfits) == (2, {"odd": 1}, 1)
    assert written.seconds == pytest.approx(1.0)
    first, second = map(json.loads, (tmp_path / "beep-one.jsonl").read_text().splitlines())
    assert first == {
        "audio": "beep-one/00000.flac",
        "speaker": "beep-one/one",
        "split": "train",
        "text": "a b c",
        "phones": [[0.0, 0.21, "SIL"], [0.21, 0.41, "AA"], [0.41, 0.5, "SIL"]],
    }
    assert second["text"] == "d e f"
    info = soundfile.info(tmp_path / first["audio"])
    assert (info.samplerate, info.channels, info.frames) == (16_000, 1, 8_000)


def test_speech_ends_when_there_is_enough(tmp_path: Path) -> None:
    voice = Voice(
        corpus="beep", share=1, phones=RADIO, install="apt-get install beep", present=lambda: True, speak=beep
    )
    written = corpus.write(voice, ["a b c"] * 100, tmp_path, seconds=5, random=SEEDED)
    assert written.seconds == pytest.approx(10)  # whole batches of 20
    written = corpus.write(replace(voice, batch=3), ["a b c"] * 100, tmp_path, seconds=5, random=SEEDED)
    assert written.seconds == pytest.approx(6)


def test_a_lag_of_the_audio_is_measured(tmp_path: Path) -> None:
    # Hiss for S, a low tone for AA, nothing for SIL, each 30 ms later than its label.
    rng = np.random.default_rng(1)
    time = np.arange(3200) / 16_000
    sounds = {"S": rng.normal(0, 0.1, 3200), "AA": 0.3 * np.sin(800 * np.pi * time), "SIL": 0 * time}
    names = ["SIL", "S", "AA", "SIL", "AA", "S", "SIL"] * 3
    samples = np.concatenate([np.zeros(480), *(sounds[name] for name in names)])
    soundfile.write(tmp_path / "late.flac", samples, 16_000)
    phones = [[i / 5, (i + 1) / 5, name] for i, name in enumerate(names)]
    (tmp_path / "late.jsonl").write_text(json.dumps({"audio": "late.flac", "phones": phones}))
    figures = dict(re.findall(r"(lag|s on|s off|open) ([+-]\d+) ms", timing.report(tmp_path / "late.jsonl")))
    assert int(figures["lag"]) == pytest.approx(30, abs=1)
    # The level is smoothed over 8 ms, and a sound beside silence is seen up to a window early.
    assert {name: int(ms) for name, ms in figures.items()} == pytest.approx(
        {"lag": 30, "s on": 30, "s off": 30, "open": 30}, abs=8
    )


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.corpus)
def test_every_voice_speaks(voice: Voice, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not voice.present():
        pytest.skip(f"needs: {voice.install}")
    listing(tmp_path / "texts", ("train", TEXT))
    arguments = ["--corpus", str(tmp_path / "texts"), "--out", str(tmp_path), "--voices", voice.corpus]
    main(arguments)
    assert f"{voice.corpus}: 0.00 h, 1 utterances" in capsys.readouterr().out
    (line,) = (tmp_path / f"{voice.corpus}.jsonl").read_text().splitlines()
    entry = json.loads(line)
    samples, rate = soundfile.read(tmp_path / entry["audio"])
    phones = entry["phones"]
    assert phones[0][0] == 0
    assert phones[-1][1] == pytest.approx(len(samples) / rate, abs=1e-4)
    assert all(a[1] == b[0] and a[0] < a[1] for a, b in pairwise(phones))
    heard = [phone for _, _, phone in phones if phone != "SIL"]
    assert [phone for phone in heard if phone in {"B", "W", "T", "S"}] == ["B", "B", "T", "W", "T", "S"]
    level = {phone: np.abs(samples[int(s * rate) : int(e * rate)]).mean() for s, e, phone in phones}
    assert level["UW"] > 10 * level["SIL"]


def test_an_absent_voice_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    listing(tmp_path, ("train", TEXT))
    main(["--corpus", str(tmp_path), "--out", str(tmp_path / "out"), "--voices", "flite-rms"])
    assert "flite-rms: skipped, it is not installed: apt-get install flite" in capsys.readouterr().out
