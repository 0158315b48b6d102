"""Writes docs/phonemes.md from the inventory and the viseme tables: ``python -m tools.phonemes_page``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mascot_visemes.inventory import CONSONANTS, MORE, NASAL, VOWELS, Sound
from mascot_visemes.shapes import SHAPES

PAGE = Path(__file__).parent.parent / "docs" / "phonemes.md"
_SETS = ("sapi", "oculus", "rhubarb", "vrm")

HEAD = """# The sounds of all languages

`python -m tools.phonemes_page` generates this page from
[`inventory.py`](../packages/mascot-visemes/src/mascot_visemes/inventory.py) and
[`tables.py`](../packages/mascot-visemes/src/mascot_visemes/tables.py); do not edit it.

The tables list the label of each sound of any language, and its mouth shape in each [set](shapes.md). `arkit` has the
shapes of `oculus`. English labels are ARPAbet without stress. Labels in *italics* belong to this project, for sounds
that English does not have. Sounds that look alike and sound alike share a label.

- **Marks of the IPA are ignored**, because a face does not show them: length and gemination (aː, tː), tone and stress,
  aspiration and breathy voice (pʰ bʱ), ejection (kʼ), palatalisation (tʲ), pharyngealisation (sˤ), and the marks for
  dental, syllabic, devoiced and unreleased sounds.
- **Two sounds in one** are two labels that share the time: an affricate other than those below (ts is T S, pf is P F),
  a consonant with rounded lips (kʷ is K W), a diphthong without a label of its own (œy is OE UE).
- **Sounds of both lips and tongue** (k͡p, ɡ͡b) have the label of the lips, which are visible.
- **Clicks** have the label of a sound at the same place: ʘ has P, ǀ ǃ ǂ have T, ǁ has L.
- **All kinds of r** have the shape RR: English (R), trilled or tapped (*RT*), and uvular (*RX*).
- **β** has the shape of closed lips, which it almost closes; **ɸ ʋ ɱ** have the shape of f and v.
- **h and ħ** have the shape of the sound that follows, see [shapes.md](shapes.md).
- The function `labels_of` in `inventory.py` reads any IPA, and reports signs that no table has.
"""


def page() -> str:
    """Return the page as Markdown."""
    parts = [HEAD]
    for title, sounds, mark in (
        ("Vowels", VOWELS, ""),
        ("Nasal vowels", NASAL, "\u0303"),
        ("Consonants", CONSONANTS, ""),
    ):
        rows = "\n".join(_row(sound, mark) for sound in sounds)
        sets = " | ".join("`oculus`, `arkit`" if name == "oculus" else f"`{name}`" for name in _SETS)
        parts.append(
            f"## {title}\n\n| IPA | label | as in | {sets} |\n|---|---|---|---|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


def _row(sound: Sound, mark: str) -> str:
    signs = " ".join(sign + mark for sign in sound.ipa.split())
    label = f"*{sound.label}*" if sound.label in MORE else sound.label
    if sound.label == "HH":
        shapes = ["of the next sound"] * len(_SETS)
    else:
        found = (SHAPES[name] for name in _SETS)
        shapes = [str(shape.ids[shape.index_of(sound.label)]) for shape in found]
    return f"| {signs} | {label} | {sound.example} | {' | '.join(shapes)} |"


def main() -> None:
    """Write the page, or with ``--check`` report whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is out of date")
    if not parser.parse_args().check:
        PAGE.write_text(page(), "utf-8")
    elif PAGE.read_text("utf-8") != page():
        sys.exit(f"{PAGE} is out of date: python -m tools.phonemes_page")


if __name__ == "__main__":
    main()
