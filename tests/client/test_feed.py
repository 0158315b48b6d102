"""The feed: payloads by callback, by iteration in a thread and on asyncio, and what an interruption drops."""

from __future__ import annotations

import asyncio
import json
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mascot_client import VisemeEvent, VisemeFeed, Visemes, for_gemini, for_openai

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
    for event in for_openai.listen(events, feed):
        seen += [event]
    assert seen == [ONE, events[0], TWO, events[1], "interrupted", started, THREE, events[3], events[4]]
    # What came before the interruption and was not read is gone.
    assert list(feed) == [THREE]


def test_a_cancelled_response_interrupts_too() -> None:
    feed = VisemeFeed()
    assert len(list(for_openai.listen([said(0), done("cancelled")], feed))) == 2
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
    assert [message async for message in for_gemini.listen(receive(), feed)] == messages
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
    async for _event in for_openai.listen_async(events(), feed):
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
    assert len(list(for_openai.listen([said(0), done("cancelled")], feed))) == 2
    assert caplog.text.count("the conversation continues") == 2


def test_a_feed_that_nobody_reads_stays_small() -> None:
    feed = VisemeFeed()
    for number in range(3000):
        feed(Visemes((VisemeEvent(1, 0),), number, 20))
    assert len(feed) == 1024
    assert feed
    assert next(iter(feed)).audio_event_id == 3000 - 1024


async def test_events_that_end_early_close_the_feed() -> None:
    feed = VisemeFeed()
    for _event in (events := for_openai.listen([said(0), said(1)], feed)):
        break
    events.close()  # type: ignore[attr-defined]  # a generator
    assert list(feed) == [ONE]


@pytest.mark.parametrize("event", [None, object(), {"type": "response.done"}])
def test_what_is_no_event_interrupts_nothing(event: object) -> None:
    assert not for_openai.interrupted(event)
    assert not for_gemini.interrupted(event)


def created(response_id: str, **stated: Any) -> Any:
    return event_of({"type": "response.created", "response": {"id": response_id, **stated}})


def event_of(message: dict[str, Any]) -> Any:
    """An event as objects with attributes, which know the members they came with, like the SDK's."""
    return json.loads(json.dumps(message), object_hook=lambda members: Members(**members))


class Members(SimpleNamespace):
    @property
    def model_fields_set(self) -> set[str]:
        return set(vars(self))


def audio(response_id: str) -> Any:
    return event_of({"type": "response.output_audio.delta", "response_id": response_id})


def ended(response_id: str, status: str = "cancelled", **stated: Any) -> Any:
    return event_of({"type": "response.done", "response": {"id": response_id, "status": status, **stated}})


SPEECH = event_of({"type": "input_audio_buffer.speech_started"})
ASIDE: dict[str, Any] = {"conversation_id": None}
IN_CONVERSATION: dict[str, Any] = {"conversation_id": "conv_1"}


def session(kind: str, detection: object, *, beta: bool = False) -> Any:
    stated = {"turn_detection": detection}
    return event_of({"type": kind, "session": stated if beta else {"audio": {"input": stated}}})


def told(*events: Any) -> list[bool]:
    """What an `Interruptions` says of each event."""
    interrupted = for_openai.Interruptions()
    return [interrupted(event) for event in events]


@pytest.mark.parametrize("beta", [False, True])
def test_speech_does_not_interrupt_where_the_session_lets_the_agent_finish(beta: bool) -> None:
    off, on = ({"type": "server_vad", "interrupt_response": value} for value in (False, True))
    said = told(
        session("session.created", off, beta=beta),
        audio("r"),
        SPEECH,
        session("session.updated", on, beta=beta),
        SPEECH,
        session("session.updated", off, beta=beta),
        SPEECH,
        session("session.updated", {"type": "semantic_vad"}, beta=beta),
        SPEECH,
    )
    assert said == [False, False, False, False, True, False, False, False, True]


@pytest.mark.parametrize("status", ["completed", "cancelled", "failed"])
@pytest.mark.parametrize("stated", [ASIDE, IN_CONVERSATION, {}])
def test_the_end_of_a_response_without_audio_interrupts_nothing(status: str, stated: Any) -> None:
    events = [created("talk", **IN_CONVERSATION), audio("talk"), created("text", **stated)]
    assert not any(told(*events, ended("text", status, **stated)))


