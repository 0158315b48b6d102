"""Which label every sound of every language has."""

from __future__ import annotations

import pytest

from mascot_visemes.inventory import CONSONANTS, LABELS, NASAL, VOWELS, Sound, UnknownSound, labels_of


@pytest.mark.parametrize("sound", [*VOWELS, *CONSONANTS], ids=lambda sound: sound.label)
def test_every_sign_has_its_label(sound: Sound) -> None:
    for sign in sound.ipa.split():
        assert labels_of(sign) == (sound.label,)


@pytest.mark.parametrize("sound", NASAL, ids=lambda sound: sound.label)
def test_a_tilde_makes_a_vowel_nasal(sound: Sound) -> None:
    for sign in sound.ipa.split():
        assert labels_of(sign + "\u0303") == (sound.label,)


def test_a_sign_stands_once() -> None:
    for table in ((*VOWELS, *CONSONANTS), NASAL):
        signs = [sign for sound in table for sign in sound.ipa.split()]
        assert len(set(signs)) == len(signs)
    assert {
        label for sound in (*VOWELS, *NASAL, *CONSONANTS) for label in labels_of(sound.ipa.split()[0])
    } <= {
        *LABELS,
        "HH",
    }


@pytest.mark.parametrize(
    ("ipa", "labels"),
    [
        ("pʰ", "P"),
        ("bʱ", "B"),
        ("tː", "T"),
        ("kʼ", "K"),
        ("t̪ʲ", "T"),
        ("sˤ", "S"),
        ("kʷ", "K W"),
        ("k͡p", "P"),
        ("ɡ͡b", "B"),
        ("ts", "T S"),
        ("t͡s", "T S"),
        ("t͡ʃ", "CH"),
        ("d͡ʑ", "JH"),
        ("pf", "P F"),
        ("œy", "OE UE"),
        ("ɐ̃ʊ̃", "AAN UWN"),
        ("aɪ̯", "AY"),
        ("ˈtaɪm", "T AY M"),
        ("ma˥˩", "M AA"),
        ("r̝̊", "ZH"),
        ("n̩", "N"),
        ("ç", "CX"),
        ("c\u0327", "CX"),
        ("ã", "AAN"),
        ("ʲ", "Y"),
        ("ː", ""),
        ("", ""),
    ],
)
def test_phones_of_any_language(ipa: str, labels: str) -> None:
    assert labels_of(ipa) == tuple(labels.split())


def test_what_no_table_has_is_named() -> None:
    with pytest.raises(UnknownSound, match="'&' of 'a&'"):
        labels_of("a&")
