"""Forced alignment: when each phone of a known text is said, ``python -m tools.train.forced``.

espeak-ng tells which phones a text has; the network that is given tells what is heard in every frame; Viterbi's
algorithm finds the times at which the phones, in their order, are heard best. Between words there may be a pause. The
network need not know the language: a sound that it cannot tell counts as its like (`heard_as`), so the shipped English
network will do to begin with, and the network trained on what that gave does it better.

Each corpus is written as ``<language>-<corpus>.jsonl`` with phone times, beside a link to its audio. Utterances whose
phones are heard worst, or one of whose phones would last far too long, are left out: their text is not what is said.

So are the training utterances. Those of dev have the frozen times of ``bench/reference``, in which no network has a
part, so that an epoch is judged by what the bench scores. Those of test are left out.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from bench.languages import corpora
from bench.splits import languages, split_of
from mascot_visemes.features import FRAMES_PER_SECOND
from mascot_visemes.inventory import LABELS, UnknownSound, labels_of
from mascot_visemes.posteriors import PosteriorStream, listen
from mascot_visemes.registry import load_network
from tools.synthesis import espeak
from tools.synthesis.espeak_ipa import phones_of
from tools.synthesis.speech import Manner, Segment
from tools.synthesis.world.voices import LANGUAGES as VOICES
from tools.synthesis.world.voices import pieces, spread
from tools.train.corpus import RATE, network_labels
from tools.train.language import LANGUAGES
from tools.train.packaged import loaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mascot_visemes.network import Network

    Floats = NDArray[np.float32]

# Labels that sound alike, by groups that may share some.
_ALIKE = tuple(
    frozenset(group.split())
    for group in (
        "IY IH IX IYN Y UE HH_ih CX",
        "EH EY AX EHN EX AE OE EU HH_E",
        "AA AH AE AAN AW AY HH_aa Q",
        "AO OW OY AON OE EU HH_oh",
        "UW UH W UWN UE EU HH_ou",
        "ER R OE EU AX HH_RR",
        "P B M BH",
        "F V VH PH MV BH",
        "TH DH S Z F",
        "T D DH RT L",
        "K G GH X KY GY Q",
        "SH ZH CH JH CX S Z",
        "N NG NY MV M",
        "L LY LH N",
        "R RT RX L",
        "RX X GH HH_E HH_aa HH_RR K G",
        "W V VH BH",
        "Y LY NY IY GY KY CH JH",
    )
)
_VOWELS = frozenset(
    "AA AE AH AO AW AX AY EH ER EY IH IY OW OY UH UW AAN AON EHN EU EX IX IYN OE UE UWN".split()  # noqa: SIM905
)
_SAME, _LIKE, _KIND, _OTHER = 1.0, 0.3, 0.05, 0.005  # how much a label heard counts for the one said
_STOPS = frozenset("P B T D K G Q KY GY CH JH".split())  # noqa: SIM905
_CLOSURE = 0.3  # silence heard counts so much for a stop
_LEAST_FRAMES = 2  # a phone lasts
_LEAST_PAUSE_FRAMES = 6
_LONGEST_S = 0.7  # maximum length of a phone, except a pause
_WORST = 0.06  # share of a corpus's utterances that is left out: those with the lowest scores


def heard_as(known: Sequence[str]) -> Floats:
    """How much each label that a network knows counts for each label said, shape (LABELS, known)."""
    kin = LANGUAGES["mul"].kin
    result = np.full((len(LABELS), len(known)), _OTHER, np.float32)
    for row, said in enumerate(LABELS):
        for column, heard in enumerate(known):
            nearest = kin.get(said, said) if said not in known else said
            if heard == nearest:
                result[row, column] = _SAME
            elif any({said, heard} <= group or {nearest, heard} <= group for group in _ALIKE):
                result[row, column] = _LIKE
            elif heard != "SIL" and said != "SIL" and (said in _VOWELS) == (heard in _VOWELS):
                result[row, column] = _KIND
            elif heard == "SIL" and said in _STOPS:
                result[row, column] = _CLOSURE
    return result


def said(text: str, language: str) -> list[str]:
    """Phones of a text, ``SIL`` where there may be a pause: at both ends and between words.

    Raises:
        UnknownSound: espeak-ng says something that no table has, as where it changes the language.
    """
    library = espeak.chosen(VOICES[language], Manner(), ipa=True)
    result = ["SIL"]
    for piece in pieces(library.ipa(text)):
        if piece in "ˈˌ":
            continue
        labels = ("SIL",) if piece in " ,.;:?!" else phones_of(VOICES[language], piece.replace("^", ""))
        result += [label for label in labels if not label == result[-1] == "SIL"]
    return result if result[-1] == "SIL" else [*result, "SIL"]


def aligned(scores: Floats, optional: NDArray[np.bool_]) -> tuple[list[int], float]:
    """Frames at which each phone begins, and the mean score of a frame.

    Args:
        scores: Of each frame as each phone, shape (frames, phones).
        optional: Which phones may be left out: pauses.

    Returns:
        A beginning for each phone, that of the next for one left out; -inf as the score if there are too few frames.
    """
    frames, phones = scores.shape
    # A phone of n frames at least is n states, the last of which may be stayed in.
    least = np.where(optional, _LEAST_PAUSE_FRAMES, _LEAST_FRAMES)
    last = np.cumsum(least) - 1
    first = last - least + 1
    owner = np.repeat(np.arange(phones), least)
    states = len(owner)
    stay = np.zeros(states, bool)
    stay[last] = True
    # Into the first state of a phone also from before an optional phone.
    skipped = np.full(states, -1)
    for phone in range(2, phones):
        if optional[phone - 1]:
            skipped[first[phone]] = last[phone - 2]
    total = np.full(states, -np.inf)
    total[0] = scores[0, 0]
    if optional[0] and phones > 1:
        total[first[1]] = scores[0, 1]
    came = np.zeros((frames, states), np.int32)
    index = np.arange(states)
    for frame in range(1, frames):
        stayed = np.where(stay, total, -np.inf)
        moved = np.concatenate(([-np.inf], total[:-1]))
        jumped = np.where(skipped >= 0, total[skipped], -np.inf)
        options = np.stack((stayed, moved, jumped))
        best = options.argmax(axis=0)
        came[frame] = np.choose(best, (index, index - 1, skipped))
        total = options[best, index] + scores[frame, owner]
    ends = [last[-1]] + ([last[-2]] if optional[-1] and phones > 1 else [])
    state = max(ends, key=lambda end: total[end])
    score = float(total[state]) / frames
    if not np.isfinite(score):
        return [], -np.inf
    path = np.empty(frames, np.int32)
    for frame in range(frames - 1, -1, -1):
        path[frame] = owner[state]
        state = came[frame, state]
    starts = np.searchsorted(path, np.arange(phones), side="left")
    return [int(start) for start in starts], score


@dataclass(frozen=True, slots=True)
class Aligned:
    """An utterance with phone times.

    Attributes:
        entry: Its line.
        phones: Start, end, phone, in seconds.
        score: How well the phones are heard, the mean log of a frame.
    """

    entry: dict[str, Any]
    phones: list[tuple[float, float, str]]
    score: float


class Aligner:
    """Align speech with the posteriors of a network.

    Args:
        network: The network.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._heard_as = heard_as(network.labels)

    def align(
        self, samples: NDArray[np.int16], phones: Sequence[str]
    ) -> tuple[list[tuple[float, float, str]], float]:
        """Times of phones, and how well they are heard; no times if there is no room for them."""
        audio = samples.astype(np.float32)[None] / np.float32(32768.0)
        heard = listen([([PosteriorStream(self._network, RATE)], audio)], edge=True)[0].posteriors[0]
        labels = network_labels(list(phones), LANGUAGES["mul"])
        rows = [LABELS.index(label) for label in labels]
        scores = np.log(heard @ self._heard_as[rows].T + 1e-6)
        starts, score = aligned(scores, np.array([phone == "SIL" for phone in phones]))
        if not starts:
            return [], score
        times = [*(start / FRAMES_PER_SECOND for start in starts), len(samples) / RATE]
        times[0] = 0.0
        found = [
            (start, end, phone)
            for (start, end), phone in zip(pairwise(times), phones, strict=True)
            if end > start
        ]
        return found, score


