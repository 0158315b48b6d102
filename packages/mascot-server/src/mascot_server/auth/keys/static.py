"""The keys of `MASCOT_API_KEYS`: without limits, valid as long as the process runs."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from mascot_server.auth.keys.records import KeyRecord, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["StaticKeys"]

_HASHED: Final = "sha256:"
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


class StaticKeys:
    """A fixed set of keys. Only their hashes are kept.

    Args:
        keys: Each a key in plain text, or `sha256:` and the hex digest of one.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._records = [_record(key) for key in keys]
        self._by_id = {record.id: record for record in self._records}

    def by_digest(self, digest: bytes) -> KeyRecord | None:
        """Return the record of the key with a hash."""
        # Every digest is compared, in constant time, so that the duration reveals nothing about the keys.
        matches = [hmac.compare_digest(digest, record.digest) for record in self._records]
        return self._records[matches.index(True)] if any(matches) else None

    def by_id(self, key_id: str) -> KeyRecord | None:
        """Return the record of the key with an id."""
        return self._by_id.get(key_id)


def _record(key: str) -> KeyRecord:
    digest = bytes.fromhex(key.removeprefix(_HASHED)) if key.startswith(_HASHED) else digest_of(key)
    # The id is the same in every process and after a restart, so that tokens still refer to their key. It is short,
    # because it is logged and such a key may be weak: 24 bits do not reveal it. Two keys with the same id do no harm.
    key_id = f"env-{hashlib.sha256(b'mascot key id' + digest).hexdigest()[:6]}"
    return KeyRecord(id=key_id, name="MASCOT_API_KEYS", digest=digest, created=_EPOCH)
