"""Whole conversations with each simulated provider, in writing and by microphone, and cutting the agent off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from browser.conftest import Playground

PROVIDERS = {"elevenlabs": "ElevenLabs", "openai": "OpenAI", "gemini": "Gemini"}
SILENT = 1e-4
"""Root mean square of what reaches the loudspeaker: nothing, but for the end of a fade."""

every_provider = pytest.mark.parametrize("provider", list(PROVIDERS))


def said(playground: Playground, who: str) -> list[str]:
    """What one side has said, by the transcript."""
    return playground.page.locator(f"#talk li[data-who={who}] p").all_inner_texts()


@every_provider
def test_a_conversation_in_writing(playground: Playground, provider: str) -> None:
    playground.choose(provider)
    partner = playground.page.inner_text("#partner")
    assert "Simulated" in partner
    assert PROVIDERS[provider] in partner

    playground.write("When does the ferry leave?")
    playground.wait_for_state("speaking")
    playground.wait_for_state("listening")
    playground.write("Is there a room?")
    playground.wait_for_state("speaking")
    playground.wait_for_state("listening")

    assert said(playground, "user") == ["When does the ferry leave?", "Is there a room?"]
    ferry, room = said(playground, "agent")[-2:]
    assert ferry == "Of course. The blue ferry leaves for Marble Bay at half past five, from the lower wharf."
    assert room.startswith("Yes, we have a room above the river.")
    frames = playground.measured("frames")
    assert len({frame["viseme"] for frame in frames}) > 10
    assert max(frame["loudness"] for frame in frames) > 0.05
    assert frames[-1]["viseme"] == 0
    for number in ("number-answer", "number-ahead", "number-output"):
        assert playground.page.inner_text(f"#{number}").endswith("ms")


def test_elevenlabs_greets(playground: Playground) -> None:
    playground.choose("elevenlabs")
    playground.page.click("#start")
    playground.wait_for_state("speaking")
    playground.wait_for_state("listening")
    (greeting,) = said(playground, "agent")
    assert greeting == "Hello there, welcome back to the harbor desk. What may I help you find?"

    playground.page.click("#start")
    assert playground.state() == "closed"


def test_another_model_and_another_provider_begin_anew(playground: Playground) -> None:
    playground.choose("openai")
    playground.page.select_option("#viseme-model", "indonesian")
    playground.write("Halo!")
    playground.wait_for_state("speaking")
    # What it says is written as it comes, and begins before the words that tell its language.
    playground.wait_until(
        lambda: "feri" in " ".join(said(playground, "agent")).lower(), "an Indonesian answer"
    )

    playground.choose("gemini")
    playground.wait_for_state("listening")
    assert "Gemini" in playground.page.inner_text("#partner")
    assert playground.measured("frames")[-1]["viseme"] == 0


@every_provider
def test_the_button_interrupts(playground: Playground, provider: str) -> None:
    playground.choose(provider)
    playground.write("What can you do?")
    playground.wait_for_state("speaking")
    playground.page.wait_for_timeout(1000)
    # Playwright's own click waits for quiet pictures first, which take their time on a slow machine.
    playground.page.dispatch_event("#interrupt", "click")
    clicked = playground.page.evaluate("performance.now()")
    playground.page.wait_for_timeout(1200)

    # What the sound card holds already is heard, and the mouth goes on with it until then.
    after = [frame for frame in playground.measured("frames") if frame["now"] > clicked + 150]
    assert len(after) > 1
    assert {frame["viseme"] for frame in after} == {0}
    assert max(frame["loudness"] for frame in after) < SILENT
    assert playground.state() == "listening"
    answer = said(playground, "agent")[-1]
    assert answer.endswith("interrupted")
    assert "wharf" not in answer
    if provider == "openai":
        (truncated,) = [m for m in playground.wire.sent if m["type"] == "conversation.item.truncate"]
        until = max(frame["heardMs"] for frame in playground.measured("frames") if frame["viseme"])
        heard_ms = until - playground.measured("starts")[0]["atMs"]
        # Within a frame, which may be a slow one, and the silence that may stand before a word.
        assert truncated["audio_end_ms"] == pytest.approx(heard_ms, abs=500)

    playground.write("Go on, please.")
    playground.wait_for_state("speaking")
    playground.page.wait_for_timeout(1500)
    assert "room above the river" in said(playground, "agent")[-1]
    assert len({f["viseme"] for f in playground.measured("frames") if f["now"] > clicked + 1500}) > 3


@every_provider
def test_writing_interrupts(playground: Playground, provider: str) -> None:
    playground.choose(provider)
    playground.write("What can you do?")
    playground.wait_for_state("speaking")
    playground.page.wait_for_timeout(1000)
    playground.write("Another question.")
    playground.wait_until(lambda: len(said(playground, "agent")) > 1, "a second answer")
    playground.page.wait_for_timeout(1500)

    first, second = said(playground, "agent")[-2:]
    assert first.endswith("interrupted")
    assert "Yes, we have a room" in second
    assert playground.state() == "speaking"


@every_provider
def test_a_conversation_by_microphone_and_talking_over_the_agent(
    hearing: Callable[[Path], AbstractContextManager[Playground]], remarks: Path, provider: str
) -> None:
    with hearing(remarks) as playground:
        playground.choose(provider)
        if provider == "elevenlabs":
            # It greets first, and the first remark is to be an answer.
            playground.page.click("#start")
            playground.wait_for_state("speaking")
            playground.wait_for_state("listening")
        playground.page.click("#mic")
        playground.wait_until(lambda: "interrupted" in "".join(said(playground, "agent")), "an interruption")
        heard = len(said(playground, "user"))
        playground.wait_until(lambda: len(said(playground, "user")) > heard, "what was said, written down")
        playground.page.click("#mic")
        assert playground.page.get_attribute("#mic", "aria-pressed") == "false"
        playground.wait_for_state("speaking")
        playground.wait_for_state("listening")

        *_, cut, whole = said(playground, "agent")
        assert cut.endswith("interrupted")
        assert whole.endswith(".")
        assert len(whole) > 60
        assert playground.measured("frames")[-1]["viseme"] == 0


def test_a_lost_connection_is_told(playground: Playground) -> None:
    playground.choose("gemini")
    playground.page.route_web_socket("**/ws/**", lambda socket: socket.close(code=1011, reason="too busy"))
    playground.write("Hello?")
    playground.page.wait_for_selector("#alert:not([hidden])")
    assert playground.page.inner_text("#alert-text") == "too busy"
    assert playground.state() == "closed"
