"""Edit one value of a JSON text and leave all other bytes unchanged.

A relay must not re-serialise a provider's frame to add a member to it: numbers, escapes, key order and white space
would change. These functions find the place by walking the text, trusting that it is valid JSON (the caller has
parsed it).
"""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["BYTE_ORDER_MARK", "insert_member", "insert_members", "prune", "replace_value", "span"]

BYTE_ORDER_MARK: Final = "\ufeff"
"""Allowed before a document in a binary message, where browsers skip it."""

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"[^,\]}\s]+")
_STRUCTURE = re.compile(r'["{}\[\]]')
_MOST_MARKS: Final = 100_000
"""Strings, objects and arrays of the largest document that `prune` looks through: tens of milliseconds of work."""

_BEFORE_END = "{ \t\n\r"
"""Characters before the end of the root if it may be empty, so that adding a member needs more than a comma."""


def span(text: str, path: Sequence[str | int]) -> tuple[int, int]:
    """Find the position of a value in a JSON text.

    Args:
        text: A valid JSON document.
        path: Member names and array indices from the root; empty for the root itself. Where a name is repeated
            within an object, its last occurrence counts, as it does for JSON parsers.

    Returns:
        Start and end offset of the value, white space around it excluded.

    Raises:
        KeyError: There is no such value.
    """
    start = _skip_space(text, len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0)
    _, found = _visit(text, start, path)
    if found is None:
        raise KeyError(*path)
    return found


def insert_member(text: str, path: Sequence[str | int], name: str, value: str) -> str:
    """Add a member at the end of an object.

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
        # Fast path without a walk: in providers' frames, the root ends at the end of the text.
        return f"{text[:-1]},{key}:{value}}}"
    return _insert(text, path, f"{key}:{value}")


def insert_members(text: str, path: Sequence[str | int], members: Mapping[str, str]) -> str:
    """Add members at the end of an object, as `insert_member` adds one.

    Args:
        text: A valid JSON document.
        path: Where the object stands in it; empty for the root.
        members: Names of the new members and their values as JSON text; at least one.

    Returns:
        The document with the members added.

    Raises:
        KeyError: There is no object at that path.
    """
    return _insert(
        text, path, ",".join(f"{encode_basestring_ascii(name)}:{value}" for name, value in members.items())
    )


def replace_value(text: str, path: Sequence[str | int], value: str) -> str:
    """Replace a value by another.

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


def prune(text: str, depth: int) -> str:
    """Replace objects and arrays by `null` where they are nested too deeply.

    Args:
        text: A JSON document.
        depth: How many levels are kept.

    Returns:
        The document without them. Their content was not validated.

    Raises:
        ValueError: The brackets do not match, or the document has too much structure to look through.
    """
    if sum(map(text.count, '"[{')) > _MOST_MARKS:
        raise ValueError("too much structure")
    kept: list[str] = []
    copied = position = level = 0
    while match := _STRUCTURE.search(text, position):
        mark, start = match.group(), match.start()
        position = match.end()
        try:
            if mark == '"':
                position = _string_end(text, start)
            elif mark in "}]":
                level -= 1
            elif level < depth:
                level += 1
            else:
                position = _value_end(text, start)
                kept += [text[copied:start], "null"]
                copied = position
        except KeyError:
            raise ValueError("a string, object or array is not closed") from None
    return "".join([*kept, text[copied:]])


def _insert(text: str, path: Sequence[str | int], members: str) -> str:
    start, end = span(text, path)
    if text[start] != "{":
        raise KeyError(tuple(path))
    body_end = len(text[: end - 1].rstrip(" \t\n\r"))
    comma = "" if body_end == start + 1 else ","
    return f"{text[:body_end]}{comma}{members}{text[body_end:]}"


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
    """Walk once over the value at ``start``.

    Returns:
        Where it ends, and the span of the value that ``path`` leads to from it, if there is one.
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
