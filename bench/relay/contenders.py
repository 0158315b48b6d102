"""What a relay has to say for itself to be measured: how it is started, and how an app dials it."""

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
    """Where an app dials, and with which headers."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command:
    """How a program is started.

    Attributes:
        arguments: Its command line.
        environment: Added to ours.
        start_seconds: How long it may take until it listens.
    """

    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    start_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Counted:
    """What a server has counted about its visemes.

    Attributes:
        late: Audio messages that went on without visemes because these came too late.
        turns: Turns by the network that they began with.
        changed: Turns that changed to the fast network before their end.
    """

    late: int = 0
    turns: Mapping[str, int] = field(default_factory=dict)
    changed: int = 0

    def since(self, before: Counted) -> Counted:
        """Return what was counted after `before`."""
        turns = {name: count - before.turns.get(name, 0) for name, count in self.turns.items()}
        return Counted(
            self.late - before.late,
            {name: count for name, count in turns.items() if count},
            self.changed - before.changed,
        )


class Contender(Protocol):
    """A relay to measure.

    Attributes:
        key: What the command line calls it.
        name: What the table calls it.
        visemes: Whether it adds visemes.
        unknown_format: Whether the provider names a format that gets no visemes.
    """

    key: str
    name: str
    visemes: bool
    unknown_format: bool

    def missing(self, wire: Wire) -> str | None:
        """Why it cannot be measured, or `None`."""

    def command(self, folder: Path, port: int, upstream_port: int) -> Command | None:
        """How to start it in a folder of its own; `None` where there is nothing to start."""

    async def addresses(self, port: int, wire: Wire, count: int) -> list[Address]:
        """Where that many apps dial; `port` is the provider's where there is nothing to start."""

    async def counted(self, port: int) -> Counted | None:
        """What it has counted so far; `None` if it cannot tell."""


class Plain:
    """What relays that pass every path on have in common."""

    visemes = False
    """Whether it adds visemes."""
    unknown_format = False
    """Whether the provider names a format that gets no visemes."""

    def missing(self, wire: Wire) -> str | None:  # noqa: ARG002 - others need it
        """Nothing is missing."""
        return None

    async def addresses(self, port: int, wire: Wire, count: int) -> list[Address]:
        """The provider's own path."""
        return [Address(f"ws://127.0.0.1:{port}{wire.path}")] * count

    async def counted(self, port: int) -> Counted | None:  # noqa: ARG002 - others ask there
        """It counts nothing."""
        return None
