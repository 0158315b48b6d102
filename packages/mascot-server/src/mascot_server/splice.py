"""Edit one place of a JSON text and leave every other byte as it was.

A relay must not re-serialise a provider's frame to add a member to it: numbers, escapes, key order and white space
would change. These functions find the place by walking the text, trusting that it is valid JSON (the caller has
parsed it).
"""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["insert_member", "replace_value", "span"]

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"[^,\]}\s]+")
_STRUCTURE = re.compile(r'["{}\[\]]')
_BEFORE_END = "{ \t\n\r"
"""What may stand before the end of the root where it takes more than a comma to add a member."""


def span(text: str, path: Sequence[str | int]) -> tuple[int, int]:
    """Finds where a value stands in a JSON text.

    Args:
        text: A valid JSON document.
        path: Member names and array indices from the root; empty for the root itself. Where a name is repeated
            within an object, its last occurrence counts, as it does for JSON parsers.

    Returns:
        Start and end offset of the value, white space around it excluded.

    Raises:
        KeyError: There is no such value.
    """
    _, found = _visit(text, _skip_space(text, 0), path)
    if found is None:
        raise KeyError(*path)
    return found


def insert_member(text: str, path: Sequence[str | int], name: str, value: str) -> str:
    """Adds a member at the end of an object.

    Args:
        text: A valid JSON document.
        path: Where the object stands in it; empty for the root.
        name: Name of the new member.
        value: Its value, as JSON text.

    Returns:
        The document with the member added.

    Raises:
        KeyError: There is no object at that path.
    """
    key = encode_basestring_ascii(name)
    if not path and text.endswith("}") and text[-2] not in _BEFORE_END:
        # No walk: the root ends where the text does. That is how providers' frames look.
        return f"{text[:-1]},{key}:{value}}}"
    start, end = span(text, path)
    if text[start] != "{":
        raise KeyError(tuple(path))
    body_end = len(text[: end - 1].rstrip(" \t\n\r"))
    comma = "" if body_end == start + 1 else ","
    return f"{text[:body_end]}{comma}{key}:{value}{text[body_end:]}"


def replace_value(text: str, path: Sequence[str | int], value: str) -> str:
    """Replaces a value by another.

    Args:
        text: A valid JSON document.
        path: Where the old value stands in it.
        value: The new one, as JSON text.

    Returns:
        The document with the value replaced.

    Raises:
        KeyError: There is no value at that path.
    """
    start, end = span(text, path)
    return text[:start] + value + text[end:]


def _skip_space(text: str, position: int) -> int:
    if text[position : position + 1] > " ":
        return position
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _string_end(text: str, position: int) -> int:
    # Nearly all of an audio frame is one string; `find` runs over it many times faster than an expression.
    end = text.find('"', position + 1)
    while end >= 0:
        first = end
        while text[first - 1] == "\\":
            first -= 1
        if (end - first) % 2 == 0:
            return end + 1
        end = text.find('"', end + 1)
    raise KeyError(position)


def _value_end(text: str, position: int) -> int:
    if text[position] == '"':
        return _string_end(text, position)
    if text[position] not in "{[":
        match = _SCALAR.match(text, position)
        return match.end() if match else position
    depth = 0
    while match := _STRUCTURE.search(text, position):
        mark = match.group()
        if mark == '"':
            position = _string_end(text, match.start())
            continue
        position = match.end()
        depth += 1 if mark in "{[" else -1
        if depth == 0:
            return position
    raise KeyError(position)


def _visit(text: str, start: int, path: Sequence[str | int]) -> tuple[int, tuple[int, int] | None]:
    """Walks once over the value at `start`.

    Returns:
        Where it ends, and the span of the value that `path` leads to from it, if there is one.
    """
    if not path:
        end = _value_end(text, start)
        return end, (start, end)
    named = text[start] == "{"
    if text[start] != ("{" if isinstance(path[0], str) else "["):
        return _value_end(text, start), None
    found = None
    position = _skip_space(text, start + 1)
    index = 0
    while text[position] not in "}]":
        key: str | int = index
        if named:
            end = _string_end(text, position)
            key = _name(text[position:end])
            position = _skip_space(text, _skip_space(text, end) + 1)
        if key == path[0]:
            position, found = _visit(text, position, path[1:])
        else:
            position = _value_end(text, position)
        position = _skip_space(text, position)
        if text[position] == ",":
            position = _skip_space(text, position + 1)
        index += 1
    return position + 1, found


def _name(literal: str) -> str:
    if "\\" not in literal:
        return literal[1:-1]
    name: str = json.loads(literal)
    return name
