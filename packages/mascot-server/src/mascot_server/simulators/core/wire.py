"""Parsing of client messages."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

_DEEPEST = 64


def read_object(message: str | bytes) -> dict[str, Any]:
    """Parse a message that must be a JSON object.

    Raises:
        ValueError: it is not JSON, not an object, or nested too deeply; the text says which, and quotes nothing.
    """
    try:
        parsed = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise ValueError("not valid JSON") from error
    if not isinstance(parsed, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the peer's value, not a caller's type
    if _is_deep(parsed):
        raise ValueError(f"nested more than {_DEEPEST} levels deep")
    return parsed


def _is_deep(value: dict[str, Any]) -> bool:
    """Return whether a value is nested so deeply that walking it could exhaust the stack."""
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        holders = [entry for entry in level if isinstance(entry, dict | list)]
        level = [
            child for holder in holders for child in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return False
    return True


def read_member(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a field that must be an object; an empty object if it is missing.

    Raises:
        ValueError: the field has another type.
    """
    member = holder.get(name)
    if member is None:
        return {}
    if not isinstance(member, dict):
        raise ValueError(f"{name} must be an object")  # noqa: TRY004 - the peer's value, not a caller's type
    return member


def read_base64(text: object) -> bytes:
    """Decode base64 strictly.

    Raises:
        ValueError: it is not a string of base64.
    """
    if not isinstance(text, str):
        raise ValueError("not a string")  # noqa: TRY004 - the peer's value, not a caller's type
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error


def read_any_base64(text: object) -> bytes:
    """Decode base64 of either alphabet, padded or not, as Google's JSON mapping allows.

    Raises:
        ValueError: it is not a string of base64.
    """
    if isinstance(text, str):
        text = text.replace("-", "+").replace("_", "/").rstrip("=")
        text += "=" * (-len(text) % 4)
    return read_base64(text)


def write_base64(data: bytes) -> str:
    """Encode as base64."""
    return base64.b64encode(data).decode("ascii")
