"""Find the most likely times of an utterance's phones (Viterbi's algorithm, with optional phones)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tools.align.gmm import STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tools.align.pronounce import Phone

SIL = "SIL"
_SIL_PATTERN = (0, 0, 1, 1, 1, 1, 2, 2)  # states of a silence in order: 40 ms at least
_SIL_COST = 4.0
_NEVER = np.float32(-1e30)


class Timed(NamedTuple):
    """A phone with its frames, of which `end` is the first after it, and the word it belongs to (-1 for silence)."""

    start: int
    end: int
    ipa: str
    word: int


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of states of an utterance.

    Attributes:
        phones: (IPA, word) in order, with every silence and every optional phone.
        models: For each state its model, as an index into `units` times 3 plus the number of the state.
        owner: For each state the phone, an index into `phones`.
        before: For each state its predecessors, itself first, shape (states, most); else -1.
        first: States in which an utterance may begin.
        last: States in which it may end.
        units: The names of the models.
    """

    phones: list[tuple[str, int]]
    models: NDArray[np.intp]
    owner: NDArray[np.intp]
    before: NDArray[np.intp]
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    units: list[str]


def chain(words: Sequence[Sequence[Phone]]) -> Chain:
    """Return the chain of an utterance: its words in order, with optional silences before, between and after them."""
    phones: list[tuple[str, int, bool]] = [(SIL, -1, True)]
    for number, word in enumerate(words):
        phones += [(phone.ipa, number, phone.optional) for phone in word]
        phones.append((SIL, -1, True))
    units = sorted({ipa for ipa, _, _ in phones})
    models: list[int] = []
    owner: list[int] = []
    before: list[list[int]] = []
    ends = [-1]  # predecessors of the next phone; -1 is the start
    first: list[int] = []
    for index, (ipa, _, optional) in enumerate(phones):
        start = len(models)
        if -1 in ends:
            first.append(start)
        for place, state in enumerate(_SIL_PATTERN if ipa == SIL else range(STATES)):
            models.append(units.index(ipa) * STATES + state)
            owner.append(index)
            before.append([len(before), *([len(before) - 1] if place else [e for e in ends if e >= 0])])
        ends = [len(models) - 1, *(ends if optional else [])]
    most = max(map(len, before))
    table = np.array([row + [-1] * (most - len(row)) for row in before])
    return Chain(
        [(ipa, word) for ipa, word, _ in phones],
        np.array(models),
        np.array(owner),
        table,
        np.array(first),
        np.array([e for e in ends if e >= 0]),
        units,
    )


def best_path(path: Chain, scores: NDArray[np.float32]) -> tuple[list[Timed], NDArray[np.intp]]:
    """Return the most likely times.

    Args:
        path: Result of `chain`.
        scores: Log density of each frame in each model, shape (frames, 3 times units).

    Returns:
        The spoken phones, without gaps, and the model of each frame, shape (frames,).

    Raises:
        ValueError: There are fewer frames than the shortest path needs.
    """
    frames = len(scores)
    emitted = scores[:, path.models]
    states, most = path.before.shape
    entry_cost = np.zeros((states, most), np.float32)
    entry_cost[path.before < 0] = _NEVER
    for state in range(states):
        if path.phones[path.owner[state]][0] == SIL and (
            state == 0 or path.owner[state - 1] != path.owner[state]
        ):
            entry_cost[state, 1:] -= _SIL_COST
    came = np.zeros((frames, states), np.int8)
    best = np.full(states, _NEVER, np.float32)
    best[path.first] = emitted[0, path.first]
    rows = np.arange(states)
    for frame in range(1, frames):
        options = best[path.before] + entry_cost
        came[frame] = options.argmax(1)
        best = options[rows, came[frame]] + emitted[frame]
    state = int(path.last[best[path.last].argmax()])
    if best[state] <= _NEVER / 2:
        raise ValueError(f"{frames} frames are too few for {len(path.phones)} phones")
    visited = np.empty(frames, np.intp)
    for frame in range(frames - 1, -1, -1):
        visited[frame] = state
        state = int(path.before[state, came[frame, state]])
    owners = path.owner[visited]
    cuts = np.flatnonzero(np.diff(owners)) + 1
    starts, ends = [0, *cuts.tolist()], [*cuts.tolist(), frames]
    timed = [Timed(a, b, *path.phones[owners[a]]) for a, b in zip(starts, ends, strict=True)]
    return timed, path.models[visited]
