"""The Indonesian dev set, and how espeak-ng speaks Indonesian."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason="making training speech needs scipy")
soundfile = pytest.importorskip("soundfile", reason="making training speech needs soundfile")

from mascot_visemes.phonemes import INDONESIAN_PHONEMES  # noqa: E402
from tools.synthesis import espeak, indonesian  # noqa: E402
from tools.synthesis.phones import ESPEAK_INDONESIAN  # noqa: E402
from tools.synthesis.speech import Manner  # noqa: E402
from tools.synthesis.world.voices import espeak_voice  # noqa: E402

DEV = Path(__file__).parents[2] / "bench" / "data" / "indonesian"
PHONES = {"SIL", *(phoneme.label for phoneme in INDONESIAN_PHONEMES)}

needs_espeak = pytest.mark.skipif(
    not espeak.INDONESIAN_DEV.present(), reason="needs the Debian package libespeak-ng1"
)


def test_the_dev_set_that_the_repository_carries() -> None:
    entries = [json.loads(line) for line in (DEV / "espeak-ng-id-dev.jsonl").read_text().splitlines()]
    assert [entry["text"] for entry in entries] == list(indonesian.SENTENCES)
    variants = {entry["speaker"].partition("/")[2] for entry in entries}
    assert variants == set(espeak.INDONESIAN_DEV.variants)
    assert not variants & set(espeak_voice("id").variants)
    for entry in entries:
        phones = entry["phones"]
        info = soundfile.info(DEV / entry["audio"])
        assert (info.samplerate, info.channels) == (16_000, 1)
        assert phones[0][0] == 0
        assert phones[-1][1] == pytest.approx(info.frames / 16_000, abs=1e-4)
        assert all(a[1] == b[0] and a[0] < a[1] for a, b in pairwise(phones))
        assert {phone for _, _, phone in phones} <= PHONES
    assert sum(path.stat().st_size for path in DEV.rglob("*")) < 1_500_000


def test_the_table_of_espeak_names_phonemes_of_indonesian() -> None:
    assert {phone for names in ESPEAK_INDONESIAN.values() for phone in names} == PHONES


@needs_espeak
def test_a_final_k_is_a_glottal_stop_but_in_loans() -> None:
    def said(text: str) -> str:
        (speech,) = espeak.speak_indonesian([text], Manner())
        names = [ESPEAK_INDONESIAN[segment.phone] for segment in speech.segments]
        return " ".join(name for (name,) in names if name != "SIL")

    assert said("Bapak makan.") == "B AA P AA Q M AA K AA N"
    assert said("plastik") == "P L AA S T IY K"


@needs_espeak
def test_a_shorter_vocal_tract_keeps_the_length_and_moves_the_times_along() -> None:
    (plain,) = espeak.speak_indonesian(["Selamat pagi semuanya."], Manner())
    (moved,) = espeak.speak_indonesian(["Selamat pagi semuanya."], Manner(tract=1.15))
    assert moved.rate == pytest.approx(1.15 * plain.rate, rel=2e-3)
    assert moved.segments[-1].end_s == pytest.approx(len(moved.samples) / moved.rate)
    assert moved.segments[-1].end_s == pytest.approx(plain.segments[-1].end_s, rel=0.1)
