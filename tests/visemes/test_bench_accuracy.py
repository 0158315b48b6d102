"""The command that scores the model, on a corpus that the tests create, and its changes to the audio."""

from __future__ import annotations

import importlib
import importlib.util
import json
import wave
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.benches import run_bench

from mascot_visemes.audio import mulaw_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]


@pytest.fixture
def conditions(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("bench.conditions")


command = partial(run_bench, "accuracy")


def result(*options: str | Path) -> dict[str, Any]:
    done = command(*options, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def refusal(*options: str | Path) -> str:
    done = command(*options)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture
def corpus(tmp_path: Path, speech: NDArray[np.int16]) -> Path:
    with wave.open(str(tmp_path / "one.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(speech.tobytes())
    entry = {"audio": "one.wav", "split": "dev", "phones": [[0.0, 0.2, "SIL"], [0.2, 2.0, "AA"]]}
    (tmp_path / "made-up.jsonl").write_text(json.dumps(entry) + "\n", "utf-8")
    return tmp_path


def test_mulaw_is_what_the_package_reads(conditions: ModuleType) -> None:
    pcm = np.arange(-32768, 32768).astype(np.int16)
    read = mulaw_table()[conditions.mulaw(pcm)] * 32768
    # Steps are 8 wide near zero and 1024 near full scale; beyond 32124 the law has no code.
    allowed = np.maximum(4, (np.abs(pcm.astype(int)) + 132) / 32)
    assert (
        np.abs(read - pcm)[np.abs(pcm.astype(int)) <= 32124] <= allowed[np.abs(pcm.astype(int)) <= 32124]
    ).all()
    table = mulaw_table()
    again = table[conditions.mulaw(np.round(table * 32768).astype(np.int16))]
    assert np.array_equal(again, table)


def test_noise_is_10_db_below_the_speech_and_the_same_each_time(conditions: ModuleType) -> None:
    pcm = np.zeros(32000, np.int16)
    pcm[16000:] = np.round(4000 * np.sin(np.arange(16000) / 5))
    phones = [(0.0, 1.0, "SIL"), (1.0, 2.0, "AA")]
    once, again, other = (
        conditions.heard("noise10db", pcm, 16000, name=name, phones=phones).samples
        for name in ("a.opus", "a.opus", "b.opus")
    )
    noise = once.astype(float) - pcm
    assert 10 * np.log10(np.mean(pcm[16000:].astype(float) ** 2) / np.mean(noise**2)) == pytest.approx(
        10, abs=0.1
    )
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_clean_audio_is_left_alone(conditions: ModuleType, speech: NDArray[np.int16]) -> None:
    heard = conditions.heard("clean", speech, 16000, name="a", phones=[])
    assert np.array_equal(heard.samples, speech)
    assert (heard.rate, heard.encoding) == (16000, "pcm16")


def test_help() -> None:
    done = command("--help")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("--chunk-ms", "--condition", "noise10db", "mulaw8k"))


@pytest.mark.parametrize("chunk", ["20", "12.5", "whole"])
def test_json(corpus: Path, chunk: str) -> None:
    pytest.importorskip("soundfile", reason="reading the corpus needs soundfile")
    answer = result("--corpus", corpus, "--chunk-ms", chunk)
    assert answer["chunk_ms"] == {"20": 20, "12.5": 12.5, "whole": "whole"}[chunk]
    assert list(answer["corpora"]) == list(answer["classes"]) == ["made-up"]
    assert answer["corpora"]["made-up"]["utterances"] == 1
    assert answer["classes"]["made-up"]["aa"]["share"] == 0.9


def test_noise_is_heard_alike_in_every_run(corpus: Path) -> None:
    pytest.importorskip("soundfile", reason="reading the corpus needs soundfile")
    options = ("--corpus", corpus, "--condition", "noise10db")
    first = result(*options)
    assert first == result(*options)
    assert first["condition"] == "noise10db"


def test_over_the_telephone(corpus: Path) -> None:
    pytest.importorskip("soundfile", reason="reading the corpus needs soundfile")
    options = ("--corpus", corpus, "--condition", "mulaw8k")
    if importlib.util.find_spec("scipy"):
        assert result(*options)["corpora"]["made-up"]["utterances"] == 1
    else:
        assert "pip install scipy" in refusal(*options)


def test_the_table(corpus: Path) -> None:
    pytest.importorskip("soundfile", reason="reading the corpus needs soundfile")
    done = command("--corpus", corpus)
    assert done.returncode == 0
    assert "frame_accuracy_oculus15" in done.stdout
    assert "recall precision share" in done.stdout


def test_refusals(corpus: Path, tmp_path: Path) -> None:
    assert "there is no folder" in refusal("--corpus", tmp_path / "none")
    (tmp_path / "empty").mkdir()
    assert "no .jsonl files" in refusal("--corpus", tmp_path / "empty")
    assert "has dev" in refusal("--corpus", corpus, "--split", "test")
    for chunk in ("0", "-1", "nan", "inf", "long"):
        assert "neither a number above 0 nor 'whole'" in refusal("--corpus", corpus, f"--chunk-ms={chunk}")
    assert "mulaw8k" in refusal("--corpus", corpus, "--condition", "space")
    assert "--limit" in refusal("--corpus", corpus, "--limit", "0")
    assert "--model" in refusal("--corpus", corpus, "--model", "nobody")


def test_damaged_corpora(corpus: Path) -> None:
    pytest.importorskip("soundfile", reason="reading the corpus needs soundfile")
    listing = corpus / "made-up.jsonl"
    good = listing.read_text("utf-8")
    listing.write_text(good + "{\n", "utf-8")
    assert "line 2: no JSON" in refusal("--corpus", corpus)
    listing.write_text(good + '{"audio": "a"}\n', "utf-8")
    assert "line 2: 'split' is missing" in refusal("--corpus", corpus)
    listing.write_text(good.replace("one.wav", "two.wav"), "utf-8")
    assert "two.wav: cannot be read" in refusal("--corpus", corpus)
