"""The shipped recordings are what their word times and the script say."""

from __future__ import annotations

import importlib.util
import json
import wave
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from mascot_server.simulators.core.voice import LANGUAGES, Language, Reply, greeting, replies

ASSETS = files("mascot_server.simulators") / "assets"
SCRIPT = Path(__file__).parents[3] / "tools" / "voices" / "script.py"


FOLDERS = {reply.text: ASSETS / language for language in LANGUAGES for reply in replies(language)}
RECORDINGS = [
    pytest.param(reply, id=f"{language}-{reply.name}")
    for language in LANGUAGES
    for reply in replies(language)
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_greeting_and_at_least_three_answers(language: Language) -> None:
    assert greeting(language).name == "1-greeting"
    assert len(replies(language)) >= 4
    assert len({reply.text for reply in replies(language)}) == len(replies(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_recordings_are_small_enough_to_ship(language: Language) -> None:
    sizes = [len((ASSETS / language / f"{reply.name}.wav").read_bytes()) for reply in replies(language)]
    assert sum(sizes) < 1_500_000


@pytest.mark.parametrize("reply", RECORDINGS)
class TestRecording:
    def test_the_card_fits_the_sound(self, reply: Reply) -> None:
        card = json.loads((FOLDERS[reply.text] / f"{reply.name}.json").read_text(encoding="utf-8"))
        with wave.open(str(FOLDERS[reply.text] / f"{reply.name}.wav")) as recording:
            assert (recording.getnchannels(), recording.getsampwidth()) == (1, 2)
            assert recording.getframerate() == card["sample_rate"] == 24000
            assert recording.getnframes() == card["duration_ms"] * 24
        assert reply.duration_ms == card["duration_ms"]

    def test_every_rate_of_the_providers_fits_its_length(self, reply: Reply) -> None:
        assert reply.duration_ms % 20 == 0

    def test_the_words_are_the_text_in_order_and_inside_the_sound(self, reply: Reply) -> None:
        assert " ".join(word.word for word in reply.words) == reply.text
        edges = [edge for word in reply.words for edge in (word.start_ms, word.end_ms)]
        assert edges == sorted(edges)
        assert all(word.start_ms < word.end_ms for word in reply.words)
        assert edges[0] == 150
        assert 150 <= reply.duration_ms - edges[-1] <= 170

    def test_there_is_sound_where_there_are_words_and_silence_around_them(self, reply: Reply) -> None:
        samples = reply.samples.astype(np.float64)
        first, last = reply.words[0].start_ms, reply.words[-1].end_ms
        assert not samples[: first * 24 - 24].any()
        assert not samples[last * 24 + 48 :].any()
        for word in reply.words:
            assert np.sqrt(np.mean(samples[word.start_ms * 24 : word.end_ms * 24] ** 2)) > 200

    def test_the_level_is_that_of_speech_and_nothing_is_clipped(self, reply: Reply) -> None:
        samples = reply.samples.astype(np.float64)
        assert np.abs(samples).max() < 32000
        assert -21.5 < 20 * np.log10(np.sqrt(np.mean(samples[3600:-3600] ** 2)) / 32768) < -19.5


def test_the_script_that_is_rendered_is_the_one_that_is_shipped() -> None:
    spec = importlib.util.spec_from_file_location("voices_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for language in LANGUAGES:
        shipped = {reply.name: reply.text for reply in replies(language)}
        texts = script.REPLIES[language].items()
        assert {name: " ".join(sentences) for name, sentences in texts} == shipped
