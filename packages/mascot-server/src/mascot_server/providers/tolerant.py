"""Tolerant parsers for input that the providers' SDKs accept and the parsers of the hot path reject.

The quick parsers are strict: half a surrogate pair, a number of thousands of digits, deep nesting, invalid UTF-8,
URL-safe or unpadded base64 are errors to them. JavaScript's `JSON.parse` and `atob`, Python's `json` and `base64`
and Google's JSON mapping take all or some of these. This module runs only after a quick parser has failed.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

import pybase64

from mascot_server.providers.json_edit import BYTE_ORDER_MARK, prune

__all__ = ["decode_forgiving", "read_forgiving"]

_MOST_DIGITS: Final = 4300
"""Python's default limit for the conversion of digits to an `int`, which takes quadratic time."""

_DEPTH: Final = 64
"""Nesting that is kept if Python's parser runs out of stack; codecs read at most eight levels."""

_BASE64: Final = str.maketrans("-_", "+/", " \t\n\f\r")


def read_forgiving(text: str) -> Any:
    """Parse JSON text; return `None` if it is invalid.

    Values nested too deeply for Python's parser become `None`. Numbers too long for it become infinite.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    try:
        return _parse(text)
    except ValueError:
        return None
    except RecursionError:
        pass
    try:
        return _parse(prune(text, _DEPTH))
    except (ValueError, RecursionError):
        return None


def decode_forgiving(text: str) -> bytes | None:
    """Decode base64 of either alphabet, padded or not; return `None` if it is invalid."""
    if not text.isascii():
        return None
    digits = text.translate(_BASE64).rstrip("=")
    try:
        return pybase64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError:
        return None


def _parse(text: str) -> Any:
    return json.loads(text, parse_int=_integer, parse_float=_float)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else _float(digits)


def _float(digits: str) -> float:
    # A number this long cannot be a sample rate or an event id; converting it would take quadratic time.
    return float(digits) if len(digits) <= _MOST_DIGITS else math.inf
