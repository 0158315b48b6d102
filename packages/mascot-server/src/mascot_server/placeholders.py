"""Recognise values that were copied from the documentation, such as ``<your key>``."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_placeholder"]

_PLACEHOLDER: Final = re.compile(r"(?:^|[_-])your[ _-]|\u2026|\.\.\.$|^<.*>$|change-?me", re.IGNORECASE)


def is_placeholder(value: str) -> bool:
    """Return whether a value is a placeholder: ``<key>``, ``your_key``, ``sk-…``, ``sk-...`` or ``change-me``."""
    return _PLACEHOLDER.search(value) is not None
