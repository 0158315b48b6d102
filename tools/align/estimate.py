"""Estimate models of English sounds from labelled speech, and from them models of other languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tools.align.articulation import nearest
from tools.align.gmm import STATES, Mixture, adapted, grown, joined, log_likelihoods
from tools.align.mfcc import FRAMES_PER_SECOND
from tools.align.viterbi import SIL, Chain, Timed, best_path, chain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from tools.align.pronounce import Phone

Models = dict[str, tuple[Mixture, ...]]
"""The densities of the states of each sound."""

COMPONENTS = 8
ROUNDS = 4
PRIOR = 30.0
"""Number of own frames at which a model's new estimate has the same weight as its initial value."""


class Utterance(NamedTuple):
    """Input of the aligner: features of a recording, shape (frames, 39), and the phones of each word."""

    features: NDArray[np.float32]
    words: list[list[Phone]]


class Aligned(NamedTuple):
    """The times of an utterance's phones and their fit.

    Attributes:
        phones: Without gaps.
        fit: Mean log density of the frames of speech minus that of the best state in each frame, at most 0.
    """

    phones: list[Timed]
    fit: float


def labelled_models(
    speech: Iterable[tuple[NDArray[np.float32], Sequence[tuple[float, float, str]]]],
) -> Models:
    """Return models from labelled speech: each phone is cut into as many equal parts as a model has states.

    Args:
        speech: Features, shape (frames, 39), with (start s, end s, phone).
    """
    frames: dict[str, list[list[NDArray[np.float32]]]] = {}
    for features, phones in speech:
        for start, end, name in phones:
            cuts = np.round(np.linspace(start, end, STATES + 1) * FRAMES_PER_SECOND).astype(int)
            parts = frames.setdefault(name, [[] for _ in range(STATES)])
            for state in range(STATES):
                parts[state].append(features[cuts[state] : cuts[state + 1]])
    return {
        name: tuple(grown(np.concatenate(part), COMPONENTS) for part in parts)
        for name, parts in frames.items()
    }


def begun(phones: Iterable[str], english: Models, parents: Mapping[str, tuple[Mixture, ...]]) -> Models:
    """Return the initial models of a language.

    Args:
        phones: Its phones in IPA.
        english: Models of English sounds by their ARPAbet names.
        parents: Models in IPA of related languages, which come first.
    """
    return {
        ipa: parents[ipa]
        if ipa in parents
        else tuple(joined([english[name][state] for name in nearest(ipa)]) for state in range(STATES))
        for ipa in {*phones, SIL}
    }


def align(
    utterances: Sequence[Utterance],
    models: Models,
    *,
    rounds: int = ROUNDS,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[list[Aligned], Models]:
    """Align a language's speech, and re-estimate its models after each round except the last.

    Args:
        utterances: All transcribed utterances.
        models: Initial model of every phone.
        rounds: Number of alignments.
        progress: Called with a line after each re-estimation.

    Returns:
        The alignments of the last round, and the models that it used.
    """
    chains = [chain(u.words) for u in utterances]
    for number in range(1, rounds):
        models = _re_estimated(utterances, chains, models)
        progress(f"re-estimated {number} of {rounds - 1} times")
    names = sorted(models)
    everything = [state for name in names for state in models[name]]
    result = []
    for utterance, path in zip(utterances, chains, strict=True):
        columns = np.array([names.index(unit) * STATES + s for unit in path.units for s in range(STATES)])
        likely = log_likelihoods(everything, utterance.features)
        phones, used = best_path(path, likely[:, columns])
        loss = likely[np.arange(len(likely)), columns[used]] - likely.max(1)
        spoken = [loss[phone.start : phone.end] for phone in phones if phone.ipa != SIL]
        result.append(Aligned(phones, float(np.concatenate(spoken).mean())))
    return result, models


def _re_estimated(utterances: Sequence[Utterance], chains: Sequence[Chain], models: Models) -> Models:
    frames: dict[tuple[str, int], list[NDArray[np.float32]]] = {}
    for utterance, path in zip(utterances, chains, strict=True):
        states = [state for unit in path.units for state in models[unit]]
        _, used = best_path(path, log_likelihoods(states, utterance.features))
        for model in np.unique(used):
            key = (path.units[model // STATES], int(model % STATES))
            frames.setdefault(key, []).append(utterance.features[used == model])
    return {
        name: tuple(
            adapted(mixture, np.concatenate(seen), prior=PRIOR)
            if (seen := frames.get((name, state)))
            else mixture
            for state, mixture in enumerate(mixtures)
        )
        for name, mixtures in models.items()
    }
