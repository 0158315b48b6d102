"""What a first visit meets: a password where one is set, and none where none is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from browser.conftest import Playground


def test_a_password_is_asked_for_where_one_is_set(
    guarded: Callable[[str], AbstractContextManager[Playground]],
) -> None:
    with guarded("open-sesame-please") as playground:
        page = playground.page
        assert page.get_attribute("#password", "type") == "password"
        page.click("#start")
        page.wait_for_selector("#alert:not([hidden])")
        assert page.evaluate("document.activeElement.id") == "password"

        page.fill("#password", "open-sesame-please")
        page.press("#password", "Enter")
        playground.wait_for_state("listening", "speaking")
        assert page.locator("#alert").is_hidden()
        assert "open-sesame-please" not in str(playground.requests)
        # The browser notes the refusal on its console; here it is expected.
        playground.problems[:] = [text for text in playground.problems if "status of 401" not in text]


def test_where_none_is_set_none_is_asked_for(playground: Playground) -> None:
    assert playground.page.locator("#password-field").is_hidden()
