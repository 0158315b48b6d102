from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mascot_visemes as mv
from mascot_visemes.inventory import LABELS, MORE
from mascot_visemes.phonemes import ENGLISH, INDONESIAN_PHONEMES
from mascot_visemes.shapes import SHAPES, ShapeSet

_PHONES = """AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH
AX SIL"""
DOCS = Path(__file__).parents[2] / "docs"
SHAPES_PAGE = (DOCS / "shapes.md").read_text("utf-8")
INDONESIAN_PAGE = (DOCS / "indonesian.md").read_text("utf-8")
_RHUBARB = "X A B C D E F G H"
_OCULUS = "sil PP FF TH DD kk CH SS nn RR aa E ih oh ou"


@pytest.mark.parametrize("labels", [ENGLISH, LABELS], ids=["english", "all"])
@pytest.mark.parametrize("shapes", SHAPES.values(), ids=lambda s: s.name)
def test_every_label_has_one_shape(shapes: ShapeSet, labels: tuple[str, ...]) -> None:
    matrix = shapes.matrix(labels)
    assert np.array_equal(matrix.sum(axis=1), np.ones(len(labels)))
    assert shapes.index_of("SIL") == 0


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=lambda s: s.name)
def test_sets_know_every_phoneme_once_and_nothing_else(shapes: ShapeSet) -> None:
    known = [label for phones in shapes.phones for label in phones]
    assert sorted(known) == sorted(LABELS)
    assert (shapes.matrix(ENGLISH).sum(axis=0) > 0).all()


def test_the_english_labels_are_arpabet_with_hh_by_the_shape_that_follows() -> None:
    assert {label.partition("_")[0] for label in ENGLISH} == set(_PHONES.split())


def test_the_phonemes_of_indonesian_have_labels_of_their_own() -> None:
    labels = [phoneme.label for phoneme in INDONESIAN_PHONEMES]
    assert len(set(labels)) == len(labels)
    assert set(labels) - {label.partition("_")[0] for label in ENGLISH} == {"Q", "NY", "X"}
    assert set(labels) - {"HH"} <= set(LABELS)


def test_the_labels_of_all_languages_are_the_english_ones_and_more() -> None:
    assert tuple(LABELS[: len(ENGLISH)]) == ENGLISH
    assert tuple(LABELS[len(ENGLISH) :]) == MORE
    assert len(set(LABELS)) == len(LABELS)


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
        ("NY", 19, "nn", "B", "ih"),
        ("Q", 20, "kk", "B", "ih"),
        ("X", 20, "kk", "B", "ih"),
        ("HH_sil", 12, "sil", "X", "sil"),
        ("UE", 7, "ou", "F", "ou"),
        ("OE", 3, "oh", "E", "oh"),
        ("AON", 3, "oh", "E", "oh"),
        ("IX", 6, "ih", "B", "ih"),
        ("BH", 21, "PP", "A", "sil"),
        ("VH", 18, "FF", "G", "sil"),
        ("RT", 13, "RR", "B", "ih"),
        ("RX", 13, "RR", "B", "ih"),
        ("GY", 20, "kk", "B", "ih"),
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
    # Two equal poses could not be distinguished on a face.
    assert len({tuple(pose.values()) for pose in poses.values()}) == len(poses)


def test_the_page_on_weights_counts_the_blendshapes() -> None:
    page = (DOCS / "weights.md").read_text("utf-8")
    count = len(mv.load(shapes="arkit").blendshapes)
    assert f"**ARKit: {count} of its 52 blendshapes.**" in page
    assert f"`arkit` has {count} columns" in page


def rows_of(title: str, page: str = SHAPES_PAGE) -> list[list[str]]:
    """Cells of the first table under a title of a page, its own titles first."""
    section = page.partition(title)[2]
    lines = [line for line in section.partition("\n\n#")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]


def shown(label: str) -> list[str]:
    """What the pages say of a label."""
    sets = (SHAPES[name] for name in ("sapi", "oculus", "rhubarb", "vrm"))
    return [str(shapes.ids[shapes.index_of(label)]) for shapes in sets]


def test_the_page_shows_the_tables() -> None:
    rows = rows_of("# Sets of shapes")[1:]
    assert [row[0] for row in rows] == ["SIL", *sorted({*LABELS} - {"SIL"})]
    for label, *cells in rows:
        assert shown(label) == cells


def test_the_page_on_indonesian_shows_its_phonemes() -> None:
    rows = rows_of("## Sounds", INDONESIAN_PAGE)[1:]
    for phoneme, (ipa, spelling, example, label, *cells) in zip(INDONESIAN_PHONEMES, rows, strict=True):
        assert phoneme == (ipa, spelling, label, example)
        if label != "HH":
            assert shown(label) == cells


def test_the_page_shows_the_poses() -> None:
    (_, *names), *rows = rows_of("## ARKit")
    poses = {
        viseme: {
            full: float(cell or 0)
            for name, cell in zip(names, cells, strict=True)
            for full in (name, name + "Left", name + "Right")
            if full in mv.ARKIT_POSES["sil"]
        }
        for viseme, *cells in rows
    }
    assert poses == mv.ARKIT_POSES
