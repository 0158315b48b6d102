"""Describe a relay for a measurement: how to start it, and how an app connects to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.relay.wires import Wire

__all__ = ["Address", "Command", "Contender", "Counted", "Plain"]


@dataclass(frozen=True, slots=True)
class Address:
    """Address that an app connects to, and the headers."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command:
    """How to start a program.

    Attributes:
        arguments: Its command line.
        environment: Variables added to those of this process.
        start_seconds: Maximum time until it listens.
    """

    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    start_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts of a server about its visemes.

    Attributes:
        late: Audio messages that were forwarded without visemes because these were too late.
        turns: Turns by the network of their beginning.
        changed: Turns that changed to the fast network before their end.
    """

    late: int = 0
    turns: Mapping[str, int] = field(default_factory=dict)
    changed: int = 0

    def since(self, before: Counted) -> Counted:
        """Return the counts since `before`."""
        turns = {name: count - before.turns.get(name, 0) for name, count in self.turns.items()}
        return Counted(
            self.late - before.late,
            {name: count for name, count in turns.items() if count},
            self.changed - before.changed,
        )


class Contender(Protocol):
    """A relay to measure.

    Attributes:
        key: Name on the command line.
        name: Name in the table.
        visemes: Whether it adds visemes.
        unknown_format: Whether the provider names a format that gets no visemes.
    """

    key: str
    name: str
    visemes: bool
    unknown_format: bool

    def missing(self, wire: Wire) -> str | None:
        """Return the reason why it cannot be measured, or ``None``."""

    def command(self, folder: Path, port: int, upstream_port: int) -> Command | None:
        """Return how to start it in a folder of its own; ``None`` if there is no program to start."""

    async def addresses(self, port: int, wire: Wire, count: int) -> list[Address]:
        """Return one address per app; `port` is the provider's if there is no program to start."""

    async def counted(self, port: int) -> Counted | None:
        """Return its counts so far; ``None`` if it has none."""


class Plain:
    """Base class of relays that forward every path."""

    visemes = False
    """Whether it adds visemes."""
    unknown_format = False
    """Whether the provider names a format that gets no visemes."""

    def missing(self, wire: Wire) -> str | None:  # noqa: ARG002 - others need it
        """Return ``None``: nothing is missing."""
        return None

    async def addresses(self, port: int, wire: Wire, count: int) -> list[Address]:
        """Return the provider's own path."""
        return [Address(f"ws://127.0.0.1:{port}{wire.path}")] * count

    async def counted(self, port: int) -> Counted | None:  # noqa: ARG002 - others ask there
        """Return ``None``: it has no counts."""
        return None
