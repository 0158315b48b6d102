"""The smallest training: every stage from speech to a model that the package runs, and on from where it stopped."""

from __future__ import annotations

import hashlib
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
import torch

from mascot_visemes.inventory import LABELS
from mascot_visemes.phonemes import ENGLISH
from tools.train import __main__ as training
from tools.train import promote
from tools.train.loop import repeated
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
            soundfile.write(tmp_path / folder / audio, rng.normal(0, 0.1, 40_000), 16_000)
            said = [phone if folder == "more" or phone in ENGLISH else "AA" for phone in PHONES]
            phones = [[0.3 * i, 0.3 * (i + 1), phone] for i, phone in enumerate(said)]
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


def test_a_small_network_is_distilled_from_a_shipped_one(corpus: Path) -> None:
    teacher = MODELS / "default.onnx"
    given = ("--layers", "0", "--hidden", "12", "--passes", "2", "--name", "lite")
    run = _train(corpus, *given, "--teacher", str(teacher), "--teacher-share", "1")
    graph = run / "model" / "lite.onnx"
    assert loaded(graph).labels == LABELS
    card = json.loads(graph.with_suffix(".json").read_text("utf-8"))
    assert card["training"]["teacher_sha256"] == hashlib.sha256(teacher.read_bytes()).hexdigest()
    assert "--teacher default.onnx" in card["training"]["command"]
    # The training targets are the teacher's posteriors on whole recordings, not the labels.
    heard = {path.stem: np.load(path) for path in (run / "heard").glob("*.npy")}
    assert set(heard) == {"de-fleurs", "librispeech-dev-clean"}
    frames = len(heard["de-fleurs"])
    learnt = torch.load(run / "wanted.pt")[:frames].numpy() / 255
    np.testing.assert_allclose(learnt, heard["de-fleurs"], atol=0.003)
    # A teacher that has heard a corpus is not asked again.
    before = {path: path.stat().st_mtime_ns for path in (run / "heard").iterdir()}
    (run / "wanted.pt").unlink()
    _train(corpus, *given, "--teacher", str(teacher), "--teacher-share", "1", "--epochs", "2")
    assert before == {path: path.stat().st_mtime_ns for path in (run / "heard").iterdir()}


def test_a_teacher_with_whispers_encoder_corrects_all_human_speech(corpus: Path) -> None:
    # Speech of a synthesiser, whose labels are right, and what the encoder makes of each corpus of people.
    for path in (corpus / "more" / "de-fleurs", corpus / "more" / "de-fleurs.jsonl"):
        other = path.with_name(path.name.replace("de-fleurs", "espeak-de"))
        if path.is_dir():
            shutil.copytree(path, other)
        else:
            other.write_text(path.read_text("utf-8").replace("de-fleurs", "espeak-de"), "utf-8")
    (corpus / "run" / "whisper").mkdir(parents=True)
    for name in ("librispeech-dev-clean", "de-fleurs"):
        heard = np.random.default_rng(2).normal(0, 1, (4 * 125, 512)).astype(np.float16)
        np.save(corpus / "run" / "whisper" / f"{name}.npy", heard)
    given = ("--layers", "0", "--hidden", "12", "--whisper-teacher", "--teacher-epochs", "1")
    run = _train(corpus, *given)
    learnt = torch.load(run / "wanted.pt").numpy()
    # The training speech of a corpus is 750 of its 1000 frames.
    starts = {"de-fleurs": 0, "espeak-de": 1000, "librispeech-dev-clean": 2000}
    certain = {name: bool((learnt[at : at + 750].max(1) == 255).all()) for name, at in starts.items()}
    assert certain == {"de-fleurs": False, "espeak-de": True, "librispeech-dev-clean": False}
    card = json.loads((run / "model" / "default.json").read_text("utf-8"))
    labels = {one["corpus"]: one.get("labels", "") for one in card["data"]}
    assert "Whisper" in labels["librispeech-dev-clean"]


def test_one_teacher_is_enough(corpus: Path) -> None:
    with pytest.raises(SystemExit):
        _train(corpus, "--whisper-teacher", "--teacher", str(MODELS / "default.onnx"))


def test_a_teacher_with_other_labels_is_refused(corpus: Path) -> None:
    with pytest.raises(SystemExit, match=r"--teacher: .* lacks"):
        _train(corpus, "--language", "en", "--layers", "0", "--teacher", str(MODELS / "default.onnx"))


def test_processes_train_one_network_together(corpus: Path) -> None:
    for _ in range(2):  # the second time there is nothing left to train
        run = _train(corpus, "--layers", "0", "--hidden", "12", "--processes", "2")
        assert loaded(run / "model" / "default.onnx").labels == LABELS
        assert not (run / "network" / "meeting").exists()


@pytest.mark.parametrize("passes", [1, 3])
def test_each_example_is_learnt_from_as_often_as_asked(passes: int) -> None:
    rows = torch.arange(30 * 4).reshape(30, 4)
    batches = [(rows[k : k + 2, :, None].float(), rows[k : k + 2]) for k in range(0, 30, 2)]
    found = list(repeated(batches, passes, np.random.default_rng(1)))
    assert len(found) == 15 * passes
    assert all(torch.equal(steps[:, :, 0].long(), numbers) for steps, numbers in found)
    seen = torch.cat([numbers[:, 0] for _, numbers in found])
    assert sorted(seen.tolist()) == sorted(rows[:, 0].tolist() * passes)


def test_there_is_nothing_to_promote_before_the_end(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no model"):
        promote.main([str(tmp_path)])
