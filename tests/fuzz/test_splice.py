"""Editing JSON text: the edit is all that changes, wherever it is made."""

from __future__ import annotations

import json
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fuzzing import fuzzed
from support.json_texts import at, documents, paths, strings

from mascot_server.providers.json_edit import insert_member, replace_value, span

steps = st.lists(st.sampled_from(["a", "type", ""]) | st.integers(0, 3), max_size=3).map(tuple)


@fuzzed
@given(documents, documents, strings, st.data())
def test_edits(text: str, value: str, name: str, data: st.DataObject) -> None:
    document, new, member = json.loads(text), json.loads(value), json.loads(name)
    path = data.draw(st.sampled_from(paths(document)))
    start, end = span(text, path)
    assert json.loads(text[start:end]) == at(document, path)

    replaced = replace_value(text, path, value)
    assert replaced == text[:start] + value + text[end:]
    assert at(json.loads(replaced), path) == new

    if not isinstance(at(document, path), dict):
        with pytest.raises(KeyError):
            insert_member(text, path, member, value)
        return
    edited = insert_member(text, path, member, value)
    assert at(json.loads(edited), path) == at(document, path) | {member: new}
    before = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, edited, strict=False)))
    assert edited[before + len(edited) - len(text) :] == text[before:], "something else changed"


@fuzzed
@given(documents, steps)
def test_paths_that_may_lead_nowhere(text: str, path: tuple[str | int, ...]) -> None:
    known = path in paths(json.loads(text))
    try:
        span(text, path)
    except KeyError:
        assert not known
    else:
        assert known
