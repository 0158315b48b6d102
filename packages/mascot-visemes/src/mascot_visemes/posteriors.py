"""Which head decides which frame: phoneme posteriors for a stream, each frame exactly once.

After step ``s`` the network has heard the frames up to ``2 s + 1``, and its head ``j`` tells frame ``2 s + 3 - j``.
Frames inside a chunk are taken from the two heads that have heard 80 and 90 ms beyond them; those at the chunk's edge
from the earlier heads after the last step, with as much context as there is. Frames that have begun but cannot have
been heard in whole steps are told by the first two heads, which the network learned to predict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.features import BANDS, FeatureStream, frames_begun, push_together
from mascot_visemes.network import FRAMES_PER_STEP, FULL_HEADS, HEADS, PREDICTING_HEADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mascot_visemes.network import Network

    Floats = NDArray[np.float32]

LOOK_AHEAD_FRAMES = (
    HEADS - FULL_HEADS
)  # frames from a chunk's edge that are decided with less than full context
_SILENT_DB = -120.0  # level before anything has been heard


class PosteriorStream:
    """Posteriors of one stream. Feed it with `hear`, run the network on what it returns, hand back with `take`.

    The network itself is run by the caller, so that streams can be run together; `listen` does all three for one.

    Args:
        network: The network whose answers will come.
        rate: Samples per second.
    """

    __slots__ = ("_early", "_features", "_levels", "_network", "_odd", "_rate", "_steps", "decided", "state")

    def __init__(self, network: Network, rate: int) -> None:
        self._network = network
        self._rate = rate
        self._features = FeatureStream(rate)
        self.reset()

    def reset(self) -> None:
        """Start again at the first sample."""
        self._features.reset()
        self._odd = np.zeros((0, BANDS), np.float32)
        self._steps = 0
        # Levels of the last frames heard, back to the first undecided; never empty.
        self._levels = np.full(1, _SILENT_DB, np.float32)
        # Until a step has been heard the mouth rests.
        self._early = np.zeros((HEADS - FULL_HEADS, len(self._network.labels)), np.float32)
        self._early[:, self._network.labels.index("SIL")] = 1.0
        self.decided = 0
        self.state = np.zeros(self._network.state_size, np.float32)

    @property
    def samples(self) -> int:
        """Samples heard."""
        return self._features.samples

    def hear(self, samples: Floats) -> Floats:
        """Take in samples.

        Returns:
            The steps they complete, shape (steps, 2 * BANDS), perhaps none. If any, `take` must follow.
        """
        return self._gather(*self._features.push(samples))

    @staticmethod
    def hear_together(streams: Sequence[PosteriorStream], chunks: Sequence[Floats]) -> list[Floats]:
        """What `hear` returns for each of several streams of one sample rate, in less time."""
        described = push_together([stream._features for stream in streams], chunks)
        return [stream._gather(*new) for stream, new in zip(streams, described, strict=True)]

    def _gather(self, bands: Floats, levels: Floats) -> Floats:
        self._levels = np.concatenate((self._levels, levels))
        bands = np.concatenate((self._odd, bands))
        whole = len(bands) - len(bands) % FRAMES_PER_STEP
        self._odd = bands[whole:]
        return bands[:whole].reshape(-1, FRAMES_PER_STEP * BANDS)

    def take(self, late: Floats, early: Floats, state: Floats) -> tuple[Floats, Floats]:
        """Take the network's answer to the steps that `hear` returned.

        Args:
            late: Shape (steps, 2, labels).
            early: Shape (10, labels).
            state: Shape (state_size,).

        Returns:
            Posteriors of the frames that now have their full context, from frame `decided` on, shape (n, labels),
            and their levels in dB, shape (n,).
        """
        # Head 11 tells the frame before head 10's: reversed, the heads of successive steps run through the frames.
        frames = late[:, ::-1].reshape(-1, late.shape[2])
        known = self.decided - self._oldest()
        self._steps += len(late)
        self._early = early
        self.state = state
        return self._decide(frames[max(0, known) :])

    def listen(self, samples: Floats) -> tuple[Floats, Floats]:
        """Take in samples and run the network for this stream alone; returns as `take`, perhaps no frames."""
        steps = self.hear(samples)
        if not len(steps):
            return np.zeros((0, len(self._network.labels)), np.float32), np.zeros(0, np.float32)
        late, early, state = self._network.run(steps[None], self.state[None])
        return self.take(late[0], early[0], state[0])

    def edge(self) -> tuple[Floats, Floats]:
        """Decide every frame that has begun, with the context there is; returns as `take`."""
        begun = frames_begun(self.samples, self._rate)
        # Reversed, the early heads run on through the frames that follow those of the full-context heads.
        oldest = self._oldest()
        return self._decide(self._early[::-1][self.decided - oldest : begun - oldest])

    def _oldest(self) -> int:
        """The frame that the last head tells after the step to come, and the first that `_early` tells now."""
        return FRAMES_PER_STEP * self._steps + PREDICTING_HEADS + 1 - (HEADS - 1)

    def _decide(self, posteriors: Floats) -> tuple[Floats, Floats]:
        count = len(posteriors)
        known = self._levels
        at = self.decided - (self._features.frames - len(known))
        levels = known[at : at + count]
        if len(levels) < count:
            # A frame that has only begun is taken to be as loud as the last one heard.
            levels = np.concatenate((levels, np.repeat(known[-1], count - len(levels))))
        self.decided += count
        self._levels = known[min(at + count, len(known) - 1) :]
        return posteriors, levels
