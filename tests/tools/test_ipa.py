"""Phones of synthesisers that write IPA."""

from __future__ import annotations

from itertools import pairwise

import pytest

pytest.importorskip("scipy", reason="making training speech needs scipy")

from tools.synthesis.ipa import phones
from tools.synthesis.phones import MISAKI, PIPER, arpabet
from tools.synthesis.speech import Segment


def said(symbols: list[str], table: dict[str, tuple[str, ...]]) -> list[Segment]:
    """Phones of symbols that last 0.1 s each."""
    segments = phones(Segment(i / 10, (i + 1) / 10, symbol) for i, symbol in enumerate(symbols))
    for before, after in pairwise(segments):
        assert before.end_s == after.start_s
    assert (segments[0].start_s, segments[-1].end_s) == (0.0, len(symbols) / 10)
    return arpabet(segments, table)


@pytest.mark.parametrize(
    ("table", "native", "expected"),
    [
        (MISAKI, "həlˈO ðˈɛɹ.", "HH AX L OW DH EH R SIL"),
        (MISAKI, "ʤˈʌʤ, mˈɛʒəɹd", "JH AH JH SIL M EH ZH AX R D"),
        (MISAKI, "bˈɜɹd", "B ER D"),
        (PIPER, "tʃˈɛɹ baɪ", "CH EH R B AY"),
        (PIPER, "dʒˈʌdʒ ɡˌoʊ!", "JH AH JH G OW SIL"),
        # Two vowels of two words are no diphthong, and neither are two with a stress between them.
        (PIPER, "lˈɔ ɪz", "L AO IH Z"),
        (PIPER, "eˈɪ", "EY IH"),
    ],
)
def test_symbols_become_phones(table: dict[str, tuple[str, ...]], native: str, expected: str) -> None:
    heard = [segment.phone for segment in said(["", *native], table)]
    assert heard == ["SIL", *expected.split()]


def test_marks_and_fillers_belong_to_the_sound_beside_them() -> None:
    segments = said(["", "s", "", "ˈ", "", "i", "", "ː", "", " ", "t", "."], PIPER)
    assert [(round(s.start_s, 1), round(s.end_s, 1), s.phone) for s in segments] == [
        (0.0, 0.1, "SIL"),
        (0.1, 0.3, "S"),
        (0.3, 1.0, "IY"),
        (1.0, 1.1, "T"),
        (1.1, 1.2, "SIL"),
    ]
