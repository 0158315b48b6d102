"""Select the head that decides each frame: phoneme posteriors for a stream, each frame exactly once.

After step ``s`` the network has processed the frames up to ``2 s + 1``, and its head ``j`` predicts frame
``2 s + 3 - j``. Frames inside a chunk use the two heads with a right context of 80 and 90 ms. Frames at the edge of the
chunk use the earlier heads after the last step, with the context that is available. Frames that have begun but are not
in a complete step use the first two heads, which are trained to predict frames before their audio arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mascot_visemes.features import BANDS, FeatureStream, frames_begun, together
from mascot_visemes.network import FRAMES_PER_STEP, FULL_HEADS, HEADS, PREDICTING_HEADS

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from mascot_visemes.network import Network, State

    Floats = NDArray[np.float32]
    _Answer = tuple[Floats, State]  # as from Network.run

LOOK_AHEAD_FRAMES = (
    HEADS - FULL_HEADS
)  # frames from a chunk's edge that are decided with less than full context
AGAIN_FRAMES = 4
_SILENT_DB = -120.0  # level before anything has been heard


class Heard(NamedTuple):
    """What streams in phase have heard in a call.

    Attributes:
        told: Posteriors, shape (streams, frames, labels): of at most `AGAIN_FRAMES` frames decided before, with what
            has been heard since, then of those that are now decided, then of those of the look-ahead. Frames that had
            all context are not told again.
        levels: Of the frames now decided and of those of the look-ahead, in dB, shape (streams, frames).
        ahead: How many frames of the look-ahead there are: audio beyond the chunk, to be decided later.
    """

    told: Floats
    levels: Floats
    ahead: int = 0

    @property
    def frames(self) -> int:
        """How many frames are now decided."""
        return int(self.levels.shape[1]) - self.ahead

    @property
    def again(self) -> Floats:
        """Posteriors of the frames decided before, shape (streams, frames, labels)."""
        return self.told[:, : self.told.shape[1] - self.levels.shape[1]]

    @property
    def posteriors(self) -> Floats:
        """Posteriors of the frames now decided, shape (streams, frames, labels)."""
        end = self.told.shape[1] - self.ahead
        return self.told[:, end - self.frames : end]


class PosteriorStream:
    """Posteriors of one stream.

    Streams *in phase*, which have heard alike many samples up to whole periods of the frames, are worked on together:
    `hear` gives the network's input and `take` is given its answer; `listen` runs the network between the two. A stream
    says the same in any company, up to the rounding of the network.

    Args:
        network: The network whose answers will come.
        rate: Samples per second.

    Attributes:
        ahead: Samples heard beyond the end of the chunk; set before `hear` to what it will be after it.
        decided: Frames decided.
        phase: What streams must have in common to be worked on together.
        state: Of the network, of one stream.
    """

    __slots__ = ("_edge", "_features", "_levels", "_network", "_odd", "ahead", "decided", "phase", "state")

    def __init__(self, network: Network, rate: int) -> None:
        self._network = network
        self._features = FeatureStream(rate)
        self.reset()

    def reset(self) -> None:
        """Start again at the first sample."""
        self._features.reset()
        self._odd = np.zeros((0, BANDS), np.float32)
        # Levels of the last frames heard, back to the first undecided; never empty.
        self._levels = np.full(1, _SILENT_DB, np.float32)
        # What is known of the frames at the edge, and before them of those that had all context and are not decided.
        # Until a step has been heard the mouth rests.
        self._edge = np.zeros((LOOK_AHEAD_FRAMES, len(self._network.labels)), np.float32)
        self._edge[:, self._network.labels.index("SIL")] = 1.0
        self.ahead = 0
        self.decided = 0
        self.state: State = self._network.start
        self.phase = self._phase(self.decided, len(self._levels))

    @property
    def samples(self) -> int:
        """Samples up to the end of the last chunk."""
        return self._features.samples - self.ahead

    def _phase(self, decided: int, levels: int) -> Hashable:
        """Return the phase after `decided` frames are decided and `levels` levels are kept."""
        features = self._features
        front = features.front
        # How many levels are kept follows from the frames that have been decided and heard, but for the first frame;
        # and so does how much is known of frames that are not decided.
        return front.rate, features.samples % front.period, len(self._odd), decided - features.frames, levels

    @staticmethod
    def hear(streams: Sequence[PosteriorStream], samples: Floats) -> tuple[Floats, Floats]:
        """Take in samples. `take` must follow.

        Args:
            streams: In phase.
            samples: For each of them, shape (streams, n).

        Returns:
            The steps they complete, shape (streams, steps, 2 * BANDS), perhaps none; and the levels for `take`.
        """
        bands, levels = FeatureStream.push_together([stream._features for stream in streams], samples)
        levels = np.concatenate((together([stream._levels for stream in streams]), levels), axis=1)
        if len(streams[0]._odd):
            bands = np.concatenate((together([stream._odd for stream in streams]), bands), axis=1)
        whole = bands.shape[1] - bands.shape[1] % FRAMES_PER_STEP
        if len(streams[0]._odd) or whole < bands.shape[1]:
            for stream, odd in zip(streams, bands[:, whole:].copy(), strict=True):
                stream._odd = odd
        steps = bands[:, :whole].reshape(len(streams), whole // FRAMES_PER_STEP, FRAMES_PER_STEP * BANDS)
        return steps, levels

    @staticmethod
    def take(
        streams: Sequence[PosteriorStream], levels: Floats, answer: _Answer | None, *, edge: bool
    ) -> Heard:
        """Take the network's answer to the steps that `hear` returned.

        Args:
            streams: Those given to `hear`.
            levels: As `hear` returned them.
            answer: As from `Network.run`, a row a stream; None if there were no steps.
            edge: Decide every frame that has begun, with the context there is, not only those with all of it.
        """
        one = streams[0]
        decided = one.decided
        # The frame that the last head tells after the step to come: up to it all that can be known is known.
        known = one._features.frames - len(one._odd) + PREDICTING_HEADS + 1 - (HEADS - 1)
        kept = len(one._edge) - LOOK_AHEAD_FRAMES
        if answer:
            told, state = answer
            if kept:
                told = np.concatenate((together([stream._edge[:kept] for stream in streams]), told), axis=1)
            # Views would keep those of all the others as long as a stream rests.
            states = zip(*[[its_part.copy() for its_part in part[:, None]] for part in state], strict=True)
            for stream, its_state in zip(streams, states, strict=True):
                stream.state = its_state
        else:
            told = together([stream._edge for stream in streams])
        first = known + LOOK_AHEAD_FRAMES - told.shape[1]
        rate = one._features.front.rate
        end = max(decided, frames_begun(one.samples, rate) if edge else known)
        ahead = max(0, frames_begun(one._features.samples, rate) - end) if one.ahead else 0
        rest = min(known, end)
        if answer or rest > first:
            for stream, its_edge in zip(streams, told[:, rest - first :].copy(), strict=True):
                stream._edge = its_edge
        before = max(first, decided - AGAIN_FRAMES, 0)
        told = told[:, before - first : max(before, end + ahead) - first]
        return Heard(told, PosteriorStream._levelled(streams, levels, end - decided, ahead), ahead)

    @staticmethod
    def _levelled(streams: Sequence[PosteriorStream], known: Floats, count: int, ahead: int) -> Floats:
        """Return the levels of the next `count` frames, which are now decided, and of `ahead` more that are known."""
        one = streams[0]
        at = one.decided - (one._features.frames - known.shape[1])
        levels = known[:, at : at + count + ahead]
        if at + count + ahead > known.shape[1]:
            # A frame that has only begun is taken to be as loud as the last one heard.
            beyond = np.repeat(known[:, -1:], count + ahead - levels.shape[1], axis=1)
            levels = np.concatenate((levels, beyond), axis=1)
        rest = known[:, min(at + count, known.shape[1] - 1) :].copy()
        phase = one._phase(one.decided + count, rest.shape[1])
        for stream, kept in zip(streams, rest, strict=True):
            stream.decided += count
            stream._levels = kept
            stream.phase = phase
        return levels


def listen(groups: Sequence[tuple[Sequence[PosteriorStream], Floats]], *, edge: bool) -> list[Heard]:
    """Let streams hear: `PosteriorStream.hear`, the network over all that have as many steps, `PosteriorStream.take`.

    Args:
        groups: Streams in phase, and samples for them, shape (streams, n); all of one network.
        edge: As for `PosteriorStream.take`.

    Returns:
        What each group has heard, as from `PosteriorStream.take`.
    """
    heard = [PosteriorStream.hear(streams, samples) for streams, samples in groups]
    if len(groups) == 1:
        answers = [_answer(groups[0][0], heard[0][0])]
    else:
        answers = _answers([streams for streams, _ in groups], [steps for steps, _ in heard])
    return [
        PosteriorStream.take(streams, levels, answer, edge=edge)
        for (streams, _), (_, levels), answer in zip(groups, heard, answers, strict=True)
    ]


def _answer(streams: Sequence[PosteriorStream], steps: Floats) -> _Answer | None:
    """Run the network on the same number of steps of each stream; return `None` for zero steps."""
    if not steps.shape[1]:
        return None
    state = streams[0].state
    if len(streams) > 1:
        state = tuple(map(np.concatenate, zip(*[stream.state for stream in streams], strict=True)))
    return streams[0]._network.run(steps, state)


def _answers(groups: list[Sequence[PosteriorStream]], heard: list[Floats]) -> list[_Answer | None]:
    """Run the network on the steps of each group, once for all groups with the same number of steps."""
    answers: list[_Answer | None] = [None] * len(groups)
    alike: dict[int, list[int]] = {}
    for i, steps in enumerate(heard):
        alike.setdefault(steps.shape[1], []).append(i)
    for members in alike.values():
        streams = [stream for i in members for stream in groups[i]]
        answer = _answer(streams, np.concatenate([heard[i] for i in members]))
        done = 0
        if answer:
            told, state = answer
            for i in members:
                rows = slice(done, done + len(groups[i]))
                answers[i] = told[rows], tuple([part[rows] for part in state])
                done = rows.stop
    return answers
