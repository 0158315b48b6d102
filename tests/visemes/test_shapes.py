from __future__ import annotations

import numpy as np
import pytest

import mascot_visemes as mv
from mascot_visemes.shapes import LABELS, SHAPES

_PHONES = """AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH
AX SIL"""
_OCULUS = "sil PP FF TH DD kk CH SS nn RR aa E ih oh ou"


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=lambda s: s.name)
def test_every_label_has_one_shape_and_every_shape_a_label_or_more(shapes: object) -> None:
    assert isinstance(shapes, type(SHAPES["sapi"]))
    matrix = shapes.matrix(LABELS)
    assert np.array_equal(matrix.sum(axis=1), np.ones(len(LABELS)))
    assert (matrix.sum(axis=0) > 0).all()
    assert shapes.index_of("SIL") == 0


def test_the_labels_are_arpabet_with_hh_by_the_shape_that_follows() -> None:
    assert {label.partition("_")[0] for label in LABELS} == set(_PHONES.split())


def test_ids_of_the_sets() -> None:
    assert mv.load(shapes="sapi").visemes == tuple(range(22))
    assert mv.load(shapes="oculus").visemes == tuple(_OCULUS.split())


@pytest.mark.parametrize(
    ("label", "sapi", "oculus"),
    [
        ("M", 21, "PP"),
        ("AX", 1, "E"),
        ("HH_oh", 12, "oh"),
        ("ER", 5, "RR"),
        ("NG", 20, "nn"),
        ("UH", 4, "ou"),
    ],
)
def test_where_labels_belong(label: str, sapi: int, oculus: str) -> None:
    assert SHAPES["sapi"].ids[SHAPES["sapi"].index_of(label)] == sapi
    assert SHAPES["oculus"].ids[SHAPES["oculus"].index_of(label)] == oculus
