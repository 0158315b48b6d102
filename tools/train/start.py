"""What is taken over from earlier: the network's weights, and what was heard in the speech.

Either from a run, the folder ``--out`` of `tools.train`, or from a network that it shipped, an ONNX file.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch

from tools.train import corpus as corpora
from tools.train.language import LANGUAGES
from tools.train.net import DROPOUT, FULL, HEADS, Net
from tools.train.relabel import certain
from tools.train.shipped import network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tools.train.corpus import Corpus
    from tools.train.language import Language

_ENGLISH = LANGUAGES["en"]


def saved(begin: Path, option: str) -> dict[str, torch.Tensor]:
    """Weights of a network.

    Args:
        begin: Folder of its checkpoints, for the best epoch; or the ONNX file of one shipped.
        option: That named it, for the error.

    Raises:
        SystemExit: There is no network.
    """
    if begin.suffix == ".onnx":
        return network(begin).state_dict()
    path = begin / "best.pt"
    if not path.exists():
        raise SystemExit(f"{option}: there is no {path}; give the folder of a run that has got so far")
    weights: dict[str, torch.Tensor] = torch.load(path)["net"]
    return weights


def mixed(net: Net, others: Sequence[Path]) -> Net:
    """A network with the mean of the weights of `net` and of others, all trained on from the same weights.

    Such networks lie near enough to each other for what is between them to work, and it errs less than each of them
    ("model soups", Wortsman et al. 2022).

    Args:
        net: One of the networks; left as it is.
        others: The others, as for `saved`.

    Raises:
        SystemExit: One of them is not there, or of another shape.
    """
    result = copy.deepcopy(net)
    each = [net.state_dict(), *(saved(other, "--mix") for other in others)]
    try:
        result.load_state_dict({name: torch.stack([w[name] for w in each]).mean(0) for name in each[0]})
    except (KeyError, RuntimeError) as error:
        raise SystemExit(f"--mix: the networks there are not of one shape ({error})") from None
    return result


def started(
    begin: Path,
    language: Language,
    hidden: int,
    mean: torch.Tensor,
    std: torch.Tensor,
    *,
    dropout: float = DROPOUT,
) -> Net:
    """A network with the weights of the best epoch of an English one; each label's outputs are those of its kin.

    Args:
        begin: That network, as for `saved`.
        language: Whose labels it is to tell apart.
        hidden: Width of the network, as it was there.
        mean: Mean of each band, shape (BANDS,); replaced by that network's, as `std` is.
        std: Standard deviation of each band, shape (BANDS,).
        dropout: As `Net` takes it.

    Raises:
        SystemExit: There is no network, or one of another width.
    """
    weights = saved(begin, "--start")
    kin = [_ENGLISH.index(language.kin.get(label, label)) for label in language.labels]
    for name, heads in (("late", FULL), ("early", HEADS - FULL)):
        for part in (f"{name}.weight", f"{name}.bias"):
            weights[part] = weights[part].unflatten(0, (heads, -1))[:, kin].flatten(0, 1)
    net = Net(hidden, len(language.labels), mean, std, dropout)
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        raise SystemExit(f"--start: the network there does not fit --hidden {hidden} ({error})") from None
    return net


def heard(run: Path, folder: Path, data: Corpus) -> torch.Tensor:
    """What to learn, for `Loss`: for English speech what the run's teacher heard in it, else the labels.

    Args:
        run: Folder of the run; if it has no ``wanted.pt``, all is as labelled.
        folder: The corpora that the run was trained on.
        data: All speech, labelled in another language.
    """
    table = certain(data)
    if not (run / "wanted.pt").exists():
        return table
    language = data.language
    kin = np.zeros((len(_ENGLISH.labels), len(language.labels)), np.float32)
    for row, label in enumerate(_ENGLISH.labels):
        kin[row, language.index(language.phones.get(label, label))] = 1
    sums = torch.from_numpy(kin)
    theirs = torch.load(run / "wanted.pt")
    folders = [folder, *(path for path in (run / "synthetic",) if path.exists())]
    english = corpora.load(folders, run / "cache", _ENGLISH)
    if len(theirs) != len(english.learn) + 1:
        raise SystemExit(f"--start: {run / 'wanted.pt'} is not of the speech in {folder}")
    first = {(u.corpus, u.audio): u.frame for u in english.split("train")}
    for u in data.split("train"):
        if (start := first.get((u.corpus, u.audio))) is not None:
            rows = theirs[start : start + u.frames].float() @ sums
            table[u.frame : u.frame + u.frames] = rows.round().clamp(max=255).to(torch.uint8)
    return table
