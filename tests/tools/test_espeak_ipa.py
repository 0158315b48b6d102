"""What espeak-ng calls IPA has labels, in all the languages that it speaks to us."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest

pytest.importorskip("soundfile", reason="synthesis writes speech with soundfile")

from mascot_visemes.inventory import LABELS
from tools.synthesis import espeak
from tools.synthesis.espeak_ipa import phones_of
from tools.synthesis.speech import Manner

_DATA = Path("/usr/lib/x86_64-linux-gnu/espeak-ng-data")
_VOICES = [
    "ar",
    "bg",
    "bn",
    "ca",
    "cmn-latn-pinyin",
    "cs",
    "da",
    "de",
    "el",
    "es",
    "es-419",
    "et",
    "fa",
    "fi",
    "fr",
    "he",
    "hi",
    "hr",
    "hu",
    "id",
    "it",
    "ja",
    "ka",
    "ko",
    "lt",
    "lv",
    "ms",
    "nb",
    "nl",
    "pl",
    "pt",
    "pt-br",
    "ro",
    "ru",
    "sk",
    "sr",
    "sv",
    "sw",
    "ta",
    "te",
    "th",
    "tr",
    "uk",
    "ur",
    "vi",
    "yue",
]


@pytest.mark.parametrize(
    ("voice", "event", "labels"),
    [
        ("de", "", "SIL"),
        ("de", "ɜ", "AH"),
        ("de", "r", "RX"),
        ("de", "ɾ", "AH"),
        ("es", "ɾ", "RT"),
        ("ru", "y", "IX"),
        ("fr", "y", "UE"),
        ("pt-br+f2", "y", "Y"),
        ("cmn-latn-pinyin", "ts.h", "CH"),
        ("ko", "kh", "K"),
        ("vi", "kh", "X"),
        ("sv", "sx", "SH"),
        ("yue", "onɡ", "AO NG"),
        ("lv", "a`", "AA"),
        ("ja", "ɯᵝ", "UW"),
    ],
)
def test_events_become_labels(voice: str, event: str, labels: str) -> None:
    assert phones_of(voice, event) == tuple(labels.split())


def _table_of(voice: str, tables: dict[str, tuple[int, list[str]]]) -> str:
    """Name of a voice's phoneme table, which its file tells if it is not that of the language."""
    for file in (path for path in (_DATA / "lang").rglob("*") if path.is_file()):
        lines = [line.split() for line in file.read_text(errors="replace").splitlines()]
        if ["language", voice] in [line[:2] for line in lines]:
            named = [line[1] for line in lines if line[:1] == ["phonemes"]]
            return named[0] if named else voice.partition("-")[0]
    return voice if voice in tables else voice.partition("-")[0]


def _mnemonics() -> dict[str, tuple[int, list[str]]]:
    """Of each phoneme table which one it extends, by its number from 1, and its own mnemonics."""
    data = (_DATA / "phontab").read_bytes()
    tables, at = {}, 4
    for _ in range(struct.unpack_from("<i", data)[0]):
        count, extends, name = struct.unpack_from("<BBxx32s", data, at)
        at += 36
        entries = [struct.unpack_from("<4s7xB", data, at + 16 * i) for i in range(count)]
        at += 16 * count
        spoken = [name.rstrip(b"\0").decode("latin1") for name, kind in entries if kind > 1]
        tables[name.partition(b"\0")[0].decode()] = (extends, spoken)
    return tables


@pytest.mark.skipif(not _DATA.exists() or not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
@pytest.mark.parametrize("voice", _VOICES)
def test_every_phone_that_a_voice_may_say_has_a_label(voice: str) -> None:
    tables = _mnemonics()
    names = list(tables)
    table, said = _table_of(voice, tables), []
    while table:
        extends, mnemonics = tables[table]
        said += mnemonics
        table = names[extends - 1] if extends else ""
    library = espeak.chosen(voice, Manner(), ipa=True)
    found: set[str] = set()
    for mnemonic in dict.fromkeys(said):
        for segment in library.speak(f"[[{mnemonic}]]", Manner()).segments:
            found.update(phones_of(voice, segment.phone))
    assert found <= {*LABELS, "HH"}
    assert len(found) > 25
