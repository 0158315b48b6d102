"""Sharpen the phone times of neural voices with the posteriors of the package's English model.

Such a voice reports the order of its phones, and their times on a grid of 12 or 25 ms. Each boundary may move by up to
`REACH_FRAMES`. Viterbi's algorithm chooses the boundaries with the largest sum of log posteriors. A pause may begin
earlier, because some voices count most of it as part of the sound before.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mascot_visemes.features import FRAMES_PER_SECOND
from mascot_visemes.posteriors import PosteriorStream, listen
from mascot_visemes.registry import load_network
from tools.train.corpus import network_labels
from tools.train.language import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tools.synthesis.speech import Segment

REACH_FRAMES = 5
PAUSE_REACH_FRAMES = 40  # by which a pause may begin earlier
_SMALLEST = 1e-3  # the minimum of a posterior, so that no single frame forbids a path


def sharpened(samples: NDArray[np.int16], rate: int, phones: Sequence[Segment]) -> list[Segment]:
    """Return the same phones with the boundaries that the model predicts, on whole frames.

    Args:
        samples: Mono audio.
        rate: Samples a second.
        phones: Phones with the names of corpora, without gaps, from the start of the audio to its end.
    """
    network = load_network()
    audio = samples.astype(np.float32)[None] / np.float32(32768.0)
    posteriors = listen([([PosteriorStream(network, rate)], audio)], edge=True)[0].posteriors
    language = LANGUAGES["mul"]
    labels = network_labels([segment.phone for segment in phones], language)
    known = (label if label in network.labels else language.kin[label] for label in labels)
    columns = [network.labels.index(label) for label in known]
    heard = np.log(np.maximum(posteriors[0][:, columns], _SMALLEST))
    near = [segment.start_s * FRAMES_PER_SECOND for segment in phones[1:]]
    early = [PAUSE_REACH_FRAMES if segment.phone == "SIL" else REACH_FRAMES for segment in phones[1:]]
    inner = best_boundaries(heard, near, early)
    times = [phones[0].start_s, *(frame / FRAMES_PER_SECOND for frame in inner), phones[-1].end_s]
    return [
        segment._replace(start_s=start, end_s=end)
        for segment, (start, end) in zip(phones, pairwise(times), strict=True)
        if end > start
    ]


def best_boundaries(scores: NDArray[np.floating], near: Sequence[float], early: Sequence[int]) -> list[int]:
    """Return the frames at which the phones after the first begin.

    Args:
        scores: Score of each frame as each phone, shape (frames, phones).
        near: Approximate first frames of the phones after the first, ascending.
        early: Maximum shift to earlier frames; `REACH_FRAMES` is the maximum shift to later ones.

    Returns:
        Frames in ascending order, within reach of `near`, with the largest sum of scores. Two are the same if a phone
        has no room for a frame.
    """
    frames, _ = scores.shape
    until = np.concatenate((np.zeros((1, scores.shape[1])), np.cumsum(scores, axis=0)))
    at = [
        np.clip(round(time) + np.arange(-before, REACH_FRAMES + 1), 0, frames)
        for time, before in zip(near, early, strict=True)
    ]
    if not at:
        return []
    total = until[at[0], 0]
    came = []
    for i, (before, here) in enumerate(pairwise(at), start=1):
        # Sums of the frames between two boundaries; a phone takes at least one frame if it has room.
        ways = total[:, None] + until[here, i][None] - until[before, i][:, None]
        ways[before[:, None] > here[None]] = -np.inf
        ways[before[:, None] == here[None]] -= frames * -np.log(_SMALLEST)
        came.append(ways.argmax(axis=0))
        total = ways.max(axis=0)
    last = scores.shape[1] - 1
    best = int((total + until[frames, last] - until[at[-1], last]).argmax())
    path = [best]
    for way in reversed(came):
        path.append(int(way[path[-1]]))
    return [int(frame[k]) for frame, k in zip(at, reversed(path), strict=True)]
