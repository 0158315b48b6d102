"""The raw events: all of them, filtered as asked, and nothing in them that is not for eyes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from browser.conftest import Playground


def shown(playground: Playground) -> list[str]:
    return playground.page.locator("#log li:not([hidden]) .name").all_inner_texts()


def test_events_are_shown_and_filtered(playground: Playground) -> None:
    playground.choose("openai")
    playground.write("What can you do?")
    playground.wait_for_state("speaking")
    page = playground.page
    page.click("#tab-log")
    playground.wait_until(lambda: "response.done" in shown(playground), "the end of the response")
    assert shown(playground)[0] == "session.update" or shown(playground)[0] == "session.created"
    total = len(playground.wire.received) + len(playground.wire.sent)
    playground.wait_until(lambda: page.inner_text("#log-count") == str(total), "all events")
    brief = page.locator("#log li[data-audio=true] .brief").all_inner_texts()
    assert any("@" in text for text in brief)

    page.uncheck("#log-audio")
    assert "response.output_audio.delta" not in shown(playground)
    page.uncheck("#log-out")
    assert "response.create" not in shown(playground)
    page.fill("#log-filter", "session.cr")
    assert shown(playground) == ["session.created"]
    page.click("#log li:not([hidden]) summary")
    assert json.loads(page.inner_text("#log li:not([hidden]) pre"))["type"] == "session.created"
    page.click("#log-clear")
    assert shown(playground) == []


def test_long_audio_is_shortened(playground: Playground) -> None:
    playground.choose("elevenlabs")
    playground.page.click("#start")
    playground.wait_for_state("speaking")
    playground.page.click("#tab-log")
    playground.page.fill("#log-filter", "audio_base_64")
    playground.page.click("#log li:not([hidden]) summary >> nth=0")
    text = playground.page.inner_text("#log li:not([hidden]) pre >> nth=0")
    assert "bytes)" in text
    assert len(text) < 5000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"api_key": "abc"}, {"api_key": "•••"}),
        ({"token": "x", "tokens": 3}, {"token": "•••", "tokens": 3}),
        ("ek_68a1b2c3d4e5f6", "•••"),
        ("wss://h/v1/conversation?token=eyJabc.def&x=1", "wss://h/v1/conversation?token=•••&x=1"),
        ("eyJhbGciOiJIUzI1NiIsImtpZCI6.abc.def", "•••"),
        (["mascot_ephemeral_eyJhbGci"], ["•••"]),
        ("sk-proj-abcdefghij", "•••"),
        ("The blue ferry leaves.", "The blue ferry leaves."),
        ("A" * 400, "AAAAAAAAAAAA… (300 bytes)"),
    ],
)
def test_secrets_are_not_shown(playground: Playground, value: object, expected: object) -> None:
    redact = "async (value) => (await import('/playground/redact.js')).redacted(value)"
    assert playground.page.evaluate(redact, value) == expected