def referred(listing: Path) -> list[Aligned]:
    """The dev utterances of a corpus with the phone times of ``bench/reference``, as labels and as they stand there."""
    language = listing.parent.name
    if language not in languages():
        return []
    found = [corpus for corpus in corpora(language, listing.parents[1], "dev") if corpus.name == listing.stem]
    result = []
    for entry in (entry for corpus in found for entry in corpus.entries):
        named = [
            (Segment(start, end, ipa), ("SIL",) if ipa == "SIL" else labels_of(ipa))
            for start, end, ipa in entry["phones"]
        ]
        phones = [(s.start_s, s.end_s, s.phone) for s in spread(named)]
        result.append(Aligned(entry | {"language": language, "ipa": entry["phones"]}, phones, 0.0))
    return result


def align_corpus(aligner: Aligner, listing: Path) -> list[Aligned]:
    """The training utterances of a corpus that could be aligned, but for those heard worst."""
    result = []
    for entry in map(json.loads, listing.read_text(encoding="utf-8").splitlines()):
        # The frozen lists go before the corpus's own split: of some speakers a part is held out.
        entry["split"] = split_of(entry["language"], listing.stem, entry) or entry["split"]
        if entry["split"] != "train":
            continue
        try:
            phones = said(entry["text"], entry["language"])
        except UnknownSound:
            continue
        samples, _ = soundfile.read(listing.parent / entry["audio"], dtype="int16")
        times, score = aligner.align(samples, phones)
        if times and all(p == "SIL" or end - start <= _LONGEST_S for start, end, p in times):
            result.append(Aligned(entry, times, score))
    limit = np.quantile([one.score for one in result], _WORST) if result else 0.0
    return [one for one in result if one.score >= limit]


