"""Strict parsing of stored records: a damaged record is not a key, and a damaged limit does not mean "no limit"."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mascot_server.auth.keys.records import KeyLimits, KeyRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DamagedRecordError", "read_record"]

_ID: Final = re.compile(r"[!-~]{1,200}")
_DIGEST_BYTES: Final = 32
_LARGEST_LIMIT: Final = 2**53
"""Redis' Lua cannot represent all integers above it."""


class DamagedRecordError(ValueError):
    """A stored record is damaged; the text names the field and shows no value."""


def read_record(fields: Mapping[str, object]) -> KeyRecord:
    """Return the key record with the given fields.

    Args:
        fields: Values by name: the digest as bytes, times as ISO 8601 text, lists as lists.

    Raises:
        DamagedRecordError: A field is missing or has an invalid value.
    """
    revoked = _field(fields, "revoked")
    return KeyRecord(
        id=_text(fields, "id", _ID),
        name=_text(fields, "name"),
        digest=_digest(fields),
        created=_time(fields, "created"),
        limits=KeyLimits(
            *(_limit(fields, name) for name in ("requests_per_minute", "sessions", "minutes_per_day"))
        ),
        providers=_texts(fields, "providers"),
        origins=_texts(fields, "origins"),
        revoked=None if revoked is None else _time(fields, "revoked"),
    )


def _field(fields: Mapping[str, object], name: str) -> object:
    try:
        return fields[name]
    except KeyError:
        raise DamagedRecordError(f"{name} is missing") from None


def _text(fields: Mapping[str, object], name: str, pattern: re.Pattern[str] | None = None) -> str:
    value = _field(fields, name)
    if not isinstance(value, str) or (pattern is not None and not pattern.fullmatch(value)):
        raise DamagedRecordError(f"{name} is not valid text")
    return value


def _texts(fields: Mapping[str, object], name: str) -> tuple[str, ...]:
    values = _field(fields, name)
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise DamagedRecordError(f"{name} is not a list of strings")
    return tuple(values)


def _digest(fields: Mapping[str, object]) -> bytes:
    value = _field(fields, "digest")
    if not isinstance(value, bytes) or len(value) != _DIGEST_BYTES:
        raise DamagedRecordError("digest is not a SHA-256")
    return value


def _limit(fields: Mapping[str, object], name: str) -> int | None:
    value = _field(fields, name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LARGEST_LIMIT:
        raise DamagedRecordError(f"{name} is not a whole number of at least 1")
    return value


def _time(fields: Mapping[str, object], name: str) -> datetime:
    try:
        time = datetime.fromisoformat(_text(fields, name))
    except ValueError:
        raise DamagedRecordError(f"{name} is not a time") from None
    if time.tzinfo is None:
        raise DamagedRecordError(f"{name} is a time without a time zone")
    return time
