"""Networks that others start from."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("soundfile", reason="training reads speech with soundfile")
pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("onnx", reason="training needs onnx")

import numpy as np
import torch

from tools.train.corpus import HOP, Corpus, Utterance
from tools.train.gru import GruNet
from tools.train.language import LANGUAGES
from tools.train.net import HEADS
from tools.train.start import added, heard, mix, started

ENGLISH, ALL = (LANGUAGES[code] for code in ("en", "mul"))


def test_weights_are_taken_over(tmp_path: Path) -> None:
    mean, std = torch.zeros(40), torch.ones(40)
    english = GruNet(8, len(ENGLISH.labels), mean + 1, std).eval()
    torch.save({"net": english.state_dict()}, tmp_path / "best.pt")
    make = partial(GruNet, 8, len(ALL.labels))
    net = started(tmp_path, ALL, make, mean, std).eval()
    steps = torch.randn(2, 5, 80)
    ours, frames = net.read(steps, 0)
    theirs, _ = english.read(steps, 0)
    assert ours.shape == (2, len(frames), HEADS, len(ALL.labels))
    for label, kin in {"AA": "AA", "M": "M", "Q": "K", "HH_sil": "HH_E"}.items():
        expected = theirs[..., ENGLISH.index(kin)]
        assert torch.equal(ours[..., ALL.index(label)], expected)
    with pytest.raises(SystemExit, match="--hidden"):
        started(tmp_path, ALL, partial(GruNet, 9, len(ALL.labels)), mean, std)
    with pytest.raises(SystemExit, match="--start"):
        started(tmp_path / "nowhere", ALL, make, mean, std)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_mean_lies_between_two_networks(share: float) -> None:
    nets = [GruNet(8, 5, torch.full((40,), n), torch.ones(40)) for n in (1.0, 3.0)]
    first, second = ({name: value.clone() for name, value in net.state_dict().items()} for net in nets)
    mix(nets[0], nets[1], share)
    for name, value in nets[0].state_dict().items():
        assert torch.allclose(value, share * first[name] + (1 - share) * second[name])
    assert all(torch.equal(value, second[name]) for name, value in nets[1].state_dict().items())


def test_labels_that_are_new_are_no_mean() -> None:
    nets = [GruNet(8, 5, torch.zeros(40), torch.ones(40)) for _ in range(2)]
    before = {name: value.clone() for name, value in nets[0].state_dict().items()}
    mix(nets[0], nets[1], 0.5, [3])
    for name, heads in (("late", 2), ("early", HEADS - 2)):
        after, own = (x[f"{name}.weight"].unflatten(0, (heads, 5)) for x in (nets[0].state_dict(), before))
        assert torch.equal(after[:, 3], own[:, 3])
        assert not torch.isclose(after[:, [0, 1, 2, 4]], own[:, [0, 1, 2, 4]]).all()


def test_what_a_shipped_network_does_not_know() -> None:
    models = Path(__file__).parents[2] / "packages/mascot-visemes/src/mascot_visemes/models"
    assert added(models / "default.onnx", ALL) == []
    assert added(models / "lite.onnx", ALL) == []


def _corpus(names: dict[str, int]) -> Corpus:
    """Corpora of one utterance each, of so many frames, all silence."""
    utterances, frame = [], 0
    for name, frames in sorted(names.items()):
        utterances.append(
            Utterance(name, f"{name}/0.flac", "train", frame * HOP, frames * HOP, frame, frames)
        )
        frame += frames
    return Corpus(
        ALL, utterances, np.zeros(frame * HOP, np.int16), np.zeros(frame, np.int8), np.zeros(frame, np.int8)
    )


def test_what_a_run_learnt_of_english_is_taken_over_where_it_stands_now(tmp_path: Path) -> None:
    run, folder = tmp_path / "run", tmp_path / "en"
    folder.mkdir()
    (folder / "kathleen.jsonl").touch()
    before = {"de-kerstin": 3, "kathleen": 4}
    for u in _corpus(before).utterances:
        (run / "cache" / u.corpus).mkdir(parents=True)
        its = [asdict(u) | {"frame": 0, "sample": 0}]
        (run / "cache" / u.corpus / "index.json").write_text(json.dumps(its))
    (run / "run.json").write_text(json.dumps({"language": "mul", "speech": before}))
    learnt = torch.zeros(8, len(ALL.labels), dtype=torch.uint8)
    learnt[:, ALL.index("UE")] = 255
    torch.save(learnt, run / "wanted.pt")
    table = heard(run, folder, _corpus({"de-kerstin": 3, "espeak-fr": 5, "kathleen": 4}))
    english = table[:, ALL.index("UE")].tolist()
    assert english == [0] * 8 + [255] * 4 + [0]
    assert table[:8, ALL.index("SIL")].tolist() == [255] * 8  # aligned or synthetic speech keeps its labels
    torch.save(learnt[:-1], run / "wanted.pt")
    with pytest.raises(SystemExit, match="not of the speech"):
        heard(run, folder, _corpus(before))


def test_a_network_of_all_languages_starts_another(tmp_path: Path) -> None:
    mean, std = torch.zeros(40), torch.ones(40)
    parent = GruNet(8, len(ALL.labels), mean, std).eval()
    torch.save({"net": parent.state_dict()}, tmp_path / "best.pt")
    steps = torch.randn(1, 4, 80)
    child = started(tmp_path, ALL, partial(GruNet, 8, len(ALL.labels)), mean, std).eval()
    ours, theirs = child.read(steps, 0)[0], parent.read(steps, 0)[0]
    assert torch.equal(ours, theirs)
