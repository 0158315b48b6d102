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

Written by `python -m tools.phonemes_page` from
[`inventory.py`](../packages/mascot-visemes/src/mascot_visemes/inventory.py) and
[`tables.py`](../packages/mascot-visemes/src/mascot_visemes/tables.py); do not edit.

Which label a sound of any language has, and which shape of each [set](shapes.md) shows it. `arkit` has the shapes of
`oculus`. English labels are ARPAbet without stress; those in *italics* are ours, for what English lacks. A label exists
where a sound looks or sounds different from the others; sounds that do neither share one.

- **Marks count nothing**: length and gemination (aː, tː), tone and stress, aspiration and breathy voice (pʰ bʱ),
  ejection (kʼ), palatalisation (tʲ), pharyngealisation (sˤ), dentals and what is syllabic, devoiced or unreleased. A
  face does not show them.
- **Two sounds in one** are two labels that share the time: an affricate other than those below (ts is T S, pf is P F),
  a consonant with rounded lips (kʷ is K W), a diphthong without a label of its own (œy is OE UE).
- **Both lips and tongue** (k͡p, ɡ͡b): the lips are what is seen.
- **Clicks** stand where the tongue or the lips are: ʘ with P, ǀ ǃ ǂ with T, ǁ with L.
- **An r** has the shape RR in every language, be it English (R), trilled or tapped (*RT*) or of the uvula (*RX*).
- **β** nearly closes the lips and is shown as closed; **ɸ ʋ ɱ** have the shape of f and v.
- **h and ħ** have the mouth of what follows, see [shapes.md](shapes.md).
- `labels_of` of that module reads any IPA and names the sign that no table has.
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
        shapes = ["of what follows"] * len(_SETS)
    else:
        found = (SHAPES[name] for name in _SETS)
        shapes = [str(shape.ids[shape.index_of(sound.label)]) for shape in found]
    return f"| {signs} | {label} | {sound.example} | {' | '.join(shapes)} |"


def main() -> None:
    """Write the page, or with ``--check`` tell whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is out of date")
    if not parser.parse_args().check:
        PAGE.write_text(page(), "utf-8")
    elif PAGE.read_text("utf-8") != page():
        sys.exit(f"{PAGE} is out of date: python -m tools.phonemes_page")


if __name__ == "__main__":
    main()
