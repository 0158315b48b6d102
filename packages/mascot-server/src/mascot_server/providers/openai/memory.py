"""What a codec remembers of responses, bounded: a service that never ends one must not fill the memory."""

from __future__ import annotations

from typing import Final, TypeVar

__all__ = ["remember"]

Value = TypeVar("Value")

_MOST_RESPONSES: Final = 64


def remember(memory: dict[str, Value], response_id: str, value: Value) -> None:
    """Store a value of a response; the oldest one is forgotten where there are too many."""
    memory[response_id] = value
    if len(memory) > _MOST_RESPONSES:
        del memory[next(iter(memory))]
