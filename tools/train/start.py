"""What is taken over from earlier: the network's weights, and what was heard in the speech.

Either from a run, the folder ``--out`` of `tools.train`, or from a network that it shipped, an ONNX file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tools.train.language import LANGUAGES
from tools.train.net import FULL, HEADS, Net
from tools.train.packaged import loaded
from tools.train.record import FILE
from tools.train.relabel import certain
from tools.train.shipped import network

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tools.train.corpus import Corpus
    from tools.train.language import Language

    Made = Callable[[torch.Tensor, torch.Tensor], Net]  # of mean and standard deviation of the bands

_ENGLISH = LANGUAGES["en"]


def started(begin: Path, language: Language, make: Made, mean: torch.Tensor, std: torch.Tensor) -> Net:
    """A network with the weights of the best epoch of an English one; each label's outputs are those of its kin.

    Args:
        begin: Folder of that network's checkpoints, or the ONNX file of one shipped.
        language: Whose labels it is to tell apart.
        make: Makes a network of the same shape, given `mean` and `std`.
        mean: Mean of each band, shape (BANDS,); replaced by that network's, as `std` is.
        std: Standard deviation of each band, shape (BANDS,).

    Raises:
        SystemExit: There is no network, or one of another shape.
    """
    if begin.suffix == ".onnx":
        weights = network(begin).state_dict()
    elif (path := begin / "best.pt").exists():
        weights = torch.load(path)["net"]
    else:
        raise SystemExit(f"--start: there is no {path}; give the folder of an English run")
    theirs = (
        LANGUAGES["mul"] if len(weights["late.bias"]) == FULL * len(LANGUAGES["mul"].labels) else _ENGLISH
    )
    kin = [
        theirs.index(label if label in theirs.labels else language.kin[label]) for label in language.labels
    ]
    for name, heads in (("late", FULL), ("early", HEADS - FULL)):
        for part in (f"{name}.weight", f"{name}.bias"):
            weights[part] = weights[part].unflatten(0, (heads, -1))[:, kin].flatten(0, 1)
    net = make(mean, std)
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        raise SystemExit(
            f"--start: the network there has other --layers, --inner or --hidden ({error})"
        ) from None
    return net


@torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]  # no torch where types are checked
def mix(net: Net, other: Net, share: float, new: Sequence[int] = ()) -> None:
    """Make a network the mean of itself, which has a share, and another of its shape.

    Between a network and one that was trained on from it, all means do well (WiSE-FT, Wortsman et al. 2021): what was
    known before comes back sooner than what was learnt since is lost.

    Args:
        net: The network trained on.
        other: That which it began from.
        share: Of `net` in the mean.
        new: Labels whose outputs stay those of `net`: the other knows nothing of them.
    """
    theirs = other.state_dict()
    for name, value in net.state_dict().items():
        own = value.clone()
        value.lerp_(theirs[name], 1.0 - share)
        if name.startswith(("late", "early")):
            heads = (FULL if name.startswith("late") else HEADS - FULL, -1)
            value.unflatten(0, heads)[:, list(new)] = own.unflatten(0, heads)[:, list(new)]


def added(begin: Path, language: Language) -> list[int]:
    """Labels of a language that a network to start from, a run or an ONNX file, did not know."""
    known = loaded(begin).labels if begin.is_file() else _language(begin).labels
    return [number for number, label in enumerate(language.labels) if label not in known]


def heard(run: Path, folder: Path, data: Corpus) -> torch.Tensor:
    """What to learn, for `Loss`: in English speech what the run learnt, its teacher's part included, else the labels.

    Args:
        run: Folder of the run; if it has no ``wanted.pt``, all is as labelled.
        folder: The English corpora that the run was trained on; what is synthetic is in its own folder.
        data: All speech, labelled perhaps in another language.
    """
    table = certain(data)
    if not (run / "wanted.pt").exists():
        return table
    language, before = data.language, _language(run)
    kin = np.zeros((len(before.labels), len(language.labels)), np.float32)
    for row, label in enumerate(before.labels):
        kin[row, language.index(label)] = 1
    sums = torch.from_numpy(kin)
    theirs = torch.load(run / "wanted.pt")
    first, frames = _rows(run)
    if len(theirs) != frames + 1:
        raise SystemExit(f"--start: {run / 'wanted.pt'} is not of the speech in {run / 'cache'}")
    english = {listing.stem for place in (folder, run / "synthetic") for listing in place.glob("*.jsonl")}
    for u in data.split("train"):
        start = first.get((u.corpus, u.audio))
        if start is not None and u.corpus in english:
            rows = theirs[start : start + u.frames].float() @ sums
            table[u.frame : u.frame + u.frames] = rows.round().clamp(max=255).to(torch.uint8)
    return table


def _record(run: Path) -> dict[str, Any]:
    path = run / FILE
    record: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return record


def _language(run: Path) -> Language:
    """Of a run; those before there were records were English."""
    return LANGUAGES[_record(run).get("language", "en")]


def _rows(run: Path) -> tuple[dict[tuple[str, str], int], int]:
    """First frame of each utterance of a run, by corpus and audio, and how many frames there are."""
    cache = run / "cache"
    names = _record(run).get("speech") or [path.name for path in cache.iterdir()]
    first: dict[tuple[str, str], int] = {}
    frames = 0
    for name in sorted(names):
        utterances = json.loads((cache / name / "index.json").read_text("utf-8"))
        first |= {(u["corpus"], u["audio"]): frames + u["frame"] for u in utterances}
        frames += sum(u["frames"] for u in utterances)
    return first, frames
