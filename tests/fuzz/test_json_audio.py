"""The bodies of `POST /v1/visemes`: the same audio and fields however they are cut, or an error."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from support.fuzzing import fuzzed
from support.json_texts import damaged, documents, mutated, odd_documents, spaces, strings

from mascot_server.http.rest.json_audio import Base64Reader, JsonAudioReader
from mascot_server.providers.codec import decode_base64
from mascot_visemes.sniffing import HEAD_BYTES, sniff

bodies = (
    mutated([{"audio": "AAEC", "sample_rate": 16000}, {"x": [{"audio": "no"}], "audio": ""}]) | odd_documents
).map(lambda text: text.encode(errors="surrogatepass"))
cuts = st.lists(st.integers(0, 120), max_size=6)


def pieces(data: bytes, edges: list[int]) -> list[bytes]:
    """Some bytes, cut."""
    whole = [0, *sorted(edge for edge in edges if edge <= len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(whole)]


def read(parts: list[bytes]) -> tuple[bytes, Any, int] | None:
    """Audio text, other fields and how often there was audio; `None` for an error."""
    reader = JsonAudioReader()
    try:
        text = b"".join(map(reader.feed, parts))
        return text, reader.fields(), reader.found
    except ValueError:
        return None


@fuzzed
@example(b'{"audio": "\\ud83d\\ude00", "sample_rate": 16000}', [17])
@given(damaged(bodies), cuts)
def test_bodies_are_read_alike_however_they_are_cut(body: bytes, edges: list[int]) -> None:
    assert repr(read(pieces(body, edges))) == repr(read([body]))


@fuzzed
@given(documents, strings, spaces, cuts)
def test_the_audio_is_what_a_parser_finds(field: str, audio: str, space: str, edges: list[int]) -> None:
    body = f'{{{space}"other":{field},{space}"audio"{space}:{space}{audio}{space}}}'.encode()
    expected = json.loads(body)
    found = read(pieces(body, edges))
    # Stricter parsers refuse some documents; 1e400 is one.
    if found is not None:
        text, fields, count = found
        assert (text.decode(), count) == (expected.pop("audio"), 1)
        assert repr(fields) == repr(expected | {"audio": ""})


@fuzzed
@given(st.binary(max_size=90), cuts, st.booleans())
def test_base64(data: bytes, edges: list[int], broken: bool) -> None:
    text = base64.encodebytes(data) if broken else base64.b64encode(data)
    reader = Base64Reader()
    assert b"".join(map(reader.feed, pieces(text, edges))) == data
    reader.finish()


@fuzzed
@given(st.text("AQgw/+9=-_ \n\u00e4\ud800", max_size=20))
def test_base64_of_anything(text: str) -> None:
    decoded = decode_base64(text)
    assert decoded is None or len(decoded) <= len(text)
    reader = Base64Reader()
    try:
        read = reader.feed(text.encode(errors="replace"))
        reader.finish()
    except ValueError:
        return
    assert len(read) <= len(text)


@fuzzed
@given(damaged(st.sampled_from([b"RIFF", b"ID3", b"\xff\xfb\x90\x00" * 200, b"\0\0\0\0ftyp"])))
def test_beginnings_of_files(head: bytes) -> None:
    sniff(head[:HEAD_BYTES])
