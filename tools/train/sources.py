"""Describe the training speech, corpus by corpus, for the model's card."""

from __future__ import annotations

from tools.synthesis.world.voices import LANGUAGES

_ALIGNED = (
    "Forced alignment with pocketsphinx's English model and the pronunciations of a dictionary, moved 10 ms later, "
    "with schwas distinguished from other vowels. On other speech with labels made by hand, such an alignment has a "
    "frame accuracy of about 78 % (15 visemes). The times of stop closures and silences are imprecise, and short "
    "pauses are often labelled as the sounds beside them."
)
_TAUGHT = (
    " In training, target = 0.5 · label + 0.5 · teacher posteriors. The teacher is an earlier network of this "
    "repository, or one with Whisper's encoder (base, MIT) that was trained on other utterances with such labels."
)
_SYNTHETIC = "The synthesiser's own phone times, minus a constant lag that was measured for each synthesiser."
_SHARPENED = (
    "The voice's own phone times, which lie on a grid of 12 or 25 ms, minus their lag. Each time is then moved "
    "by up to 50 ms, and the start of a pause by up to 400 ms earlier, to the boundary that an earlier model of this "
    "kind predicts."
)
_CMU = "free for any use with the notice kept, as its COPYING says"

SOURCES: dict[str, dict[str, str]] = {
    "kathleen": {
        "source": "dataset-voice-kathleen (Rhasspy)",
        "licence": "CC0-1.0",
        "about": "one studio-like US voice reading prompts",
        "labels": _ALIGNED,
    },
    "librispeech-dev-clean": {
        "source": "LibriSpeech dev-clean (OpenSLR 12)",
        "licence": "CC-BY-4.0",
        "about": "audiobooks, once compressed as MP3",
        "labels": _ALIGNED,
    },
    "librispeech-train-clean-100": {
        "source": "LibriSpeech train-clean-100 (OpenSLR 12)",
        "licence": "CC-BY-4.0",
        "about": "audiobooks, one utterance a speaker",
        "labels": _ALIGNED,
    },
    "picovoice-barista": {
        "source": "speech-to-intent-benchmark (Picovoice)",
        "licence": "Apache-2.0",
        "about": "orders in a café with long silences, text inferred from slots",
        # The listing names none, so that each utterance counts as a speaker there.
        "speakers": "more than 50",
        "labels": _ALIGNED,
    },
    "speechocean762": {
        "source": "speechocean762 (OpenSLR 101)",
        "licence": "free for any use, as its README says",
        "about": "English read by native speakers of Mandarin, half of them children, often pronounced "
        "differently from the dictionary",
        "labels": _ALIGNED,
    },
    "festival-slt": {
        "source": "Festival with the voice cmu_us_slt_arctic_hts",
        "licence": _CMU,
        "about": "synthetic US voice (HTS)",
        "labels": _SYNTHETIC,
    },
    "festival-kal": {
        "source": "Festival with the voice kal_diphone",
        "licence": _CMU,
        "about": "synthetic US voice (diphones)",
        "labels": _SYNTHETIC,
    },
    "festival-ked": {
        "source": "Festival with the voice ked_diphone",
        "licence": _CMU,
        "about": "synthetic US voice (diphones)",
        "labels": _SYNTHETIC,
    },
    "flite-slt": {
        "source": "Flite with the voice slt",
        "licence": _CMU,
        "about": "synthetic US voice (clustergen)",
        "labels": _SYNTHETIC,
    },
    "flite-rms": {
        "source": "Flite with the voice rms",
        "licence": _CMU,
        "about": "synthetic US voice (clustergen)",
        "labels": _SYNTHETIC,
    },
    "flite-awb": {
        "source": "Flite with the voice awb",
        "licence": _CMU,
        "about": "synthetic Scottish voice (clustergen)",
        "labels": _SYNTHETIC,
    },
    "hibari-heart": {
        "source": "Hibari's voice heart, distilled from Kokoro-82M's af_heart",
        "licence": "Apache-2.0",
        "about": "neural US voice",
        "labels": _SHARPENED,
    },
    "kokoro-mixed": {
        "source": "Kokoro-82M, mixtures of its five Japanese voices, speaking English",
        "licence": "Apache-2.0",
        "about": "neural voices",
        "speakers": "up to 400 mixtures",
        "labels": _SHARPENED,
    },
    "piper-joe": {
        "source": "Piper's voice en_US-joe-medium",
        "licence": "CC0-1.0 for the voice",
        "about": "neural US voice",
        "labels": _SHARPENED,
    },
    "espeak-ng": {
        "source": "espeak-ng with 14 timbres",
        "licence": "GPL-3.0-or-later for the synthesiser, none for its speech",
        "about": "synthetic formants",
        "labels": _SYNTHETIC,
    },
}
"""By corpus: ``source``, ``licence``, ``about`` (what speech), ``labels`` (how the phone times were made), and
``speakers`` where they cannot be counted."""

_PHONES_OF = (
    "Forced alignment of the transcript's phones, which are espeak-ng's, by an earlier network of this kind. Each "
    "phone also uses the posteriors of similar sounds."
)
SOURCES |= {
    "de-kerstin": {
        "source": "dataset-voice-kerstin (Rhasspy)",
        "licence": "CC0-1.0",
        "about": "one studio-like German voice reading sentences",
        "labels": _PHONES_OF,
    },
    "nl-flemishguy": {
        "source": "dataset-voice-flemishguy (Rhasspy)",
        "licence": "CC0-1.0",
        "about": "one studio-like Flemish voice reading sentences",
        "labels": _PHONES_OF,
    },
    "ru-asterisk": {
        "source": "asterisk-core-sounds-ru-g722 (Debian)",
        "licence": "CC-BY-3.0",
        "about": "Russian telephone prompts, one voice",
        "labels": _PHONES_OF,
    },
    "es-css10": {
        "source": "CSS10",
        "licence": "Apache-2.0, recordings in the public domain",
        "about": "a Spanish audiobook, one voice",
        "labels": _PHONES_OF,
    },
    "ar-arabic-commands": {
        "source": "Arabic Speech Commands (Ghandoura)",
        "licence": "CC-BY-4.0",
        "about": "single Arabic words",
        "labels": _PHONES_OF,
    },
}


def source(corpus: str, *, distilled: bool = False, corrected: bool = False) -> dict[str, str]:
    """What is known of a corpus, those of `tools.synthesis.world` by their kind; nothing of one that is unknown.

    Args:
        corpus: Its name.
        distilled: Whether a network that was shipped is the teacher, of which the card tells elsewhere.
        corrected: Whether a teacher with Whisper's encoder corrected the labels of all human speech.
    """
    if corpus in SOURCES:
        known = SOURCES[corpus]
        if known["labels"] == _ALIGNED and not distilled:
            return known | {"labels": _ALIGNED + _TAUGHT}
        if known["labels"] == _PHONES_OF and corrected:
            return known | {"labels": _PHONES_OF + _TAUGHT}
        return known
    kind, _, language = corpus.partition("-")
    if language in LANGUAGES and kind == "espeak":
        return {
            "source": f"espeak-ng speaking {language}, with 38 timbres",
            "licence": "GPL-3.0-or-later for the synthesiser, none for its speech",
            "about": "synthetic formants, texts of Django and the CLDR",
            "labels": "The synthesiser's own phone times.",
        }
    if language in LANGUAGES and kind == "kokoro":
        return {
            "source": f"Kokoro-82M, mixtures of its five Japanese voices, speaking {language}",
            "licence": "Apache-2.0",
            "about": "neural voices, texts of Django and the CLDR",
            "labels": _SHARPENED,
        }
    return {}
