"""Editing JSON text in place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mascot_server.providers.json_edit import insert_member, replace_value, span

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
indents = st.sampled_from([None, 0, 2])


def paths(value: Any, prefix: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """All paths into a document."""
    children: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return [prefix, *(path for key, child in children for path in paths(child, (*prefix, key)))]


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@given(documents, indents, st.booleans(), st.data())
def test_span_is_the_text_of_the_value(
    document: Any, indent: int | None, ascii_only: bool, data: Any
) -> None:
    text = f" {json.dumps(document, indent=indent, ensure_ascii=ascii_only)}\n"
    path = data.draw(st.sampled_from(paths(document)))
    start, end = span(text, path)
    assert json.loads(text[start:end]) == at(document, path)


@given(documents, indents, st.text(), documents, st.data())
def test_an_inserted_member_is_all_that_changes(
    document: Any, indent: int | None, name: str, value: Any, data: Any
) -> None:
    text = json.dumps(document, indent=indent)
    objects = [path for path in paths(document) if isinstance(at(document, path), dict)]
    path = data.draw(st.sampled_from(objects or [()]))
    if not objects:
        with pytest.raises(KeyError):
            insert_member(text, path, name, "1")
        return
    member = json.dumps(value)
    edited = insert_member(text, path, name, member)
    assert at(json.loads(edited), path) == at(document, path) | {name: value}
    inserted = f"{json.dumps(name)}:{member}"
    assert text in {edited.replace(inserted, "", 1), edited.replace(f",{inserted}", "", 1)} or any(
        edited[:i] + edited[i + len(cut) :] == text
        for cut in (inserted, f",{inserted}")
        for i in range(len(edited))
        if edited.startswith(cut, i)
    )


@given(documents, indents, documents, st.data())
def test_a_replaced_value_is_all_that_changes(
    document: Any, indent: int | None, value: Any, data: Any
) -> None:
    text = json.dumps(document, indent=indent)
    path = data.draw(st.sampled_from(paths(document)))
    start, end = span(text, path)
    edited = replace_value(text, path, json.dumps(value))
    assert edited.startswith(text[:start])
    assert edited.endswith(text[end:])
    assert at(json.loads(edited), path) == value


def test_the_last_of_repeated_names_counts_as_it_does_for_parsers() -> None:
    text = '{"a": 1, "a": {"b": 2}}'
    assert insert_member(text, ("a",), "c", "3") == '{"a": 1, "a": {"b": 2,"c":3}}'


@pytest.mark.parametrize("path", [("b",), ("a", 1), ("a", "x"), (0,)])
def test_a_path_that_leads_nowhere_is_a_key_error(path: tuple[str | int, ...]) -> None:
    with pytest.raises(KeyError):
        span('{"a": [1]}', path)
