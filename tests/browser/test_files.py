"""A recording of one's own: dropped or chosen, lip-synced by the server, played with the face."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from browser.conftest import Playground


def test_a_dropped_recording_is_played(playground: Playground, ferry: Path) -> None:
    playground.drop(ferry)
    playground.wait_for_state("file")
    playground.page.wait_for_timeout(1500)
    frames = playground.measured("frames")
    assert len({frame["viseme"] for frame in frames}) > 5
    assert max(frame["loudness"] for frame in frames) > 0.05
    assert playground.page.inner_text("#talk li:last-child p").startswith("ferry.wav: 5.8 s, ")

    playground.page.click("#interrupt")
    playground.wait_for_state("closed")


def test_a_chosen_one_too_and_again(playground: Playground, ferry: Path) -> None:
    entries = playground.page.locator("#talk li")
    playground.page.set_input_files("#file", ferry)
    playground.wait_until(lambda: entries.count() == 1, "it in the transcript")
    playground.wait_for_state("file")
    playground.page.set_input_files("#file", ferry)
    playground.wait_until(lambda: entries.count() == 2, "it in the transcript again")
    playground.wait_for_state("file")


def test_it_interrupts_the_agent_and_the_conversation_goes_on(playground: Playground, ferry: Path) -> None:
    playground.choose("openai")
    playground.write("What can you do?")
    playground.wait_for_state("speaking")
    playground.drop(ferry)
    playground.wait_for_state("file")
    assert "interrupted" in playground.page.inner_text("#talk")
    playground.page.click("#interrupt")
    playground.wait_for_state("listening")
    playground.write("And now?")
    playground.wait_for_state("speaking")


def test_a_file_that_is_no_recording_is_refused_with_the_servers_words(
    playground: Playground, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.wav"
    letter.write_text("Dear reader, this is no sound." * 10)
    playground.drop(letter)
    playground.page.wait_for_selector("#alert:not([hidden])")
    assert playground.page.inner_text("#alert-text")
    assert playground.state() == "closed"
    # The browser notes every answer of this kind on its console; here it is expected.
    playground.problems[:] = [text for text in playground.problems if "status of 400" not in text]
