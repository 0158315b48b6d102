"""The feed: payloads by callback, by iteration in a thread and on asyncio, and what an interruption drops."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mascot_client import Viseme, VisemeFeed, Visemes, gemini, openai

from .fakes import PAYLOADS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

EVENTS = [Visemes.parse(payload) for payload in PAYLOADS]
ONE, TWO, THREE = EVENTS


def said(number: int) -> Any:
    """An event of OpenAI's as its SDK makes it: what it does not know is in `model_extra`."""
    return SimpleNamespace(
        type="response.output_audio.delta", model_extra={"mascotVisemes": PAYLOADS[number]}
    )


def done(status: str) -> Any:
    return SimpleNamespace(type="response.done", response=SimpleNamespace(status=status))


def test_openai_events_go_on_and_the_feed_has_their_visemes_first() -> None:
    seen: list[object] = []
    feed = VisemeFeed(on_visemes=seen.append, on_interrupted=lambda: seen.append("interrupted"))
    started = SimpleNamespace(type="input_audio_buffer.speech_started")
    events = [said(0), said(1), started, said(2), done("completed")]
    for event in openai.listen(events, feed):
        seen += [event]
    assert seen == [ONE, events[0], TWO, events[1], "interrupted", started, THREE, events[3], events[4]]
    # What came before the interruption and was not read is gone.
    assert list(feed) == [THREE]


def test_a_cancelled_response_interrupts_too() -> None:
    feed = VisemeFeed()
    assert len(list(openai.listen([said(0), done("cancelled")], feed))) == 2
    assert list(feed) == []


async def test_gemini_messages_go_on_and_an_interruption_clears_the_feed() -> None:
    def spoken(number: int) -> Any:
        part = SimpleNamespace(part_metadata={"mascotVisemes": PAYLOADS[number]})
        return SimpleNamespace(server_content=SimpleNamespace(model_turn=SimpleNamespace(parts=[part])))

    interruption = SimpleNamespace(server_content=SimpleNamespace(interrupted=True, model_turn=None))
    messages = [spoken(0), interruption, spoken(1)]

    async def receive() -> AsyncIterator[Any]:
        for message in messages:
            yield message

    feed = VisemeFeed()
    assert [message async for message in gemini.listen(receive(), feed)] == messages
    feed.close()
    assert [payload async for payload in feed] == [TWO]


async def test_a_task_beside_the_events_reads_the_feed() -> None:
    feed = VisemeFeed()
    read: list[Visemes] = []

    async def reader() -> None:
        read.extend([payload async for payload in feed])

    async def events() -> AsyncIterator[Any]:
        for number in range(3):
            yield said(number)
            await asyncio.sleep(0)

    task = asyncio.create_task(reader())
    async for _event in openai.listen_async(events(), feed):
        await asyncio.sleep(0.01)
    await asyncio.wait_for(task, 5)
    assert read == EVENTS


async def test_a_thread_feeds_a_task() -> None:
    feed = VisemeFeed()

    def talk() -> None:
        for payload in EVENTS:
            feed(payload)
        feed.close()

    thread = threading.Timer(0.02, talk)
    thread.start()
    assert [payload async for payload in feed] == EVENTS
    thread.join()


def test_a_thread_feeds_a_loop() -> None:
    feed = VisemeFeed()

    def talk() -> None:
        for payload in EVENTS:
            feed(payload)
        feed.close()

    thread = threading.Timer(0.02, talk)
    thread.start()
    assert list(feed) == EVENTS
    thread.join()


def test_a_failing_callback_does_not_stop_the_events(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("no face")

    feed = VisemeFeed(on_visemes=fail, on_interrupted=fail)
    assert len(list(openai.listen([said(0), done("cancelled")], feed))) == 2
    assert caplog.text.count("the conversation goes on") == 2


def test_a_feed_that_nobody_reads_stays_small() -> None:
    feed = VisemeFeed()
    for number in range(3000):
        feed(Visemes((Viseme(1, 0),), number, 20))
    assert len(feed) == 1024
    assert feed
    assert next(iter(feed)).audio_event_id == 3000 - 1024


async def test_events_that_end_early_close_the_feed() -> None:
    feed = VisemeFeed()
    for _event in (events := openai.listen([said(0), said(1)], feed)):
        break
    events.close()  # type: ignore[attr-defined]  # a generator
    assert list(feed) == [ONE]


@pytest.mark.parametrize("event", [None, object(), {"type": "response.done"}])
def test_what_is_no_event_interrupts_nothing(event: object) -> None:
    assert not openai.interrupted(event)
    assert not gemini.interrupted(event)
