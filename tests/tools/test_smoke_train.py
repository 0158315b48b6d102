"""The smallest training: every stage from speech to a model that the package runs, and on from where it stopped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("soundfile", reason="training reads speech with soundfile")
pytest.importorskip("scipy", reason="training treats speech with scipy")
pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("onnx", reason="training needs onnx")

import soundfile

from mascot_visemes.inventory import LABELS
from mascot_visemes.phonemes import ENGLISH
from tools.train import __main__ as training
from tools.train import promote
from tools.train.packaged import loaded

MODELS = Path(__file__).parents[2] / "packages/mascot-visemes/src/mascot_visemes/models"
PHONES = ("SIL", "M", "AA", "UE", "S", "RT", "IY", "SIL")
SMALL = "--language mul --epochs 1 --batch 4 --batches 2 --steps 60 --scored 1 --workers 0".split()  # noqa: SIM905


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Noise that calls itself speech, some of it German."""
    rng = np.random.default_rng(1)
    for folder, name in (("en", "librispeech-dev-clean"), ("more", "de-fleurs")):
        (tmp_path / folder / name).mkdir(parents=True)
        lines = []
        for number in range(4):
            audio = f"{name}/{number}.flac"
            soundfile.write(tmp_path / folder / audio, rng.normal(0, 0.1, 20_000), 16_000)
            said = [phone if folder == "more" or phone in ENGLISH else "AA" for phone in PHONES]
            phones = [[0.15 * i, 0.15 * (i + 1), phone] for i, phone in enumerate(said)]
            split = "dev" if number == 3 else "train"
            lines.append(json.dumps({"audio": audio, "split": split, "phones": phones}))
        (tmp_path / folder / f"{name}.jsonl").write_text("\n".join(lines), "utf-8")
    return tmp_path


def _train(corpus: Path, *more: str) -> Path:
    run = corpus / "run"
    given = ["--corpus", str(corpus / "en"), "--speech", str(corpus / "more"), "--out", str(run)]
    training.main([*given, *SMALL, "--decoder", str(MODELS / "default.json"), *more])
    return run


def test_from_speech_to_a_model(corpus: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in MODELS.iterdir()}
    run = _train(corpus, "--layers", "0", "--hidden", "12")
    model = loaded(run / "model" / "default.onnx")
    assert model.labels == LABELS
    record = json.loads((run / "run.json").read_text("utf-8"))
    assert record["parent"] is None
    assert record["speech"]["de-fleurs"]["utterances"] == 4
    assert len(record["speech"]["de-fleurs"]["sha256"]) == 64
    # The same command goes on, here by one epoch, and says that it did.
    _train(corpus, "--layers", "0", "--hidden", "12", "--epochs", "2")
    record = json.loads((run / "run.json").read_text("utf-8"))
    assert [start["with"]["epochs"] for start in record["started"]] == [1, 2]
    # Nothing but `promote` touches the package.
    assert before == {path: path.stat().st_mtime_ns for path in MODELS.iterdir()}
    package = corpus / "package"
    package.mkdir()
    promote.main([str(run), "--models", str(package)])
    assert loaded(package / "default.onnx").labels == LABELS


def test_a_run_of_other_speech_is_not_gone_on_with(corpus: Path) -> None:
    run = _train(corpus, "--layers", "0", "--hidden", "12")
    listing = corpus / "more" / "de-fleurs.jsonl"
    listing.write_text("\n".join(listing.read_text("utf-8").splitlines()[1:]), "utf-8")
    shutil.rmtree(run / "cache")
    with pytest.raises(SystemExit, match="other speech"):
        _train(corpus, "--layers", "0", "--hidden", "12")


def test_a_shipped_network_learns_more_labels_its_first_layers_kept(corpus: Path) -> None:
    kept = ("--start", str(MODELS / "default.onnx"), "--kept-epochs", "1", "--kept-examples", "8")
    run = _train(corpus, *kept)
    model = loaded(run / "model" / "default.onnx")
    assert model.labels == LABELS
    assert json.loads((run / "run.json").read_text("utf-8"))["parent"]["network"] == "default.onnx"


def test_there_is_nothing_to_promote_before_the_end(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no model"):
        promote.main([str(tmp_path)])
