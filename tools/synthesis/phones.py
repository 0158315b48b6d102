"""Phone names of the synthesisers as corpora have them: ARPAbet without stress, with AX for schwa and SIL for silence.

Indonesian corpora name the phonemes of `mascot_visemes.phonemes`. A table gives for each native phone the phones that
it contains, with equal shares of its time. A phone that is not in the table is an error. The radio set is
that of Festival and Flite (``radio_phones.scm``); the espeak-ng names are the mnemonics of its voices ``en-us`` and
``id`` (``espeak-ng -x``).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tools.synthesis.speech import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ARPABET = (
    *(
        "AA",
        "AE",
        "AH",
        "AO",
        "AW",
        "AX",
        "AY",
        "B",
        "CH",
        "D",
        "DH",
        "EH",
        "ER",
        "EY",
        "F",
        "G",
        "HH",
        "IH",
        "IY",
    ),
    *(
        "JH",
        "K",
        "L",
        "M",
        "N",
        "NG",
        "OW",
        "OY",
        "P",
        "R",
        "S",
        "SH",
        "SIL",
        "T",
        "TH",
        "UH",
        "UW",
        "V",
        "W",
        "Y",
    ),
    *("Z", "ZH"),
)
"""Every phone that an English corpus may name."""

_OF_THE_SAME_NAME = {phone.lower(): (phone,) for phone in ARPABET if phone != "SIL"}


def _table(lines: str) -> dict[str, tuple[str, ...]]:
    """Return a table from lines of ARPAbet phones, joined by + if there are several, and their native names."""
    rows = [line.split() for line in lines.strip().splitlines()]
    return {name: tuple(arpa.split("+")) for arpa, *names in rows for name in names}


# dx is a flap of t or d, which have the same mouth shape; nx is a nasal flap, hv a voiced h.
RADIO: dict[str, tuple[str, ...]] = _OF_THE_SAME_NAME | _table("""
    SIL pau
    D dx
    N nx
    HH hv
    ER axr
    AX+L el
    AX+M em
    AX+N en
""")

# The glottal stop stands for t (as in button), t# is a flap, and the semicolon a glide between vowels.
ESPEAK: dict[str, tuple[str, ...]] = _table("""
    SIL _ _: _! _|
    P p
    B b
    T t t2 t# ?
    D d
    K k
    G g
    CH tS
    JH dZ
    F f
    V v
    TH T
    DH D
    S s
    Z z
    SH S
    ZH Z
    HH h
    M m
    N n
    NG N
    L l
    R r r-
    W w
    Y j ;
    AX @ @2 @- a#
    AE a aa
    AA 0 A:
    AO O O: O2
    IH I I2 I#
    IY i i:
    ER 3 3:
    EH E
    AH V
    UH U
    UW u:
    AY aI
    AW aU
    EY eI
    OY OI
    OW oU
    AX+L @L
    AX+N n-
    AA+R A@
    AO+R O@ o@
    EH+R e@
    UH+R U@
    IH+R i@3
    IY+AX i@
    AY+AX aI@
    AY+ER aI3
""")

# Mnemonics of the ``id`` voice. R, R2 and r are trills and taps, C and S are sy, and a v is spoken as an f. An _| only
# marks where a vowel starts anew after another.
ESPEAK_INDONESIAN: dict[str, tuple[str, ...]] = _table("""
    SIL _ _: _! _|
    P p
    B b
    T t t2
    D d
    K k
    G g
    Q ?
    CH tS
    JH dZ
    F f v
    S s
    Z z
    SH S C
    ZH Z
    X x
    HH h
    M m
    N n
    NG N
    NY n^
    L l
    R r R R2
    W w
    Y j
    AA a a2
    IY i I
    UW u U
    EH E E2 e
    AX @
    AO o O O2
    AY aI
    AW aU
    OY oI OI
""")

# IPA as Hibari has it from misaki, whose capitals are diphthongs (T is a flap), after `tools.synthesis.ipa`.
MISAKI: dict[str, tuple[str, ...]] = _table("""
    SIL _
    P p
    B b
    T t T ʔ ɾ
    D d
    K k
    G ɡ
    CH ʧ
    JH ʤ
    F f
    V v
    TH θ
    DH ð
    S s
    Z z
    SH ʃ
    ZH ʒ
    HH h
    M m
    N n
    NG ŋ
    L l
    R ɹ
    W w
    Y j
    AX ə ɐ
    AX+L ᵊ
    AE æ
    AA ɑ a
    AO ɔ
    IH ɪ ᵻ
    IY i
    ER ɜɹ ɜ
    EH ɛ
    AH ʌ
    UH ʊ
    UW u
    AY I
    AW W
    EY A
    OY Y
    OW O
""")

# IPA of espeak-ng's en-us, as Piper's voices are given it, after `tools.synthesis.ipa`.
PIPER: dict[str, tuple[str, ...]] = {
    name: phone for name, phone in MISAKI.items() if name.islower() or name in {"_", "ʔ"}
} | _table("""
    ER ɚ
    CH tʃ
    JH dʒ
    AY aɪ
    AW aʊ
    EY eɪ e
    OY ɔɪ
    OW oʊ o
""")


class UnknownPhone(Exception):
    """A synthesiser used a phone that its table does not name.

    Attributes:
        phone: The phone, in the synthesiser's own name.
    """

    def __init__(self, phone: str) -> None:
        self.phone = phone
        super().__init__(phone)

    def __str__(self) -> str:
        return f"phone {self.phone!r} is in no table: add it to one in tools/synthesis/phones.py"


def arpabet(segments: Iterable[Segment], table: Mapping[str, tuple[str, ...]]) -> list[Segment]:
    """Return a synthesiser's segments with the phone names of corpora; adjacent silences become one.

    Raises:
        UnknownPhone: `table` lacks a phone.
    """
    native = [segment for segment in segments if segment.end_s > segment.start_s]
    result: list[Segment] = []
    for segment, after in pairwise([*native, Segment(0.0, 0.0, "")]):
        names = table.get(segment.phone)
        if names is None:
            raise UnknownPhone(segment.phone)
        if len(names) > 1 and names[-1:] == table.get(after.phone, ())[:1]:
            names = names[:-1]  # "caring" has one r, although its vowel has another in the table
        step = (segment.end_s - segment.start_s) / len(names)
        for i, name in enumerate(names):
            start, end = segment.start_s + i * step, segment.start_s + (i + 1) * step
            if name == "SIL" and result and result[-1].phone == "SIL":
                result[-1] = result[-1]._replace(end_s=end)
            else:
                result.append(Segment(start, end, name))
    return result
