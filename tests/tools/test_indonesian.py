"""Indonesian for training: forms of words, numbers, sentences, and what espeak-ng makes of them."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason="making training speech needs scipy")
soundfile = pytest.importorskip("soundfile", reason="making training speech needs soundfile")

from mascot_visemes.phonemes import INDONESIAN_PHONEMES  # noqa: E402
from tools.synthesis import espeak, flite, indonesian  # noqa: E402
from tools.synthesis.__main__ import main  # noqa: E402
from tools.synthesis.indonesian import morphology, numbers  # noqa: E402
from tools.synthesis.phones import ESPEAK_INDONESIAN  # noqa: E402
from tools.synthesis.speech import Manner  # noqa: E402

DEV = Path(__file__).parents[2] / "bench" / "data" / "indonesian"
PHONES = {"SIL", *(phoneme.label for phoneme in INDONESIAN_PHONEMES)}

needs_espeak = pytest.mark.skipif(
    not espeak.INDONESIAN[0].present(), reason="needs the Debian package libespeak-ng1"
)


@pytest.mark.parametrize(
    ("root", "verb"),
    [
        ("pukul", "memukul"),
        ("baca", "membaca"),
        ("fitnah", "memfitnah"),
        ("tulis", "menulis"),
        ("dengar", "mendengar"),
        ("cari", "mencari"),
        ("jual", "menjual"),
        ("sapu", "menyapu"),
        ("syukur", "mensyukur"),
        ("kirim", "mengirim"),
        ("goreng", "menggoreng"),
        ("hias", "menghias"),
        ("khawatir", "mengkhawatir"),
        ("ambil", "mengambil"),
        ("lihat", "melihat"),
        ("masak", "memasak"),
        ("nyanyi", "menyanyi"),
        ("rawat", "merawat"),
        ("wakil", "mewakil"),
        ("yakin", "meyakin"),
        ("cat", "mengecat"),
        ("proses", "memproses"),
        ("transfer", "mentransfer"),
        ("stabil", "menstabil"),
        ("kritik", "mengkritik"),
        ("perbaik", "memperbaik"),
        ("pengaruh", "memengaruh"),
    ],
)
def test_the_nasal_of_an_active_verb(root: str, verb: str) -> None:
    assert morphology.active(root) == verb
    assert morphology.active(root, "kan") == verb + "kan"


def test_other_forms() -> None:
    assert [morphology.doing(root) for root in ("main", "renang", "kerja", "ajar")] == [
        "bermain",
        "berenang",
        "bekerja",
        "belajar",
    ]
    assert (morphology.chanced("buka"), morphology.chanced("rasa")) == ("terbuka", "terasa")
    assert (morphology.act("kirim"), morphology.doer("tulis")) == ("pengiriman", "penulis")
    assert (morphology.state("bersih"), morphology.passive("kirim", "kan")) == ("kebersihan", "dikirimkan")


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "nol"),
        (10, "sepuluh"),
        (11, "sebelas"),
        (17, "tujuh belas"),
        (20, "dua puluh"),
        (100, "seratus"),
        (345, "tiga ratus empat puluh lima"),
        (1_000, "seribu"),
        (1_945, "seribu sembilan ratus empat puluh lima"),
        (2_500_000, "dua juta lima ratus ribu"),
        (10**9, "satu miliar"),
    ],
)
def test_numbers(n: int, said: str) -> None:
    assert numbers.number(n) == said


def test_sentences_are_distinct_seeded_and_in_words() -> None:
    sentences = indonesian.draw("seed", 3000)
    assert len(set(sentences)) == 3000
    assert indonesian.draw("seed", 3000) == sentences
    assert indonesian.draw("other", 100) != sentences[:100]
    for sentence in sentences:
        assert re.fullmatch(r"[A-Z][A-Za-z' ,?-]*([.?!]|[,?] betul\?)", sentence), sentence
    letters = " ".join(sentences).lower()
    for spelling in ("ng", "ny", "sy", "kh", "ai", "au", "oi", "str", "ks", "pr", "kl", "f", "v", "z"):
        assert spelling in letters


def test_the_dev_set_is_never_drawn() -> None:
    assert not set(indonesian.SENTENCES) & set(indonesian.draw("seed", 5000))


def test_the_dev_set_that_the_repository_carries() -> None:
    entries = [json.loads(line) for line in (DEV / "espeak-ng-id-dev.jsonl").read_text().splitlines()]
    assert [entry["text"] for entry in entries] == list(indonesian.SENTENCES)
    variants = {entry["speaker"].partition("/")[2] for entry in entries}
    assert variants == set(espeak.INDONESIAN_DEV[0].variants)
    assert not variants & set(espeak.INDONESIAN[0].variants)
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
def test_indonesian_is_spoken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--language", "id", "--out", str(tmp_path), "--hours", "0.02", "--voices", "espeak-ng-id"])
    assert "left out: 0 for unknown phones {}, 0 whose times" in capsys.readouterr().out
    entries = [json.loads(line) for line in (tmp_path / "espeak-ng-id.jsonl").read_text().splitlines()]
    assert {entry["split"] for entry in entries} == {"train"}
    assert {phone for entry in entries for _, _, phone in entry["phones"]} <= PHONES


@needs_espeak
def test_a_final_k_is_a_glottal_stop_but_in_loans() -> None:
    def said(text: str) -> str:
        (speech,) = espeak.INDONESIAN[0].speak([text], Manner())
        names = [ESPEAK_INDONESIAN[segment.phone] for segment in speech.segments]
        return " ".join(name for (name,) in names if name != "SIL")

    assert said("Bapak makan.") == "B AA P AA Q M AA K AA N"
    assert said("plastik") == "P L AA S T IY K"


@needs_espeak
@pytest.mark.skipif(not flite.INDONESIAN[0].present(), reason="needs the Debian package flite")
def test_english_voices_say_indonesian_with_the_sounds_they_have() -> None:
    (speech,) = flite.INDONESIAN[0].speak(["Bapak ke arah nyala khas."], Manner(pace=1.3))
    said = " ".join(segment.phone for segment in speech.segments)
    assert said == "SIL B AA P AA K K AX AA R AA HH NY NY AA L AA HH AA S SIL"
    assert speech.segments[-1].end_s == pytest.approx(len(speech.samples) / speech.rate, abs=0.05)


@needs_espeak
def test_a_shorter_vocal_tract_keeps_the_length_and_moves_the_times_along() -> None:
    (plain,) = espeak.INDONESIAN[0].speak(["Selamat pagi semuanya."], Manner())
    (moved,) = espeak.INDONESIAN[0].speak(["Selamat pagi semuanya."], Manner(tract=1.15))
    assert moved.rate == pytest.approx(1.15 * plain.rate, rel=2e-3)
    assert moved.segments[-1].end_s == pytest.approx(len(moved.samples) / moved.rate)
    assert moved.segments[-1].end_s == pytest.approx(plain.segments[-1].end_s, rel=0.1)
