"""The parts of the REST endpoints that do no I/O, and the streaming of answers."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rest import events

from mascot_server.errors import TooLarge
from mascot_server.http.rest.events import (
    KEEP_ALIVE,
    audio_event,
    chunk_error,
    chunk_event,
    speech_visemes_event,
)
from mascot_server.http.rest.json_audio import Base64Reader, JsonAudioReader
from mascot_server.http.rest.speech_events import Piece, pieces
from mascot_server.http.rest.streaming import unless_stalled, with_keep_alive
from mascot_server.tts import Speech
from mascot_server.tts.plain_text import plain_text
from mascot_visemes import VisemeEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHANGES = st.lists(st.builds(VisemeEvent, st.integers(0, 10**7), st.integers(0, 21)), max_size=20)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='audio":,{}[]\\ é/', max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["audio", "a", '"audio"']), inner)
    ),
)


@given(
    data=st.binary(max_size=300),
    others=st.dictionaries(st.sampled_from(["a", "b", ',"audio', '{"audio"', "audio "]), JSON, max_size=4),
    cuts=st.lists(st.integers(0, 400)),
    slashes=st.booleans(),
    after=st.booleans(),
    indent=st.sampled_from([None, 1]),
)
def test_audio_is_taken_out_of_json_wherever_it_is_cut(
    data: bytes, others: dict[str, Any], cuts: list[int], *, slashes: bool, after: bool, indent: int | None
) -> None:
    audio = {"audio": base64.encodebytes(data).decode()}
    body = json.dumps(others | audio if after else audio | others, indent=indent)
    # As PHP and .NET write them.
    body = body.replace("/", "\\/").replace("+", "\\u002B") if slashes else body
    reader, decoder, found = JsonAudioReader(), Base64Reader(), b""
    encoded = body.encode()
    edges = sorted({0, len(encoded), *(cut for cut in cuts if cut < len(encoded))})
    for start, end in itertools.pairwise(edges):
        found += decoder.feed(reader.feed(encoded[start:end]))
    decoder.finish()
    assert found == data
    assert reader.found == 1
    assert reader.fields() == others | {"audio": ""}


@given(body=st.binary(max_size=200) | st.text(alphabet='{}[]",:audio\\u0 1').map(str.encode))
def test_any_bytes_are_read_as_json_or_refused(body: bytes) -> None:
    reader = JsonAudioReader()
    try:
        reader.feed(body)
        reader.fields()
    except ValueError:
        return
    assert reader.found <= 1 or isinstance(json.loads(body), dict)


@given(changes=CHANGES, number=st.integers(1, 999), pcm=st.binary(max_size=50), reason=st.text())
def test_a_parser_of_event_streams_reads_every_event(
    changes: list[VisemeEvent], number: int, pcm: bytes, reason: str
) -> None:
    stream = [
        chunk_event(changes, number=number, total=number, duration_ms=1000),
        KEEP_ALIVE,
        audio_event(pcm, sample_rate=16000, sequence=number, duration_ms=240),
        speech_visemes_event(changes, sequence=number, duration_ms=240),
        chunk_error(number, reason),
    ]
    chunk, audio, shapes, failed = events(b"".join(stream).decode())
    assert chunk["visemes"] == shapes["visemes"]
    assert [(v["offset"], v["visemeId"]) for v in chunk["visemes"]] == [
        (c.time_ms, c.viseme) for c in changes
    ]
    assert audio["sequence"] == shapes["audio_sequence"] == number
    assert failed["error"].endswith(reason)


async def _blocks(blocks: list[bytes]) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


@given(blocks=st.lists(st.binary(max_size=9000)), rate=st.sampled_from([8000, 16000, 22050]))
def test_pieces_are_the_speech_whatever_its_blocks(blocks: list[bytes], rate: int) -> None:
    async def cut() -> list[Piece]:
        return [piece async for piece in pieces(Speech(rate, _blocks(blocks)), max_seconds=60)]

    found = asyncio.run(cut())
    speech = b"".join(blocks)
    assert b"".join(piece.pcm for piece in found) == speech[: len(speech) // 2 * 2]
    assert [piece.last for piece in found] == [False] * (len(found) - 1) + [True] * bool(found)
    assert all(len(piece.pcm) == rate * 240 // 1000 * 2 for piece in found[:-1])
    assert all(len(piece.pcm) > 0 for piece in found)


@pytest.mark.anyio
async def test_speech_that_is_too_long_ends_with_its_limit() -> None:
    coming = pieces(Speech(8000, _blocks([bytes(8000)] * 3)), max_seconds=1)
    # A second is four pieces of 240 ms, and the rest of it waits for what follows.
    assert [len((await anext(coming)).pcm) for _ in range(4)] == [3840] * 4
    with pytest.raises(TooLarge, match="longer than 1 seconds"):
        await anext(coming)


@given(text=st.text())
def test_text_to_be_spoken_holds_no_commands(text: str) -> None:
    plain = plain_text(text)
    assert "[[" not in plain
    assert not any(
        unicodedata.category(character) == "Cc" for character in plain if character not in "\t\n\r"
    )
    assert plain_text(plain) == plain


def test_text_without_commands_stays_as_it_is() -> None:
    for text in ("Hello [there].\nA\tb", "नमस्ते\u200dx", "a < b && [c] é"):
        assert plain_text(text) == text


@pytest.mark.anyio
async def test_silence_is_filled_with_comments() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        await asyncio.sleep(0.1)
        yield b"data: 2\n\n"

    sent = [event async for event in with_keep_alive(slow(), 0.02)]
    assert sent[0] == b"data: 1\n\n"
    assert sent[-1] == b"data: 2\n\n"
    assert set(sent[1:-1]) == {KEEP_ALIVE}
    assert events(b"".join(sent).decode()) == [1, 2]


@pytest.mark.anyio
async def test_a_client_that_does_not_read_is_given_up() -> None:
    given_up = asyncio.Event()

    async def give_up() -> None:
        given_up.set()

    sending = unless_stalled(_blocks([b"1", b"2", b"3"]), 0.05, give_up)
    assert await anext(sending) == b"1"
    assert await anext(sending) == b"2"
    assert not given_up.is_set()
    async with asyncio.timeout(2):
        await given_up.wait()
    assert [event async for event in sending] == []
    quick = unless_stalled(_blocks([b"1", b"2"]), 5, give_up)
    assert [event async for event in quick] == [b"1", b"2"]


@pytest.mark.anyio
async def test_what_makes_the_events_is_stopped_with_them() -> None:
    stopped = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            await asyncio.sleep(10)
            yield b""
        finally:
            stopped.set()

    sending: Any = with_keep_alive(endless(), 0.01)
    assert await anext(sending) == KEEP_ALIVE
    await sending.aclose()
    async with asyncio.timeout(1):
        await stopped.wait()


def test_the_error_line_is_the_contracts() -> None:
    text = chunk_error(5, "damaged").decode()
    line, _, rest = text.partition("\n\n")
    assert line == 'error: {"message":"Error processing chunk 5","chunk_id":5}'
    assert json.loads(rest.removeprefix("data: "))["visemes"] == []
