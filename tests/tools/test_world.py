"""Speech of many languages: texts, and phones as labels."""

from __future__ import annotations

import random
import shutil

import pytest

pytest.importorskip("soundfile", reason="synthesis writes speech with soundfile")

from mascot_visemes.inventory import LABELS
from tools.synthesis.speech import Manner, Segment
from tools.synthesis.world.texts import Texts
from tools.synthesis.world.voices import LANGUAGES, pieces, speak_espeak, spread


def test_ipa_falls_into_pieces() -> None:
    assert pieces("œ̃ bˈɔ̃, d^zˈɛro") == ["œ̃", " ", "b", "ˈ", "ɔ̃", ",", " ", "d^z", "ˈ", "ɛ", "r", "o"]


def test_labels_of_one_phone_share_its_time() -> None:
    named = [
        (Segment(0.0, 0.2, "ts"), ("T", "S")),
        (Segment(0.2, 0.3, "ː"), ()),
        (Segment(0.3, 0.4, ""), ("SIL",)),
    ]
    assert spread(named) == ((0.0, 0.1, "T"), (0.1, 0.3, "S"), (0.3, 0.4, "SIL"))


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
def test_espeak_tells_when_it_says_what() -> None:
    (speech,) = speak_espeak(LANGUAGES["de"], ["Mama kauft zwölf Bücher."], Manner())
    labels = [segment.phone for segment in speech.segments]
    assert {*labels} <= {*LABELS, "HH"}
    assert {"M", "AW", "F", "T", "S", "OE", "UE", "CX"} <= {*labels}
    assert speech.segments[0].start_s == 0
    assert speech.segments[-1].end_s == pytest.approx(len(speech.samples) / speech.rate)
    for before, after in zip(speech.segments, speech.segments[1:], strict=False):
        assert before.end_s == pytest.approx(after.start_s)


def test_texts_are_drawn_in_one_order() -> None:
    pytest.importorskip("babel", reason="names come from Babel")
    pytest.importorskip("django", reason="sentences come from Django")
    texts = Texts("fr", ("Une phrase de plus.",))

    def drawn() -> list[str]:
        chance = random.Random(1)  # noqa: S311 - no secret
        return [texts.draw(chance) for _ in range(60)]

    found = drawn()
    assert found == drawn()
    assert len({*found}) > 50
    assert any(any(c.isdigit() for c in text) for text in found)
    assert any(" " not in text for text in found)
    with pytest.raises(ValueError, match="no texts"):
        Texts("xx")
