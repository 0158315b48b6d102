"""The public face of the packages for keys and for what processes share."""

from __future__ import annotations

from mascot_server.auth import keys
from mascot_server.quotas import counters


def test_what_is_public_is_there() -> None:
    assert keys.__all__ == [
        "MAX_AGE_SECONDS",
        "KeyDirectory",
        "KeyLimits",
        "KeyRecord",
        "KeyStore",
        "StaticKeys",
        "new_key",
    ]
    assert counters.__all__ == ["Counters", "MemoryCounters"]
    for package in (keys, counters):
        assert all(hasattr(package, name) for name in package.__all__)
