"""WebSocket frames: the short cut reads what `websockets` alone would read, however the bytes come."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from support.fuzzing import fuzzed
from support.json_texts import damaged
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from mascot_server.transport.framing import MessageReader

MAX_SIZE = 1000
END = bytes(MAX_SIZE + 14)
"""Completes whatever frame is still awaited: `websockets` refuses some by their head, which the short cut leaves to
it when the whole frame is there."""

Message = tuple[int, bytes, bool]


@st.composite
def frames(draw: st.DrawFn, *, masked: bool) -> bytes:
    """One frame, usually by the rules: any opcode, any form of length, any mask."""
    opcode = draw(st.sampled_from([1, 1, 2, 2, 0, 8, 9, 10]) | st.integers(0, 15))
    payload = draw(st.text(max_size=40).map(str.encode) | st.binary(max_size=140))
    payload *= draw(st.sampled_from([1, 1, 1, 1, 7]))
    first = opcode | draw(st.sampled_from([0x80, 0x80, 0x80, 0, 0xC0]))
    length = draw(st.just(len(payload)) | st.sampled_from([0, 125, 126, 65535, 65536, 1 << 40, 1 << 63]))
    shortest = 0 if length < 126 else 1 if length < 65536 else 2
    form = max(shortest, draw(st.sampled_from([0, 0, 0, 1, 2])))
    mask_bit = 0x80 if masked != draw(st.sampled_from([False] * 9 + [True])) else 0
    second = mask_bit | (length, 126, 127)[form]
    head = bytes([first, second]) + (b"", length.to_bytes(8)[-2:], length.to_bytes(8))[form]
    if mask_bit:
        mask = draw(st.sampled_from([b"\0\0\0\0", b"\x01\x80\xff\x7f"]))
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        head += mask
    return head + payload


def protocol(*, masked: bool) -> ServerProtocol | ClientProtocol:
    """What `websockets` reads with, after the handshake."""
    if masked:
        return ServerProtocol(state=State.OPEN, max_size=MAX_SIZE)
    return ClientProtocol(parse_uri("ws://localhost"), state=State.OPEN, max_size=MAX_SIZE)


def events(reader: ServerProtocol | ClientProtocol) -> list[Message]:
    """What it has read."""
    found = []
    for frame in reader.events_received():
        assert isinstance(frame, Frame)
        found.append((int(frame.opcode), bytes(frame.data), frame.fin))
    return found


def answers(reader: ServerProtocol | ClientProtocol, *, masked: bool) -> list[Message]:
    """What it sends because of what it has read, without the masks, which are random."""
    other = protocol(masked=not masked)
    other.receive_data(b"".join(reader.data_to_send()))
    return events(other)


def alone(pieces: list[bytes], *, masked: bool) -> tuple[list[Message], list[Message]]:
    """What `websockets` reads, and what it sends because of it."""
    reader = protocol(masked=masked)
    for piece in pieces:
        reader.receive_data(piece)
    return events(reader), answers(reader, masked=masked)


def with_short_cut(pieces: list[bytes], *, masked: bool) -> tuple[list[Message], list[Message]]:
    """The same, with the short cut before it."""
    behind, read = protocol(masked=masked), list[Message]()

    def deliver(message: str | bytes) -> None:
        text = isinstance(message, str)
        data = message.encode() if isinstance(message, str) else bytes(message)
        read.append((int(Opcode.TEXT if text else Opcode.BINARY), data, True))

    def defer(data: bytes) -> bool:
        behind.receive_data(data)
        read.extend(events(behind))
        return behind.state is State.OPEN

    reader = MessageReader(deliver, defer, masked=masked, max_size=MAX_SIZE)
    for piece in pieces:
        # A turn of the event loop reads so many frames and no more.
        more = reader.feed(piece)
        while more:
            more = reader.go_on()
    return read, answers(behind, masked=masked)


@fuzzed
@given(st.data(), st.booleans(), st.lists(st.integers(0, 400), max_size=8))
def test_frames(data: st.DataObject, masked: bool, cuts: list[int]) -> None:
    sent = data.draw(damaged(st.lists(frames(masked=masked), max_size=6).map(b"".join)))
    edges = [0, *sorted(cut for cut in cuts if cut <= len(sent)), len(sent)]
    pieces = [*(sent[start:end] for start, end in pairwise(edges) if end > start), END]
    assert with_short_cut(pieces, masked=masked) == alone(pieces, masked=masked)
