"""API keys of this server: who may ask for a signed URL."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from mascot_server.errors import Unauthorized

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ApiKeys"]

_HASHED = "sha256:"


class ApiKeys:
    """The set of valid keys. Only their hashes are kept.

    Args:
        keys: Each a key in clear, or `sha256:` and the hex digest of one.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._digests = [
            bytes.fromhex(key.removeprefix(_HASHED)) if key.startswith(_HASHED) else _digest(key)
            for key in keys
        ]

    def check(self, authorization: str | None) -> None:
        """Checks the `Authorization` header of a request.

        Raises:
            Unauthorized: It holds no valid bearer key.
        """
        scheme, _, key = (authorization or "").partition(" ")
        presented = _digest(key.strip())
        # Every digest is compared, in constant time, so that the time taken says nothing about the keys.
        matches = [hmac.compare_digest(presented, digest) for digest in self._digests]
        if scheme.lower() != "bearer" or not any(matches):
            raise Unauthorized("Invalid API key")


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
