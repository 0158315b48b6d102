"""Bounded storage of a codec for responses: a service that never ends them must not fill the memory."""

from __future__ import annotations

from typing import Final, TypeVar

__all__ = ["remember"]

Value = TypeVar("Value")

_MOST_RESPONSES: Final = 64


def remember(memory: dict[str, Value], response_id: str, value: Value) -> None:
    """Store a value of a response; drop the oldest one if there are too many."""
    memory[response_id] = value
    if len(memory) > _MOST_RESPONSES:
        del memory[next(iter(memory))]