def write(aligned: Sequence[Aligned], listing: Path, out: Path) -> None:
    """Write the corpus beside a link to its audio."""
    name = f"{listing.parent.name}-{listing.stem}"
    out.mkdir(parents=True, exist_ok=True)
    link = out / name
    if not link.is_symlink():
        link.symlink_to((listing.parent / listing.stem).resolve())
    with (out / f"{name}.jsonl").open("w", encoding="utf-8") as file:
        for one in aligned:
            times = [[round(start, 3), round(end, 3), phone] for start, end, phone in one.phones]
            audio = f"{name}/{Path(one.entry['audio']).name}"
            file.write(json.dumps(one.entry | {"audio": audio, "phones": times}, ensure_ascii=False) + "\n")


def main(argv: list[str] | None = None) -> None:
    """Align every corpus."""
    p = argparse.ArgumentParser(
        prog="python -m tools.train.forced",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument(
        "--corpora", type=Path, required=True, help="folder with a folder of corpora for each language"
    )
    p.add_argument("--out", type=Path, required=True, help="folder that the aligned corpora are written into")
    p.add_argument("--languages", nargs="+", default=["de", "nl", "ru", "es", "ar"], help="%(default)s")
    p.add_argument("--split", choices=("train", "dev"), help="this split alone (both)")
    p.add_argument(
        "--network",
        type=Path,
        help="ONNX file of the network, with its card in the same folder (the shipped default)",
    )
    args = p.parse_args(argv)
    aligner = Aligner(loaded(args.network) if args.network else load_network())
    for listing in (
        path for code in args.languages for path in sorted((args.corpora / code).glob("*.jsonl"))
    ):
        found = align_corpus(aligner, listing) if args.split != "dev" else []
        held = referred(listing) if args.split != "train" else []
        if found or held:
            write([*found, *held], listing, args.out)
            score = f", score {np.mean([one.score for one in found]):.3f}" if found else ""
            name = f"{listing.parent.name}-{listing.stem}"
            print(f"{name}: {len(found)} utterances for training{score}, {len(held)} for dev", flush=True)


if __name__ == "__main__":
    main()
