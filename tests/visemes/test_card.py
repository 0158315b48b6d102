"""The command that writes a model card, on corpora that the tests create."""

from __future__ import annotations

import json
import re
import struct
import wave
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.benches import run_bench

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
command = partial(run_bench, "card")


def refusal(*options: str | Path) -> str:
    done = command(*options)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def make_corpus(folder: Path, speech: NDArray[np.int16]) -> Path:
    """Two corpora of an utterance each; the second's speaker is in training too."""
    with wave.open(str(folder / "one.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(speech.tobytes())
    phones = [[0.0, 0.2, "SIL"], [0.2, 1.0, "AA"], [1.0, 1.2, "M"], [1.2, 2.0, "IY"]]
    entry = {"audio": "one.wav", "split": "dev", "speaker": "a", "phones": phones}
    (folder / "far.jsonl").write_text(json.dumps(entry) + "\n", "utf-8")
    lines = [json.dumps(entry | {"split": split}) for split in ("dev", "train")]
    (folder / "near.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


@dataclass(frozen=True)
class Written:
    report: dict[str, Any]
    text: str
    picture: bytes
    progress: str

    def tables(self) -> dict[str, list[list[str]]]:
        """The tables by the heading above them; each row has as many cells as its table's head."""
        result: dict[str, list[list[str]]] = {}
        heading = ""
        for line in self.text.splitlines():
            if line.startswith("#"):
                heading = line.lstrip("# ")
            if line.startswith("|"):
                cells = [cell.strip() for cell in line.strip("|").split("|")]
                rows = result.setdefault(heading, [])
                assert not rows or len(cells) == len(rows[0]), line
                if len(rows) == 1 and set(cells) == {"---"}:
                    continue
                rows.append(cells)
        return result


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = np.random.default_rng(3).normal(0.0, 3000.0, 32000)
    noise[:3200] = 0.0
    return make_corpus(tmp_path_factory.mktemp("corpus"), noise.astype(np.int16))


@pytest.fixture(scope="module")
def written(corpus: Path) -> Written:
    pytest.importorskip("soundfile", reason="reading the corpus needs the extra cli")
    pytest.importorskip("matplotlib.figure", reason="the picture needs the extra cli")
    out = corpus / "new" / "models"
    # mulaw8k needs scipy, which no extra brings.
    options = ("--headline", "near", "--condition", "clean", "noise10db", "--json")
    done = command("--corpus", corpus, "--out", out, *options)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == ["default-confusion.png", "default.md"]
    picture = (out / "default-confusion.png").read_bytes()
    return Written(json.loads(done.stdout), (out / "default.md").read_text("utf-8"), picture, done.stderr)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def test_page_agrees_with_json(written: Written) -> None:
    report, tables = written.report, written.tables()
    assert [(r["corpus"], r["condition"], r["chunk_ms"]) for r in report["runs"]] == [
        (corpus, condition, chunk)
        for corpus in ("near", "far")
        for condition in ("clean", "noise10db")
        for chunk in (100, "whole")
    ]
    for corpus in ("near", "far"):
        rows = tables[f"{corpus}, 1 utterances"][1:]
        runs = [run for run in report["runs"] if run["corpus"] == corpus]
        for row, run in zip(rows, runs, strict=True):
            chunk = "whole" if run["chunk_ms"] == "whole" else "100 ms"
            assert row[:3] == [run["condition"], chunk, percent(run["figures"]["frame_accuracy_oculus15"])]
            assert row[8] == percent(run["figures"]["open_in_silence"])
    classes = report["runs"][0]["classes"]
    rows = [
        [v, percent(r["recall"]), percent(r["precision"]), f"{r['f1']:.2f}", percent(r["share"])]
        for v, r in classes.items()
    ]
    assert tables["By viseme"][1:] == rows
    assert len(rows) == 15

    data = {row[0]: row for row in tables["Data"][1:]}
    assert data["near"][2:5] == ["1", "0", "0"]  # two seconds are 0.00 hours
    card = json.loads(
        (ROOT / "packages/mascot-visemes/src/mascot_visemes/models/default.json").read_text("utf-8")
    )
    for entry in card["data"]:
        if entry["corpus"] in data:
            assert data[entry["corpus"]][3] == f"{entry['train_hours']:g}"
        else:  # A synthesiser that speaks several languages has one row.
            synthesiser, _, language = entry["corpus"].partition("-")
            assert re.search(rf"[ (]{language}[,)]", data[synthesiser][1])
    hours = sum(entry["train_hours"] for entry in card["data"])
    assert sum(float(row[3]) for row in data.values()) == pytest.approx(hours)
    facts = dict(tables["Properties"])
    assert facts["parameters"] == f"{card['training']['parameters']:,}"
    assert card["training"]["command"] in written.text


def test_figures_fit_together(written: Written) -> None:
    first = written.report["runs"][0]
    classes = first["classes"]
    for row in classes.values():
        both = row["recall"] + row["precision"]
        f1 = 2 * row["recall"] * row["precision"] / both if both else 0.0
        assert row["f1"] == pytest.approx(f1, abs=2e-3)
    matrix = written.report["confusion"]
    for viseme, row in zip(matrix["visemes"], matrix["rows"], strict=True):
        assert sum(row) == pytest.approx(1.0 if classes[viseme]["share"] else 0.0, abs=1e-3)
        assert row[matrix["visemes"].index(viseme)] == classes[viseme]["recall"]
    weak = [w["viseme"] for w in written.report["weakest"]]
    present = [v for v, row in classes.items() if row["share"]]
    assert weak == sorted(present, key=lambda v: classes[v]["f1"])[:3]


def test_limits_agree_with_the_figures(written: Written) -> None:
    limits = written.text.partition("## Limits")[2].partition("\n## ")[0]
    first = written.report["runs"][0]
    for weak in written.report["weakest"]:
        assert f"{weak['viseme']} has F1 {first['classes'][weak['viseme']]['f1']:.2f}" in limits
    noise = next(run for run in written.report["runs"] if run["condition"] == "noise10db")
    assert (
        f"In noise (`noise10db`): frame accuracy {percent(noise['figures']['frame_accuracy_oculus15'])}"
        in limits
    )
    assert "On far: " in limits
    assert "only; speech in other languages" not in limits  # default is for all


def test_shared_speakers_are_named(written: Written) -> None:
    assert "in these corpora: near." in written.text


def test_picture(written: Written) -> None:
    assert written.picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", written.picture[16:24]) == (900, 800)
    assert "![confusion matrix](default-confusion.png)" in written.text


def test_progress_and_no_paths_of_this_machine(written: Written, corpus: Path) -> None:
    assert len(re.findall(r"^\d+ of 8: ", written.progress, re.MULTILINE)) == 8
    assert "--headline near --condition clean noise10db`" in written.text
    assert str(corpus) not in written.text


def test_help() -> None:
    done = command("--help")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("--corpus", "--headline", "docs/models"))


def test_refusals(corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib.figure", reason="the picture needs the extra cli")
    assert "there is no folder" in refusal("--corpus", tmp_path / "none")
    assert "has dev, train" in refusal("--corpus", corpus, "--split", "test")
    assert "there are far, near" in refusal("--corpus", corpus, "--headline", "nowhere")
    assert "--model" in refusal("--corpus", corpus, "--model", "nobody")
