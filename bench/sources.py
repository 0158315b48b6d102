"""What is known of the corpora beyond what their listings and a model's JSON card say, for the card for people.

A model's JSON card has the last word: where its entry for a corpus has the key, that holds.
"""

from __future__ import annotations

_ALIGNED = (
    "Forced alignment with pocketsphinx's English model and the pronunciations of a dictionary, moved 10 ms later, "
    "schwas told apart from other vowels. On other speech, labelled by hand, such an alignment is right in about "
    "78 % of the frames of 15 visemes. Stop closures and silences are loose, and short pauses are often given to "
    "the sounds beside them."
)

SOURCES: dict[str, dict[str, str]] = {
    "kathleen": {"about": "one studio-like voice reading prompts", "labels": _ALIGNED},
    "librispeech-dev-clean": {"about": "audiobooks, once compressed as MP3", "labels": _ALIGNED},
    "librispeech-train-clean-100": {"about": "audiobooks, one utterance a speaker", "labels": _ALIGNED},
    "picovoice-barista": {
        "about": "orders in a café with long silences, text inferred from slots",
        "labels": _ALIGNED,
        # The listing names none, so that each utterance counts as a speaker there.
        "speakers": "more than 50",
    },
    "speechocean762": {
        "about": "English read by native speakers of Mandarin, half of them children, often said otherwise than in "
        "the dictionary",
        "labels": _ALIGNED,
    },
}
"""By corpus: ``about``, ``labels`` (how its phone times were made), ``speakers`` where they cannot be counted."""
