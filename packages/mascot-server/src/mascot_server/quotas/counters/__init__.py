"""Shared counters: single-use tokens, request rates, running sessions and minutes used."""

from mascot_server.quotas.counters.base import Counters
from mascot_server.quotas.counters.memory import MemoryCounters

__all__ = ["Counters", "MemoryCounters"]
