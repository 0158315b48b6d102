"""Keeps keys and tokens out of what is logged."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["redact"]

_SECRET: Final = re.compile(
    r"(?P<name>\b(?:token|key|api_key|access_token|conversation_signature)=)[^&\s\"']+"
    r"|(?P<scheme>\b(?:bearer|token)\s+)[\w.~+/=-]{8,}"
    r"|(?P<user>\b(?:rediss?|valkeys?|https?)://[^\s/@:]*:)[^\s/@]+(?=@)"
    r"|\b(?:mascot_(?:ephemeral|key)_|auth_tokens/|AIza|eyJ|sk[-_]|ek_)[\w.~+/=-]+",
    re.IGNORECASE,
)
"""Query parameters, header values, passwords of URLs and key shapes under which secrets reach the log lines of
libraries."""


def redact(text: str) -> str:
    """Blanks out whatever looks like a key, a token or a password."""
    return _SECRET.sub(
        lambda match: f"{match['name'] or match['scheme'] or match['user'] or ''}[redacted]", text
    )
