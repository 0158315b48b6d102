"""The sets of shapes: the phonemes of each viseme, and the blendshape coefficients of each viseme.

Phonemes are the labels of the networks of all languages; see ``phonemes`` and ``inventory``. The first viseme of each
table is the closed mouth. The tables do not use neighbouring sounds or durations; the decoder gets them from the audio.
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

# Microsoft's SAPI visemes; the index is the id.
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

# The shapes of Rhubarb Lip Sync, according to its documentation: A to F are the six shapes of Hanna-Barbera, known from
# Preston Blair's chart; G, H and X are the usual extension. Rhubarb chooses some shapes by neighbouring sounds (most
# consonants, HH) or by duration (AH, AY, AW, ER, L), and uses two shapes for a diphthong. Here each has one shape.
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

# The five lip-sync presets of VRM (0.x: A I U E O); for ``sil`` all of them are 0. VRM has no shapes for consonants.
# Consonants with closed or nearly closed lips are ``sil``, rounded ones ``ou``, and all others ``ih``.
VRM: dict[str, str] = {
    "sil": "SIL P B M BH F V PH VH MV HH_sil",
    "aa": "AA AE AH AY AW AAN HH_aa",
    "ih": "IH IY Y IX IYN HH_ih T D K G Q X GH KY GY CX N NG NY L LY LH TH DH S Z RT RX",
    "ou": "UH UW W UE UWN HH_ou CH JH SH ZH R ER HH_RR",
    "ee": "EH EY AX EX EHN HH_E",
    "oh": "AO OW OY AON EU OE HH_oh",
}

_SIDES = ("mouthSmile", "mouthDimple", "mouthStretch", "mouthPress", "mouthLowerDown", "mouthUpperUp")

# Coefficients (0 to 1) of ARKit's blendshapes for each Oculus viseme, set by hand for an average face. A name in
# `_SIDES` sets the left and the right blendshape. ``mouthClose`` closes the lips while ``jawOpen`` keeps the jaw open.
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
"""The 22 of ARKit's 52 blendshapes that the poses use: those of jaw, lips and tongue. Asymmetric blendshapes and
corners pulled down are not used, because they express emotion, not speech."""

ARKIT_POSES: dict[str, dict[str, float]] = {
    viseme: {name: pose.get(name.removesuffix("Left").removesuffix("Right"), 0.0) for name in BLENDSHAPES}
    for viseme, pose in _ARKIT.items()
}
"""The coefficients of all ``BLENDSHAPES`` for each Oculus viseme. Set them on a face when an event has this viseme."""
