"""Both forms of visemes give the same payloads, whatever the connection's format is."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest

from mascot_client import VisemeEvent, VisemeFeed, Visemes, for_openai


def event(kind: str, extra: dict[str, Any] | None = None, **members: Any) -> SimpleNamespace:
    """An event as the SDK hands it out: of what it does not know, plain members."""
    return SimpleNamespace(type=kind, model_extra=extra, **members)


def audio(size: int, response: str = "a", **extra: Any) -> SimpleNamespace:
    delta = base64.b64encode(bytes(size)).decode()
    return event("response.output_audio.delta", extra, response_id=response, delta=delta)


def change(offset: object, viseme: object, response: str = "a") -> SimpleNamespace:
    kind = "response.animation_viseme.delta"
    return event(kind, response_id=response, audio_offset_ms=offset, viseme_id=viseme)


def session(output_format: object) -> SimpleNamespace:
    return event("session.updated", session={"audio": {"output": {"format": output_format}}})


def test_the_member_of_the_event_is_read_as_it_is() -> None:
    payload = {"visemes": [{"visemeId": 4, "offset": 20}], "audio_event_id": 7, "audio_duration": 100}
    read = for_openai.VisemeReader()
    found = read(audio(4800, mascotVisemes=payload))
    assert found == Visemes((VisemeEvent(4, 20),), 7, 100)
    assert found == for_openai.visemes(audio(4800, mascotVisemes=payload))


def test_events_of_their_own_are_counted_from_the_start_of_each_audio() -> None:
    read = for_openai.VisemeReader()
    assert [read(change(0, 4)), read(change(60, 21))] == [None, None]
    assert read(audio(4800)) == Visemes((VisemeEvent(4, 0), VisemeEvent(21, 60)), 1, 100)
    assert read(audio(4800)) == Visemes((), 2, 100)
    # Azure's own may come long before their audio.
    assert [read(change(250, 1)), read(change(310, 2))] == [None, None]
    assert read(audio(4800)) == Visemes((VisemeEvent(1, 50),), 3, 100)
    assert read(audio(4800)) == Visemes((VisemeEvent(2, 10),), 4, 100)


def test_responses_have_clocks_of_their_own() -> None:
    read = for_openai.VisemeReader()
    read(change(0, 4))
    read(audio(4800))
    read(change(30, 5, "b"))
    assert read(audio(4800, "b")) == Visemes((VisemeEvent(5, 30),), 2, 100)
    read(event("response.done", response={"id": "a"}))
    read(change(10, 6))
    assert read(audio(4800)) == Visemes((VisemeEvent(6, 10),), 3, 100)


def test_a_late_change_is_shown_at_once() -> None:
    read = for_openai.VisemeReader()
    read(change(0, 4))
    read(audio(4800))
    read(change(40, 5))
    assert read(audio(4800)) == Visemes((VisemeEvent(5, 0),), 2, 100)


@pytest.mark.parametrize(
    ("output_format", "milliseconds"),
    [
        ({"type": "audio/pcm", "rate": 16000}, 150),
        ({"type": "audio/pcm"}, 100),
        ({"type": "audio/pcmu"}, 600),
        ("pcm16_8000hz", 300),
    ],
)
def test_durations_follow_the_format(output_format: object, milliseconds: int) -> None:
    read = for_openai.VisemeReader()
    read(session(output_format))
    read(change(0, 4))
    found = read(audio(4800))
    assert found is not None
    assert found.audio_duration_ms == milliseconds


def test_what_cannot_be_read_gives_nothing() -> None:
    read = for_openai.VisemeReader()
    assert read(audio(4800)) is None
    for offset, viseme in [("1", 1), (1, "1"), (1, 22), (1, -1), (True, 1)]:
        read(change(offset, viseme))
    assert read(audio(4800)) == Visemes((), 2, 100)
    assert read(event("response.audio.delta", response_id="a", delta="***")) is None
    read(session({"type": "audio/opus"}))
    assert read(audio(4800)) is None


def test_listen_fills_the_feed_from_either_form() -> None:
    feed = VisemeFeed()
    events = [change(0, 4), audio(4800)]
    assert list(for_openai.listen(events, feed)) == events
    assert list(feed) == [Visemes((VisemeEvent(4, 0),), 1, 100)]


def test_two_connections_at_once_do_not_share_anything() -> None:
    """They have responses of the same id, other formats, and columns of other names."""
    readers = [for_openai.VisemeReader(), for_openai.VisemeReader()]
    readers[0](session({"type": "audio/pcmu"}))
    readers[0](change(0, 4))
    first, second = (read(audio(4800)) for read in readers)
    assert first == Visemes((VisemeEvent(4, 0),), 1, 600)
    # The other connection has no such events.
    assert second is None

    def weighed(*names: str) -> dict[str, Any]:
        weights = {"fps": 100, "offset": 0, "frames": base64.b64encode(bytes([255, 0])).decode()}
        payload = {"visemes": [], "audio_event_id": 1, "audio_duration": 10}
        return {**payload, "weights": {**weights, "names": list(names)} if names else weights}

    for read, names in zip(readers, (("sil", "PP"), ("jawOpen", "mouthClose")), strict=True):
        read(audio(480, mascotVisemes=weighed(*names)))
    for read, name in zip(readers, ("sil", "jawOpen"), strict=True):
        found = read(audio(480, mascotVisemes=weighed()))
        assert found is not None
        assert found.weights is not None
        assert found.weights.row(0)[name] == 1
    readers[0](event("response.done", response={"id": "a"}))
    readers[1](change(30, 5))
    assert readers[1](audio(4800)) == Visemes((VisemeEvent(5, 0),), 2, 100)
