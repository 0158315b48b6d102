"""The frozen dev and test speech of each language, and the command that scores languages."""

from __future__ import annotations

import importlib
import json
import os
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.benches import run_bench

from mascot_visemes.inventory import labels_of
from mascot_visemes.shapes import shape_set

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "bench" / "reference"
LANGUAGES = ("ar", "de", "en", "es", "fr", "id", "it", "nl", "pt", "ru", "zh")
ALIGNED = tuple(language for language in LANGUAGES if language not in {"en", "id"})

command = partial(run_bench, "accuracy")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    monkeypatch.syspath_prepend(ROOT)
    return {name: importlib.import_module(f"bench.{name}") for name in ("languages", "splits", "visemes")}


def entries(language: str) -> list[dict[str, Any]]:
    lines = (REFERENCE / f"{language}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_every_language_has_dev_and_test_speech_and_nothing_is_in_both(bench: dict[str, ModuleType]) -> None:
    assert bench["splits"].languages() == LANGUAGES
    for corpora in json.loads((REFERENCE / "splits.json").read_text("utf-8")).values():
        for split in ("dev", "test"):
            assert any(corpus[split] for corpus in corpora.values())
        for corpus in corpora.values():
            assert not set(corpus["dev"]) & set(corpus["test"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_references_follow_the_splits(bench: dict[str, ModuleType], language: str) -> None:
    found = entries(language)
    for entry in found:
        assert bench["splits"].split_of(language, entry["corpus"], entry) == entry["split"]
    assert len({entry["audio"] for entry in found}) == len(found)
    assert {entry["split"] for entry in found} == {"dev", "test"}
    assert bench["splits"].split_of(language, "unknown", found[0]) is None


@pytest.mark.parametrize("language", ALIGNED)
def test_reference_phones_tile_the_recording_and_words_lie_on_them(
    bench: dict[str, ModuleType], language: str
) -> None:
    for entry in entries(language):
        phones = entry["phones"]
        assert phones[0][0] == 0.0
        assert all(a[1] == b[0] for a, b in pairwise(phones))
        assert all(end - start >= 0.0149 for start, end, _ in phones)
        assert all(end - start <= 0.6 for start, end, name in phones if name != "SIL")
        starts, ends = {phone[0] for phone in phones}, {phone[1] for phone in phones}
        assert all(start in starts and end in ends for start, end in entry["words"])
        bench["visemes"].reference(phones, round(1000 * phones[-1][1]))


def test_the_bench_and_the_package_agree_on_the_shape_of_every_sound(bench: dict[str, ModuleType]) -> None:
    """Two tables that were written apart; w stands in for its palatal twin, which the package does not name."""
    shapes = shape_set("oculus")
    names = {name for language in ALIGNED for entry in entries(language) for _, _, name in entry["phones"]}
    for name in names - {"SIL"}:
        viseme = bench["visemes"].viseme_of(name)
        labels = labels_of("w" if name == "ɥ" else name)
        assert len(labels) == 1
        if viseme is None:
            assert labels == ("HH",)
        else:
            assert shapes.ids[shapes.index_of(labels[0])] == viseme, name


def test_a_language_that_comes_with_the_repository() -> None:
    pytest.importorskip("soundfile", reason="reading the corpus needs soundfile")
    done = command("--language", "id", "--split", "test", "--limit", "3", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    figures = result["languages"]["id"]
    assert figures["utterances"] == 3
    assert figures["frame_accuracy_oculus15"] > 0.5
    assert result["mean"]["frame_accuracy_oculus15"] == figures["frame_accuracy_oculus15"]
    assert result["corpora"]["id"]["espeak-ng-id-dev"] == figures
    assert figures["closed_when_loud"] < 0.2


@pytest.mark.parametrize(("condition", "figure"), [("held", "held_open"), ("words", "final_bilabial_recall")])
def test_conditions_with_figures_of_their_own(condition: str, figure: str) -> None:
    pytest.importorskip("soundfile", reason="reading the corpus needs soundfile")
    done = command("--language", "id", "--limit", "8", "--condition", condition, "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)["languages"]["id"]
    assert 0 <= figures[figure] <= 1
    # No bilabial can be found where only vowels are held.
    assert ("bilabial_recall" in figures) == (condition == "words")


def test_tones_need_no_corpus() -> None:
    done = command("--condition", "tones", "--model", "lite", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["split"] == "none"
    assert result["corpora"]["beep"]["open_in_sound"] == 0.0
    assert all(0 <= figures["open_in_sound"] <= 1 for figures in result["corpora"].values())


def test_languages_on_real_speech() -> None:
    pytest.importorskip("soundfile", reason="reading the corpus needs soundfile")
    folder = os.environ.get("MASCOT_CORPUS")
    root = Path(folder).parent if folder else None
    if root is None or not all((root / language).is_dir() for language in ALIGNED):
        pytest.skip("beside MASCOT_CORPUS there are no folders of other languages")
    done = command("--corpus", root, "--language", "all", "--split", "test", "--limit", "2")
    assert done.returncode == 0, done.stderr
    assert all(language in done.stdout for language in LANGUAGES)


def test_refusals(tmp_path: Path) -> None:
    for options, message in (
        (("--language", "xx"), "invalid choice"),
        (("--language", "de"), "--corpus is missing"),
        (("--language", "de", "--split", "train"), "dev, test"),
        (("--language", "de", "--corpus", str(tmp_path)), "there is no folder"),
    ):
        done = command(*options)
        assert done.returncode != 0
        assert message in done.stderr
        assert "Traceback" not in done.stderr
