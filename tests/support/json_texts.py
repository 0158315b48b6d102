"""Make JSON texts in all forms of the grammar, for property tests."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

spaces = st.sampled_from(["", "", "", " ", "\n", "\t ", "\r\n  "])

_PIECES = st.sampled_from(
    [
        "a",
        "type",
        " ",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "é",
        "😀",
        '\\"',
        "\\\\",
        "\\/",
        "\\n",
        "\\u0041",
        "\\ud83d\\ude00",
    ]
)
_HALF_PAIRS = st.sampled_from(["\\ud83d", "\\udc00x", "\\uDBFF\\u0041"])

strings = st.lists(_PIECES, max_size=6).map(lambda pieces: f'"{"".join(pieces)}"')
"""String literals with escapes, structure characters inside, and text beyond the basic plane."""

broken_strings = st.lists(_PIECES | _HALF_PAIRS, max_size=4).map(lambda pieces: f'"{"".join(pieces)}"')
"""The same, and halves of surrogate pairs, which only some parsers take."""

numbers = st.sampled_from(
    ["0", "-0", "1.10", "1e400", "-1E+2", "0.1e-7", "9" * 30, "9" * 5000, "true", "null"]
)


def _object(members: list[tuple[str, str]], space: str) -> str:
    return f"{{{space}{f'{space},'.join(f'{name}{space}:{space}{value}' for name, value in members)}{space}}}"


def _array(values: list[str], space: str) -> str:
    return f"[{space}{f'{space},{space}'.join(values)}{space}]"


def texts(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return a strategy of JSON documents as text: white space anywhere, names that repeat."""
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(_object, st.lists(st.tuples(strings, inner), max_size=4), spaces)
            | st.builds(_array, st.lists(inner, max_size=4), spaces)
        ),
        max_leaves=12,
    )


documents = texts(strings | numbers.filter(lambda number: len(number) < 100))
"""Documents that every parser takes."""

odd_documents = texts(strings | broken_strings | numbers)
"""Documents that some parsers refuse: half a surrogate pair, numbers of 5000 digits."""


def paths(value: Any, prefix: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return all paths into a parsed document."""
    children: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return [prefix, *(path for key, child in children for path in paths(child, (*prefix, key)))]


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """Return the value at a path."""
    for step in path:
        value = value[step]
    return value


@st.composite
def mutated(draw: st.DrawFn, templates: list[Any]) -> str:
    """Return a strategy of the given documents as text, with up to three values replaced."""
    text = json.dumps(draw(st.sampled_from(templates)), indent=draw(st.sampled_from([None, 1])))
    value = json.loads(text)
    holes: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        inner = [path for path in paths(value) if path]
        if not inner:
            break
        *above, last = draw(st.sampled_from(inner))
        holes.append(draw(odd_documents))
        at(value, tuple(above))[last] = f"hole {len(holes) - 1}"
    text = json.dumps(value, indent=draw(st.sampled_from([None, 1])))
    for number, hole in enumerate(holes):
        text = text.replace(f'"hole {number}"', hole)
    return text


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Return bytes of a strategy with a few places cut out, doubled or overwritten."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 8)))
        data[start:end] = draw(st.sampled_from([b"", bytes(data[start:end]) * 2]) | st.binary(max_size=8))
    return bytes(data)
