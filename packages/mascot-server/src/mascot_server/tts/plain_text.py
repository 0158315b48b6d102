"""Text to be spoken, without what synthesisers take for commands.

espeak-ng reads commands after the control character U+0001, whatever its options say: `80S` after it is a speed, so
that a caller could make minutes of audio from a word. Piper takes `[[…]]` for phonemes. Both phonemise for others, too.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["plain_text"]

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""All but tab and line breaks."""
_PHONEMES: Final = re.compile(r"\[(?=\[)")


def plain_text(text: str) -> str:
    """Return a text that says the same and holds no commands."""
    return _PHONEMES.sub("[ ", _CONTROLS.sub(" ", text))
