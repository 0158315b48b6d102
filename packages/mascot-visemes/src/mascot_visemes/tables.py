"""The viseme sets: which phonemes look alike, and what a face with blendshapes does for each shape.

Phonemes are the labels of the networks of all languages, see ``phonemes`` and ``inventory``. In each table the first shape
is the mouth at rest. No table looks at neighbours or durations: that is left to the decoder, which sees them in the
sound.
"""

from __future__ import annotations

# Oculus/OpenXR visemes.
OCULUS: dict[str, str] = {
    "sil": "SIL HH_sil",
    "PP": "P B M BH",
    "FF": "F V PH VH MV",
    "TH": "TH DH",
    "DD": "T D",
    "kk": "K G Q X GH KY GY CX",
    "CH": "CH JH SH ZH",
    "SS": "S Z",
    "nn": "N L NG NY LY LH",
    "RR": "R ER RT RX HH_RR",
    "aa": "AA AE AH AY AW AAN HH_aa",
    "E": "EH EY AX EX EHN HH_E",
    "ih": "IH IY Y IX IYN HH_ih",
    "oh": "AO OW OY AON EU OE HH_oh",
    "ou": "UH UW W UE UWN HH_ou",
}

# Microsoft's SAPI viseme ids, the index being the id.
SAPI: tuple[str, ...] = (
    "SIL",
    "AE AX AH EX",
    "AA AAN",
    "AO AON OE",
    "EY EH UH EHN",
    "ER",
    "Y IY IH IX IYN",
    "W UW UE UWN",
    "OW EU",
    "AW",
    "OY",
    "AY",
    "HH_aa HH_E HH_ih HH_oh HH_ou HH_RR HH_sil",
    "R RT RX",
    "L LY LH",
    "S Z",
    "SH CH JH ZH",
    "TH DH",
    "F V PH VH MV",
    "D T N NY",
    "K G NG Q X GH KY GY CX",
    "P B M BH",
)

# The shapes of Rhubarb Lip Sync, after what its documentation says of them: A to F are the six of Hanna-Barbera that
# Preston Blair's chart made known, G, H and X the usual extension. Where Rhubarb chooses by neighbours (most
# consonants, HH) or by duration (AH, AY, AW, ER, L), and where it gives a diphthong two shapes, there is one here.
RHUBARB: dict[str, str] = {
    "X": "SIL HH_sil",
    "A": "P B M BH",
    "B": "T D K G Q X GH KY GY CX N NG NY TH DH S Z SH ZH CH JH R RT RX Y IH IY IX IYN HH_ih",
    "C": "EH EY AE AH AX EX EHN HH_E HH_aa",
    "D": "AA AY AW AAN",
    "E": "AO OW OY AON EU OE ER HH_oh HH_RR",
    "F": "UW UH W UE UWN HH_ou",
    "G": "F V PH VH MV",
    "H": "L LY LH",
}

# The five lip-sync presets of VRM (0.x: A I U E O), ``sil`` being none of them. There is no shape for consonants:
# those that close the lips, or nearly, are at rest; rounded ones are nearest to ``ou``, others, teeth together or a
# little apart, to ``ih``.
VRM: dict[str, str] = {
    "sil": "SIL P B M BH F V PH VH MV HH_sil",
    "aa": "AA AE AH AY AW AAN HH_aa",
    "ih": "IH IY Y IX IYN HH_ih T D K G Q X GH KY GY CX N NG NY L LY LH TH DH S Z RT RX",
    "ou": "UH UW W UE UWN HH_ou CH JH SH ZH R ER HH_RR",
    "ee": "EH EY AX EX EHN HH_E",
    "oh": "AO OW OY AON EU OE HH_oh",
}

_SIDES = ("mouthSmile", "mouthDimple", "mouthStretch", "mouthPress", "mouthLowerDown", "mouthUpperUp")

# Coefficients (0 to 1) of ARKit's blendshapes for each Oculus viseme, set by hand for a face of middling range; names
# in `_SIDES` stand for a left and a right one. ``mouthClose`` undoes ``jawOpen`` for the lips alone.
_ARKIT: dict[str, dict[str, float]] = {
    "sil": {},
    "PP": {
        "jawOpen": 0.1,
        "mouthClose": 0.1,
        "mouthRollLower": 0.3,
        "mouthRollUpper": 0.3,
        "mouthShrugLower": 0.15,
        "mouthPress": 0.4,
    },
    "FF": {"jawOpen": 0.1, "mouthRollLower": 0.6, "mouthShrugLower": 0.1, "mouthUpperUp": 0.25},
    "TH": {
        "jawOpen": 0.15,
        "jawForward": 0.05,
        "mouthLowerDown": 0.25,
        "mouthUpperUp": 0.1,
        "tongueOut": 0.3,
    },
    "DD": {"jawOpen": 0.12, "mouthStretch": 0.1, "mouthLowerDown": 0.3, "mouthUpperUp": 0.15},
    "kk": {"jawOpen": 0.18, "mouthStretch": 0.1, "mouthLowerDown": 0.2, "mouthUpperUp": 0.1},
    "CH": {
        "jawOpen": 0.1,
        "jawForward": 0.15,
        "mouthFunnel": 0.5,
        "mouthPucker": 0.2,
        "mouthShrugLower": 0.15,
        "mouthShrugUpper": 0.15,
        "mouthLowerDown": 0.2,
        "mouthUpperUp": 0.15,
    },
    "SS": {
        "jawOpen": 0.05,
        "jawForward": 0.05,
        "mouthSmile": 0.1,
        "mouthDimple": 0.1,
        "mouthStretch": 0.3,
        "mouthLowerDown": 0.35,
        "mouthUpperUp": 0.2,
    },
    "nn": {"jawOpen": 0.14, "mouthStretch": 0.1, "mouthLowerDown": 0.2, "mouthUpperUp": 0.1},
    "RR": {"jawOpen": 0.15, "mouthFunnel": 0.3, "mouthPucker": 0.25, "mouthShrugLower": 0.1},
    "aa": {"jawOpen": 0.6, "mouthLowerDown": 0.3, "mouthUpperUp": 0.15},
    "E": {
        "jawOpen": 0.35,
        "mouthSmile": 0.1,
        "mouthStretch": 0.25,
        "mouthLowerDown": 0.3,
        "mouthUpperUp": 0.15,
    },
    "ih": {
        "jawOpen": 0.2,
        "mouthSmile": 0.2,
        "mouthDimple": 0.1,
        "mouthStretch": 0.4,
        "mouthLowerDown": 0.25,
        "mouthUpperUp": 0.15,
    },
    "oh": {"jawOpen": 0.4, "mouthFunnel": 0.5, "mouthPucker": 0.2},
    "ou": {"jawOpen": 0.2, "mouthFunnel": 0.3, "mouthPucker": 0.7, "mouthShrugUpper": 0.1},
}

BLENDSHAPES: tuple[str, ...] = (
    "jawOpen",
    "jawForward",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    *(name + side for name in _SIDES for side in ("Left", "Right")),
    "tongueOut",
)
"""The 22 blendshapes that the poses use of ARKit's 52: those of jaw, lips and tongue, but for the lopsided ones and the
corners pulled down, which show a mood rather than a sound."""

ARKIT_POSES: dict[str, dict[str, float]] = {
    viseme: {name: pose.get(name.removesuffix("Left").removesuffix("Right"), 0.0) for name in BLENDSHAPES}
    for viseme, pose in _ARKIT.items()
}
"""For each Oculus viseme every coefficient of ``BLENDSHAPES``: what to set on a face when an event names the viseme."""
