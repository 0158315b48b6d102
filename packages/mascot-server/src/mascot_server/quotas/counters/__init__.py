"""What processes have to agree on: single use, rates, running sessions and minutes used."""

from mascot_server.quotas.counters.base import Ledger
from mascot_server.quotas.counters.memory import MemoryLedger

__all__ = ["Ledger", "MemoryLedger"]
