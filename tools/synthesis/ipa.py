"""Join the IPA symbols of a synthesiser to phones, with the length of each.

Such a synthesiser times symbols, not phones. A mark of stress or length is part of the sound beside it, two symbols may
be one phone (a diphthong, an affricate), and a space has the sound of its neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.synthesis.speech import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable

PAUSES = frozenset(",.;:?!—…")
_BEFORE = frozenset("ˈˌ")  # belong to the sound that follows
_AFTER = frozenset("ːʲ")  # belong to the sound before
_PAIRS = frozenset({"aɪ", "aʊ", "eɪ", "oʊ", "ɔɪ", "tʃ", "dʒ", "ɜɹ"})
_SIL = "_"


def phones(symbols: Iterable[Segment]) -> tuple[Segment, ...]:
    """Return segments of phones, without gaps, from segments of symbols.

    Args:
        symbols: Segments without gaps. An empty one or a space belongs to the sound before; a pause mark is silence.
    """
    result: list[Segment] = []
    begun: float | None = None  # start of a stress mark before its sound
    joined = False  # whether the next symbol follows the last in one word
    for start, end, symbol in symbols:
        if symbol in _BEFORE or (symbol == "" and begun is not None):
            begun = start if begun is None else begun
            joined = False
            continue
        if symbol in PAUSES or not result:
            result.append(Segment(start, end, _SIL))
            joined = False
        elif not symbol.isalpha() or symbol in _AFTER:
            result[-1] = result[-1]._replace(end_s=end)
            joined = joined and symbol == ""
        elif joined and result[-1].phone + symbol in _PAIRS:
            result[-1] = result[-1]._replace(end_s=end, phone=result[-1].phone + symbol)
        else:
            first = start if begun is None else begun
            result.append(Segment(first, end, symbol))
            joined = True
        begun = None
    return tuple(result)
