"""The card's tables by language and condition, from figures that the tests create."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("bench.card_languages")


def result(split: str, condition: str, **figures: float) -> dict[str, Any]:
    one = {"frame_accuracy_oculus15": 0.5, "utterances": 7} | figures
    mean = {name: value for name, value in one.items() if name != "utterances"}
    return {
        "model": "m",
        "split": split,
        "condition": condition,
        "languages": {"de": one, "fr": one},
        "mean": mean,
    }


TONES = {
    "model": "m",
    "split": "none",
    "condition": "tones",
    "corpora": {"all": {"open_in_sound": 0.25}, "beep": {"open_in_sound": 0.125}},
}


def saved(folder: Path, *results: dict[str, Any]) -> list[Path]:
    paths = [folder / f"{number}.json" for number in range(len(results))]
    for path, one in zip(paths, results, strict=True):
        path.write_text(json.dumps(one), "utf-8")
    return paths


def test_languages_and_conditions(tables: ModuleType, tmp_path: Path) -> None:
    paths = saved(
        tmp_path,
        TONES,
        result("test", "held", held_open=0.75),
        result("test", "clean", closed_when_loud=0.125),
        result("dev", "clean"),
    )
    made = {heading: (head, rows) for heading, _, head, rows in tables.sections(tables.results(paths, "m"))}
    assert list(made) == [
        "## Languages: test",
        "## Languages: dev",
        "## Conditions",
        "## Sounds without speech",
    ]
    head, rows = made["## Languages: test"]
    assert [row[:2] for row in rows] == [["German", "50.0 %"], ["French", "50.0 %"], ["mean", "50.0 %"]]
    assert all(len(row) == len(head) for row in rows)
    head, rows = made["## Conditions"]
    by_condition = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert list(by_condition) == ["`clean`", "`held`", "`tones`"]
    assert by_condition["`clean`"]["closed when loud"] == "12.5 %"
    assert by_condition["`held`"]["held vowels open"] == "75.0 %"
    assert by_condition["`held`"]["recordings"] == "14"
    assert by_condition["`tones`"]["open in silence"] == "25.0 %"
    assert made["## Sounds without speech"][1] == [["beep", "12.5 %"]]


def test_nothing_measured_makes_no_tables(tables: ModuleType) -> None:
    assert tables.sections([]) == []


def test_files_that_are_something_else(tables: ModuleType, tmp_path: Path) -> None:
    other = result("test", "clean") | {"model": "n"}
    folder = {"model": "m", "split": "dev", "condition": "clean", "corpora": {}}
    paths = saved(tmp_path, other, folder)
    (tmp_path / "text").write_text("no JSON", "utf-8")
    for path, message in (
        (paths[0], "model 'n'"),
        (paths[1], "no languages"),
        (tmp_path / "text", "not the output"),
        (tmp_path / "none", "not the output"),
    ):
        with pytest.raises(SystemExit, match=message):
            tables.results([path], "m")
