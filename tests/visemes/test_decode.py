from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mascot_visemes.decode import Decoder, DecoderTable
from mascot_visemes.network import DecoderSettings
from mascot_visemes.posteriors import Heard
from mascot_visemes.phonemes import ENGLISH
from mascot_visemes.shapes import SHAPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

OCULUS = SHAPES["oculus"]


def table(
    cost: float = 1.0, bias: dict[str, float] | None = None, costs: dict[str, float] | None = None
) -> DecoderTable:
    biases = tuple((bias or {}).get(str(name), 0.0) for name in OCULUS.ids)
    prices = tuple((costs or {}).get(str(name), cost) for name in OCULUS.ids)
    return DecoderTable(ENGLISH, OCULUS, DecoderSettings(prices, -70.0, biases))


def decoder(
    cost: float = 1.0, bias: dict[str, float] | None = None, costs: dict[str, float] | None = None
) -> Decoder:
    return Decoder(table(cost, bias, costs))


def frames(text: str, sure: float = 0.9) -> NDArray[np.float32]:
    """Posteriors that favour the phones of a text, a word a frame."""
    words = text.split()
    result = np.full((len(words), len(ENGLISH)), (1 - sure) / (len(ENGLISH) - 1), np.float32)
    for row, word in enumerate(words):
        result[row, ENGLISH.index(word)] = sure
    return result


def loud(count: int) -> NDArray[np.float32]:
    return np.full(count, -20.0, np.float32)


def names(changes: list[tuple[int, int]]) -> list[tuple[int, object]]:
    return [(frame, OCULUS.ids[index]) for frame, index in changes]


def test_changes_where_the_posteriors_change() -> None:
    posteriors = frames("SIL SIL M M M AA AA AA T T SIL SIL")
    assert names(decoder().decode(posteriors, loud(12))) == [(2, "PP"), (5, "aa"), (8, "DD"), (10, "sil")]


def test_phones_of_one_shape_make_no_change() -> None:
    assert names(decoder().decode(frames("M B P M"), loud(4))) == [(0, "PP")]


def test_a_blip_is_passed_over_and_a_lasting_change_is_not() -> None:
    unsure = frames("AA AA AA T AA AA", 0.4)
    assert names(decoder(cost=2.0).decode(unsure, loud(6))) == [(0, "aa")]
    lasting = frames("AA AA AA T T T T", 0.4)
    assert names(decoder(cost=2.0).decode(lasting, loud(7))) == [(0, "aa"), (3, "DD")]


def test_frames_across_calls_are_counted_on_and_the_shape_is_kept() -> None:
    d = decoder()
    assert names(d.decode(frames("M M"), loud(2))) == [(0, "PP")]
    assert d.decode(frames("M M"), loud(2)) == []
    assert d.decode(frames(""), loud(0)) == []
    assert names(d.decode(frames("AA"), loud(1))) == [(4, "aa")]
    d.reset()
    assert names(d.decode(frames("M"), loud(1))) == [(0, "PP")]


def test_silent_frames_close_the_mouth_whatever_the_posteriors() -> None:
    levels = loud(6)
    levels[3:] = -90.0
    assert names(decoder().decode(frames("AA AA AA AA AA AA"), levels)) == [(0, "aa"), (3, "sil")]


def test_bias_helps_a_shape() -> None:
    close = 0.5 * (frames("M M M") + frames("N N N")) + 0.02 * frames("N N N")
    assert names(decoder().decode(close, loud(3))) == [(0, "nn")]
    assert names(decoder(bias={"PP": 0.5}).decode(close, loud(3))) == [(0, "PP")]


def test_a_dear_shape_is_taken_up_when_it_lasts() -> None:
    short = frames("AA AA M AA AA", 0.4)
    lasting = frames("AA AA M M M M AA AA", 0.4)
    dear = {"PP": 3.0}
    assert names(decoder(cost=0.5).decode(short, loud(5))) == [(0, "aa"), (2, "PP"), (3, "aa")]
    assert names(decoder(cost=0.5, costs=dear).decode(short, loud(5))) == [(0, "aa")]
    changes = names(decoder(cost=0.5, costs=dear).decode(lasting, loud(8)))
    assert changes == [(0, "aa"), (2, "PP"), (6, "aa")]


@given(
    seed=st.integers(0, 1000),
    streams=st.integers(1, 40),
    counts=st.lists(st.integers(0, 14), min_size=1, max_size=4),
    costs=st.lists(st.floats(0, 3), min_size=15, max_size=15),
)
def test_streams_decoded_together_are_decoded_alike(
    seed: int, streams: int, counts: list[int], costs: list[float]
) -> None:
    rng = np.random.default_rng(seed)
    settings = DecoderSettings(tuple(costs), -70.0, tuple(rng.uniform(0, 1, 15)))
    shared = DecoderTable(ENGLISH, OCULUS, settings)
    alone, together = ([Decoder(shared) for _ in range(streams)] for _ in range(2))
    for count in counts:
        shape = np.full(len(ENGLISH), 0.05)
        posteriors = rng.dirichlet(shape, (streams, count)).astype(np.float32)
        levels = rng.uniform(-90, -10, (streams, count)).astype(np.float32)
        expected = [d.decode(p, q) for d, p, q in zip(alone, posteriors, levels, strict=True)]
        assert Decoder.decode_together(together, posteriors, levels) == expected
    assert [(d.current, d.frame) for d in together] == [(d.current, d.frame) for d in alone]


@given(
    seed=st.integers(0, 1000),
    count=st.integers(0, 60),
    cost=st.floats(0, 4),
    cuts=st.lists(st.integers(0, 60), max_size=5),
)
def test_changes_are_sorted_within_the_call_and_differ(
    seed: int, count: int, cost: float, cuts: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    posteriors = rng.dirichlet(np.full(len(ENGLISH), 0.05), count).astype(np.float32)
    levels = rng.uniform(-90, -10, count).astype(np.float32)
    d = decoder(cost)
    edges = sorted({0, count, *(min(c, count) for c in cuts)})
    for a, b in itertools.pairwise(edges):
        before = d.current
        changes = d.decode(posteriors[a:b], levels[a:b])
        assert all(a <= frame < b for frame, _ in changes)
        assert all(p[0] < q[0] for p, q in itertools.pairwise(changes))
        shapes = [before, *(s for _, s in changes)]
        assert all(p != q for p, q in itertools.pairwise(shapes))
        assert d.current == shapes[-1]
