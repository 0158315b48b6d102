"""Blend weights: the page asks for them if the switch is on, and its face moves with or without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from browser.conftest import Playground


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
def test_the_switch_for_blend_weights(playground: Playground, *, on: bool) -> None:
    playground.page.set_checked("#weights", on)
    playground.write("What can you do?")
    playground.wait_for_state("speaking")
    playground.wait_for_state("listening")
    payloads = playground.wire.payloads()
    assert len(payloads) > 5
    # Where prediction is late, a payload has neither visemes nor weights.
    assert {"weights" in payload for payload in payloads if payload["visemes"]} == {on}
    lips = [frame["lips"] for frame in playground.measured("frames")]
    assert max(lips) > 20
    assert lips[-1] < max(lips) / 2


def test_another_choice_goes_into_a_new_conversation(playground: Playground) -> None:
    playground.page.click("#start")
    playground.wait_for_state("speaking", "listening")
    count = sockets(playground)
    playground.page.uncheck("#weights")
    playground.wait_until(lambda: sockets(playground) > count, "another conversation")
    playground.wait_for_state("speaking", "listening")


def sockets(playground: Playground) -> int:
    """How many conversations the page has opened."""
    return sum(url.startswith("ws") for url in playground.requests)
