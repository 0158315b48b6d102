from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mascot_visemes as mv
from mascot_visemes.shapes import LABELS, SHAPES

_PHONES = """AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH
AX SIL"""
SHAPES_PAGE = (Path(__file__).parents[2] / "docs" / "shapes.md").read_text("utf-8")
_RHUBARB = "X A B C D E F G H"
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
    assert mv.load(shapes="rhubarb").visemes == tuple(_RHUBARB.split())
    assert mv.load(shapes="vrm").visemes == ("sil", "aa", "ih", "ou", "ee", "oh")
    assert mv.load(shapes="arkit").visemes == tuple(_OCULUS.split())


@pytest.mark.parametrize(
    ("label", "sapi", "oculus", "rhubarb", "vrm"),
    [
        ("M", 21, "PP", "A", "sil"),
        ("AX", 1, "E", "C", "ee"),
        ("HH_oh", 12, "oh", "E", "oh"),
        ("ER", 5, "RR", "E", "ou"),
        ("NG", 20, "nn", "B", "ih"),
        ("UH", 4, "ou", "F", "ou"),
        ("IY", 6, "ih", "B", "ih"),
        ("AA", 2, "aa", "D", "aa"),
        ("AE", 1, "aa", "C", "aa"),
        ("V", 18, "FF", "G", "sil"),
        ("L", 14, "nn", "H", "ih"),
        ("SH", 16, "CH", "B", "ou"),
        ("SIL", 0, "sil", "X", "sil"),
    ],
)
def test_where_labels_belong(label: str, sapi: int, oculus: str, rhubarb: str, vrm: str) -> None:
    for name, expected in (("sapi", sapi), ("oculus", oculus), ("rhubarb", rhubarb), ("vrm", vrm)):
        assert SHAPES[name].ids[SHAPES[name].index_of(label)] == expected


def test_poses_for_arkit_faces() -> None:
    poses = mv.ARKIT_POSES
    assert tuple(poses) == tuple(_OCULUS.split())
    names = mv.load(shapes="arkit").blendshapes
    assert all(tuple(pose) == names for pose in poses.values())
    assert all(0 <= value <= 1 for pose in poses.values() for value in pose.values())
    assert set(poses["sil"].values()) == {0.0}
    for pose in poses.values():
        assert pose["mouthClose"] <= pose["jawOpen"]  # lips cannot close what is not open
        for name in names:
            if name.endswith("Left"):
                assert pose[name] == pose[name.removesuffix("Left") + "Right"]
    # What a viewer must see: lips shut for p, lower lip in for f, round for w, widest for ah.
    assert poses["PP"]["jawOpen"] == poses["PP"]["mouthClose"]
    assert max(poses, key=lambda v: poses[v]["mouthRollLower"]) == "FF"
    assert max(poses, key=lambda v: poses[v]["mouthPucker"]) == "ou"
    assert max(poses, key=lambda v: poses[v]["jawOpen"]) == "aa"
    # Two poses alike could not be told apart on a face.
    assert len({tuple(pose.values()) for pose in poses.values()}) == len(poses)


def rows_of(title: str) -> list[list[str]]:
    """Cells of the first table under a title of the page on shapes, its own titles first."""
    section = SHAPES_PAGE.partition(title)[2]
    lines = [line for line in section.partition("\n\n#")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]


def test_the_page_shows_the_tables() -> None:
    rows = rows_of("# Sets of shapes")[1:]
    assert [row[0] for row in rows] == list(LABELS)
    for label, *cells in rows:
        for name, cell in zip(("sapi", "oculus", "rhubarb", "vrm"), cells, strict=True):
            assert str(SHAPES[name].ids[SHAPES[name].index_of(label)]) == cell


def test_the_page_shows_the_poses() -> None:
    (_, *names), *rows = rows_of("## ARKit")
    shown = {
        viseme: {
            full: float(cell or 0)
            for name, cell in zip(names, cells, strict=True)
            for full in (name, name + "Left", name + "Right")
            if full in mv.ARKIT_POSES["sil"]
        }
        for viseme, *cells in rows
    }
    assert shown == mv.ARKIT_POSES
