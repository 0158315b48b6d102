"""Mixtures of Gaussians with diagonal covariances: one for each of the three states of a phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

STATES = 3
FLOOR = 0.05
"""Smallest variance; features have variance 1 over a speaker's recordings."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """One state's density.

    Attributes:
        weights: Shape (components,), sum 1.
        means: Shape (components, features).
        variances: Shape (components, features).
    """

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    variances: NDArray[np.float64]


def joined(mixtures: Sequence[Mixture]) -> Mixture:
    """Return the mixture of several densities, with the components of all."""
    return Mixture(
        np.concatenate([m.weights for m in mixtures]) / len(mixtures),
        np.concatenate([m.means for m in mixtures]),
        np.concatenate([m.variances for m in mixtures]),
    )


def log_likelihoods(mixtures: Sequence[Mixture], features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log densities of each frame in each state, shape (frames, states)."""
    sizes = [len(m.weights) for m in mixtures]
    each = _components(joined_all(mixtures), features)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    top = np.maximum.reduceat(each, starts, axis=1)
    each -= np.repeat(top, sizes, axis=1)
    np.exp(each, out=each)
    return np.log(np.add.reduceat(each, starts, axis=1)) + top


def joined_all(mixtures: Sequence[Mixture]) -> Mixture:
    """Return all components in sequence, each with the weight in its own mixture."""
    return Mixture(
        np.concatenate([m.weights for m in mixtures]),
        np.concatenate([m.means for m in mixtures]),
        np.concatenate([m.variances for m in mixtures]),
    )


def _components(mixture: Mixture, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log weighted densities, shape (frames, components)."""
    precision = 1.0 / mixture.variances
    constant = np.log(mixture.weights + 1e-10) - 0.5 * (
        np.log(2 * np.pi * mixture.variances).sum(1) + (mixture.means**2 * precision).sum(1)
    )
    linear = (mixture.means * precision).T.astype(np.float32)
    square = (-0.5 * precision).T.astype(np.float32)
    result: NDArray[np.float32] = features @ linear + (features**2) @ square + constant.astype(np.float32)
    return result


def grown(features: NDArray[np.float32], components: int, rounds: int = 4) -> Mixture:
    """Return a mixture for frames, grown from one Gaussian by splitting the heaviest component.

    Args:
        features: The frames of a state, shape (n, features).
        components: Maximum number of components; fewer if there are not 20 frames for each.
        rounds: Re-estimations after each doubling.
    """
    frames = features.astype(np.float32)
    mixture = Mixture(
        np.ones(1),
        frames.mean(0, keepdims=True).astype(np.float64),
        np.maximum(frames.var(0, keepdims=True), FLOOR).astype(np.float64),
    )
    while 2 * len(mixture.weights) <= min(components, len(frames) // 20):
        step = 0.2 * np.sqrt(mixture.variances)
        mixture = Mixture(
            np.tile(mixture.weights / 2, 2),
            np.concatenate([mixture.means - step, mixture.means + step]),
            np.tile(mixture.variances, (2, 1)),
        )
        for _ in range(rounds):
            mixture = adapted(mixture, frames, prior=0.0)
    return mixture


def adapted(mixture: Mixture, features: NDArray[np.float32], *, prior: float) -> Mixture:
    """Return a mixture re-estimated on frames (maximum a posteriori).

    Args:
        mixture: The density before.
        features: The frames of the state, shape (n, features).
        prior: Weight of each earlier component, in frames.
    """
    each = _components(mixture, features)
    each -= each.max(1, keepdims=True)
    shares = np.exp(each)
    shares /= shares.sum(1, keepdims=True)
    count = shares.sum(0).astype(np.float64)
    sums = (shares.T @ features).astype(np.float64)
    squares = (shares.T @ features**2).astype(np.float64)
    total = (count + prior)[:, None] + 1e-8
    means = (sums + prior * mixture.means) / total
    second = (squares + prior * (mixture.variances + mixture.means**2)) / total
    weights = count + prior * mixture.weights + 1e-3
    known = (count + prior > 1.0)[:, None]
    return Mixture(
        weights / weights.sum(),
        np.where(known, means, mixture.means),
        np.where(known, np.maximum(second - means**2, FLOOR), mixture.variances),
    )
