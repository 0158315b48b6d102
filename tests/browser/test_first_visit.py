"""What a first visit meets: a password where one is set, and a browser that plays nothing before a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from browser.conftest import Playground


def test_a_password_is_asked_for_where_one_is_set(
    guarded: Callable[[str], AbstractContextManager[Playground]],
) -> None:
    with guarded("open-sesame") as playground:
        page = playground.page
        assert page.get_attribute("#password", "type") == "password"
        page.click("#start")
        page.wait_for_selector("#alert:not([hidden])")
        assert page.evaluate("document.activeElement.id") == "password"

        page.fill("#password", "open-sesame")
        page.press("#password", "Enter")
        playground.wait_for_state("listening", "speaking")
        assert page.locator("#alert").is_hidden()
        assert "open-sesame" not in str(playground.requests)
        # The browser notes the refusal on its console; here it is expected.
        playground.problems[:] = [text for text in playground.problems if "status of 401" not in text]


def test_where_none_is_set_none_is_asked_for(playground: Playground) -> None:
    assert playground.page.locator("#password-field").is_hidden()


def test_before_a_click_the_browser_plays_nothing_and_the_page_says_so(
    untouched: Callable[[], AbstractContextManager[Playground]], ferry: Path
) -> None:
    with untouched() as playground:
        playground.drop(ferry)
        playground.page.wait_for_selector("#alert:not([hidden])")
        assert "click anywhere" in playground.page.inner_text("#alert-text")
        playground.page.click("#alert-close")
        playground.drop(ferry)
        playground.wait_for_state("file")
        # Chromium warns on the console of its own rule.
        playground.problems[:] = [text for text in playground.problems if "AudioContext" not in text]
