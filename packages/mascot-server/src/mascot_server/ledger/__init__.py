"""What processes have to agree on: single use, rates, running sessions and minutes used."""

from mascot_server.ledger.base import Ledger
from mascot_server.ledger.memory import MemoryLedger

__all__ = ["Ledger", "MemoryLedger"]
