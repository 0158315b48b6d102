from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mascot_visemes.decode import Decoder, DecoderTable
from mascot_visemes.network import DecoderSettings
from mascot_visemes.phonemes import ENGLISH
from mascot_visemes.posteriors import Heard
from mascot_visemes.shapes import SHAPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

OCULUS = SHAPES["oculus"]


def table(
    cost: float = 1.0,
    bias: dict[str, float] | None = None,
    costs: dict[str, float] | None = None,
    **constants: Any,
) -> DecoderTable:
    biases = tuple((bias or {}).get(str(name), 0.0) for name in OCULUS.ids)
    prices = tuple((costs or {}).get(str(name), cost) for name in OCULUS.ids)
    plain = DecoderSettings.plain(len(OCULUS.ids), cost, -70.0)
    return DecoderTable(ENGLISH, OCULUS, replace(plain, switch_cost=prices, bias=biases, **constants))


def decoder(
    cost: float = 1.0, bias: dict[str, float] | None = None, costs: dict[str, float] | None = None
) -> Decoder:
    return Decoder(table(cost, bias, costs))


def decode(
    one: Decoder,
    posteriors: NDArray[np.float32],
    levels: NDArray[np.float32],
    again: NDArray[np.float32] | None = None,
    *,
    edge: bool = True,
) -> list[tuple[int, int]]:
    """Changes of one stream."""
    told = posteriors if again is None else np.concatenate((again, posteriors))
    (changes,) = Decoder.decode_together([one], Heard(told[None], levels[None]), edge=edge)
    return changes


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
    assert names(decode(decoder(), posteriors, loud(12))) == [(2, "PP"), (5, "aa"), (8, "DD"), (10, "sil")]


def test_phones_of_one_shape_make_no_change() -> None:
    assert names(decode(decoder(), frames("M B P M"), loud(4))) == [(0, "PP")]


def test_a_blip_is_passed_over_and_a_lasting_change_is_not() -> None:
    unsure = frames("AA AA AA T AA AA", 0.4)
    assert names(decode(decoder(cost=2.0), unsure, loud(6))) == [(0, "aa")]
    lasting = frames("AA AA AA T T T T", 0.4)
    assert names(decode(decoder(cost=2.0), lasting, loud(7))) == [(0, "aa"), (3, "DD")]


def test_frames_across_calls_are_counted_on_and_the_shape_is_kept() -> None:
    d = decoder()
    assert names(decode(d, frames("M M"), loud(2))) == [(0, "PP")]
    assert decode(d, frames("M M"), loud(2)) == []
    assert decode(d, frames(""), loud(0)) == []
    assert names(decode(d, frames("AA"), loud(1))) == [(4, "aa")]
    d.reset()
    assert names(decode(d, frames("M"), loud(1))) == [(0, "PP")]


def test_silent_frames_close_the_mouth_whatever_the_posteriors() -> None:
    levels = loud(6)
    levels[3:] = -90.0
    assert names(decode(decoder(), frames("AA AA AA AA AA AA"), levels)) == [(0, "aa"), (3, "sil")]


def test_bias_helps_a_shape() -> None:
    close = 0.5 * (frames("M M M") + frames("N N N")) + 0.02 * frames("N N N")
    assert names(decode(decoder(), close, loud(3))) == [(0, "nn")]
    assert names(decode(decoder(bias={"PP": 0.5}), close, loud(3))) == [(0, "PP")]


def test_a_dear_shape_is_taken_up_when_it_lasts() -> None:
    short = frames("AA AA M AA AA", 0.4)
    lasting = frames("AA AA M M M M AA AA", 0.4)
    dear = {"PP": 3.0}
    assert names(decode(decoder(cost=0.5), short, loud(5))) == [(0, "aa"), (2, "PP"), (3, "aa")]
    assert names(decode(decoder(cost=0.5, costs=dear), short, loud(5))) == [(0, "aa")]
    changes = names(decode(decoder(cost=0.5, costs=dear), lasting, loud(8)))
    assert changes == [(0, "aa"), (2, "PP"), (6, "aa")]


@given(
    seed=st.integers(0, 1000),
    streams=st.integers(1, 40),
    counts=st.lists(st.integers(0, 14), min_size=1, max_size=4),
    costs=st.lists(st.floats(0, 3), min_size=15, max_size=15),
)
@settings(deadline=None)
def test_streams_decoded_together_are_decoded_alike(
    seed: int, streams: int, counts: list[int], costs: list[float]
) -> None:
    rng = np.random.default_rng(seed)
    constants = DecoderSettings(tuple(costs), -70.0, tuple(rng.uniform(0, 1, 15)), 3, -0.5, 0.5)
    shared = DecoderTable(ENGLISH, OCULUS, constants)
    alone, together = ([Decoder(shared) for _ in range(streams)] for _ in range(2))
    for count in counts:
        shape = np.full(len(ENGLISH), 0.05)
        posteriors = rng.dirichlet(shape, (streams, count)).astype(np.float32)
        levels = rng.uniform(-90, -10, (streams, count)).astype(np.float32)
        again = rng.dirichlet(shape, (streams, 4)).astype(np.float32)
        heard = Heard(np.concatenate((again, posteriors), axis=1), levels)
        expected = [decode(d, *one) for d, *one in zip(alone, posteriors, levels, again, strict=True)]
        assert Decoder.decode_together(together, heard, edge=True) == expected
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
        changes = decode(d, posteriors[a:b], levels[a:b])
        assert all(a <= frame < b for frame, _ in changes)
        assert all(p[0] < q[0] for p, q in itertools.pairwise(changes))
        shapes = [before, *(s for _, s in changes)]
        assert all(p != q for p, q in itertools.pairwise(shapes))
        assert d.current == shapes[-1]


def late(lead: float = 0.5) -> Decoder:
    return Decoder(table(0.5, edge_frames=2, edge_bias=-1.0, late_lead=lead))


def test_a_closure_that_becomes_clear_is_shown_late_for_a_moment() -> None:
    d = late()
    assert names(decode(d, frames("AA AA AA AA AA"), loud(5))) == [(0, "aa")]
    changes = decode(d, frames("AA AA AA AA AA"), loud(5), frames("AA AA M M"))
    assert names(changes) == [(5, "PP"), (8, "aa")]


def test_one_that_was_shown_or_is_not_clear_is_not() -> None:
    shown = late()
    decode(shown, frames("AA M M AA AA", 0.9), loud(5))
    assert decode(shown, frames("AA AA AA"), loud(3), frames("M M AA AA")) == []
    still = late()
    decode(still, frames("AA M M M M"), loud(5))
    assert decode(still, frames("M M M"), loud(3), frames("M M M M")) == []
    unclear = late(lead=3.0)
    decode(unclear, frames("AA AA"), loud(2))
    assert decode(unclear, frames("AA AA"), loud(2), frames("AA M", 0.4)) == []
    other = late()
    decode(other, frames("AA AA"), loud(2))
    assert decode(other, frames("AA AA"), loud(2), frames("AA T")) == []


def test_no_closure_is_shown_late_in_silence() -> None:
    d = late()
    decode(d, frames("AA AA"), loud(2))
    assert names(decode(d, frames("AA AA"), np.full(2, -90.0, np.float32), frames("AA M"))) == [(2, "sil")]


def test_closures_are_doubted_at_an_edge_alone() -> None:
    doubtful = 0.55 * frames("M M M M") + 0.45 * frames("AA AA AA AA")
    assert names(decode(late(), doubtful, loud(4), edge=False)) == [(0, "PP")]
    assert names(decode(late(), doubtful, loud(4))) == [(0, "aa")]
