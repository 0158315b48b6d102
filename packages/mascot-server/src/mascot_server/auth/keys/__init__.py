"""API keys of this server: what each may be used for, and its limits."""

from mascot_server.auth.keys.directory import MAX_AGE_SECONDS, KeyDirectory
from mascot_server.auth.keys.records import KeyLimits, KeyRecord, new_key
from mascot_server.auth.keys.static import StaticKeys
from mascot_server.auth.keys.store import KeyStore

__all__ = [
    "MAX_AGE_SECONDS",
    "KeyDirectory",
    "KeyLimits",
    "KeyRecord",
    "KeyStore",
    "StaticKeys",
    "new_key",
]
