"""The public face of the packages for keys and for what processes share."""

from __future__ import annotations

from mascot_server import keys, ledger


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
    assert ledger.__all__ == ["Ledger", "MemoryLedger"]
    for package in (keys, ledger):
        assert all(hasattr(package, name) for name in package.__all__)