def test_a_response_out_of_band_does_not_interrupt_the_conversation() -> None:
    events = [created("talk", **IN_CONVERSATION), created("aside", **ASIDE), audio("aside"), audio("talk")]
    assert not any(told(*events, ended("aside", **ASIDE)))
    assert told(*events, ended("talk", **IN_CONVERSATION))[-1]
    # Where it is all that plays, its end stops what plays.
    assert told(*events[1:3], ended("aside", **ASIDE))[-1]


def test_speech_does_not_interrupt_responses_out_of_band() -> None:
    events = [created("aside", **ASIDE), audio("aside")]
    assert told(*events, SPEECH)[-1] is False
    assert told(*events, audio("talk"), SPEECH)[-1] is True
    assert told(SPEECH) == [True]


def test_a_response_that_was_interrupted_already_does_not_interrupt_the_next() -> None:
    assert told(audio("r1"), SPEECH, ended("r1")) == [False, True, False]
    # Unless more of it came meanwhile.
    assert told(audio("r1"), SPEECH, audio("r1"), ended("r1")) == [False, True, False, True]


def test_a_cleared_audio_buffer_interrupts() -> None:
    cleared = event_of({"type": "output_audio_buffer.cleared", "response_id": "r"})
    assert told(audio("r"), cleared) == [False, True]
    assert told(cleared) == [True]
    assert told(created("r", **ASIDE), audio("r"), audio("talk"), cleared)[-1] is False


def test_a_single_event_is_judged_by_what_it_says() -> None:
    assert for_openai.interrupted(SPEECH)
    assert for_openai.interrupted(event_of({"type": "output_audio_buffer.cleared"}))
    assert for_openai.interrupted(ended("r"))
    assert for_openai.interrupted(ended("r", output_modalities=["audio"], **IN_CONVERSATION))
    assert not for_openai.interrupted(ended("r", **ASIDE))
    assert not for_openai.interrupted(ended("r", output_modalities=["text"]))
    assert not for_openai.interrupted(ended("r", modalities=["text"]))
    assert not for_openai.interrupted(ended("r", "completed"))


def test_responses_that_never_end_do_not_fill_the_memory() -> None:
    interrupted = for_openai.Interruptions()
    for number in range(1000):
        interrupted(created(f"r{number}", **ASIDE))
        interrupted(audio(f"r{number}"))
    assert interrupted(ended("r999"))
    assert not for_openai.Interruptions()(ended("r0"))


def test_the_sdks_own_events_are_understood() -> None:
    models = pytest.importorskip("openai._models")
    server_event = pytest.importorskip("openai.types.realtime.realtime_server_event").RealtimeServerEvent

    def parsed(message: dict[str, Any]) -> Any:
        return models.construct_type_unchecked(type_=server_event, value=message)

    off = {"type": "server_vad", "interrupt_response": False}
    session = {"type": "realtime", "audio": {"input": {"turn_detection": off}}}
    delta = {"type": "response.output_audio.delta", "delta": "AAAA"}
    done = {"type": "response.done", "response": {"id": "text", "status": "cancelled", **ASIDE}}
    speech = {"type": "input_audio_buffer.speech_started", "audio_start_ms": 1, "item_id": "i"}
    messages: list[dict[str, Any]] = [
        {"type": "session.created", "session": session},
        {"type": "response.created", "response": {"id": "aside", **ASIDE}},
        {**delta, "response_id": "aside"},
        {**delta, "response_id": "talk"},
        done,
        speech,
        {"type": "session.updated", "session": {"turn_detection": {**off, "interrupt_response": True}}},
        speech,
    ]
    assert told(*[parsed(message) for message in messages]) == [False] * 7 + [True]
    assert not for_openai.interrupted(parsed(done))
    # An older service does not say to which conversation a response belongs.
    assert for_openai.interrupted(parsed({"type": "response.done", "response": {"status": "cancelled"}}))


def test_the_feed_keeps_what_plays_on_while_the_user_speaks() -> None:
    seen: list[str] = []
    feed = VisemeFeed(on_interrupted=lambda: seen.append("interrupted"))
    quiet = session("session.created", {"type": "server_vad", "interrupt_response": False})
    events = [quiet, said(0), SPEECH, ended("text"), said(1)]
    assert list(for_openai.listen(events, feed)) == events
    assert list(feed) == [ONE, TWO]
    assert seen == []
