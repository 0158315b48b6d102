"""The short cut for WebSocket messages, held against `websockets` itself."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from mascot_server.transport.framing import ClientFrames, MessageReader, server_frame

client_frame = ClientFrames()
LENGTHS = [0, 1, 125, 126, 127, 65535, 65536, 70000]

messages = st.text(max_size=300) | st.binary(max_size=300)


def peer(*, client: bool) -> ClientProtocol | ServerProtocol:
    """What `websockets` reads with, after the handshake."""
    protocol: ClientProtocol | ServerProtocol
    if client:
        protocol = ClientProtocol(parse_uri("ws://localhost"), state=State.OPEN, max_size=None)
    else:
        protocol = ServerProtocol(state=State.OPEN, max_size=None)
    return protocol


class Receiver:
    """A reader and what it made of what it was fed."""

    def __init__(self, *, masked: bool, max_size: int | None = None, defers: bool = True) -> None:
        self.messages: list[str | bytes] = []
        self.deferred = b""
        self.defers = defers
        self.reader = MessageReader(self.messages.append, self._defer, masked=masked, max_size=max_size)

    def _defer(self, data: bytes) -> bool:
        self.deferred += data
        return self.defers

    def feed(self, data: bytes, cuts: list[int]) -> None:
        edges = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
        for start, end in pairwise(edges):
            if end > start:
                self.reader.feed(data[start:end])


def raw(opcode: int, payload: bytes, *, masked: bool, fin: bool = True) -> bytes:
    return Frame(Opcode(opcode), payload, fin).serialize(mask=masked)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("message", ["x", b"\xff"])
def test_websockets_reads_what_is_written(length: int, message: str | bytes) -> None:
    whole = message * length
    for written, reader in (
        (client_frame(whole), peer(client=False)),
        (server_frame(whole), peer(client=True)),
    ):
        reader.receive_data(written)
        (frame,) = reader.events_received()
        assert isinstance(frame, Frame)
        assert frame.fin
        assert frame.opcode is (Opcode.TEXT if isinstance(whole, str) else Opcode.BINARY)
        assert bytes(frame.data) == (whole.encode() if isinstance(whole, str) else whole)


@given(
    sent=st.lists(messages, max_size=6), masked=st.booleans(), cuts=st.lists(st.integers(0, 2000), max_size=8)
)
def test_messages_come_out_whole_and_in_order_however_the_bytes_are_cut(
    sent: list[str | bytes], masked: bool, cuts: list[int]
) -> None:
    write = client_frame if masked else server_frame
    receiver = Receiver(masked=masked)
    receiver.feed(b"".join(map(write, sent)), cuts)
    assert receiver.messages == sent
    assert receiver.deferred == b""


@pytest.mark.parametrize("length", LENGTHS)
def test_every_form_of_length_is_read(length: int) -> None:
    for masked in (False, True):
        receiver = Receiver(masked=masked)
        receiver.feed(raw(2, bytes(length), masked=masked), [3])
        assert receiver.messages == [bytes(length)]


pieces = st.lists(
    st.sampled_from(["text", "binary", "ping", "pong", "fragments", "bad text"]), min_size=1, max_size=6
)


@given(kinds=pieces, masked=st.booleans(), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_all_but_whole_messages_is_deferred_byte_by_byte(
    kinds: list[str], masked: bool, cuts: list[int]
) -> None:
    data, deferred, delivered = b"", b"", list[str | bytes]()
    for kind in kinds:
        match kind:
            case "text":
                data += raw(1, "ünï".encode(), masked=masked)
                delivered.append("ünï")
            case "binary":
                data += raw(2, b"\x00\xff", masked=masked)
                delivered.append(b"\x00\xff")
            case "fragments":
                other = b"".join(
                    (
                        raw(1, b"a", masked=masked, fin=False),
                        raw(9, b"ping", masked=masked),
                        raw(0, b"b", masked=masked),
                    )
                )
                data, deferred = data + other, deferred + other
            case _:
                opcode, payload = {"ping": (9, b"1"), "pong": (10, b"2"), "bad text": (1, b"\xff")}[kind]
                other = raw(opcode, payload, masked=masked)
                data, deferred = data + other, deferred + other
    receiver = Receiver(masked=masked)
    receiver.feed(data, cuts)
    assert receiver.messages == delivered
    assert receiver.deferred == deferred


@pytest.mark.parametrize(
    "broken",
    [raw(1, b"unmasked", masked=False), raw(2, bytes(1001), masked=True)],
    ids=["not masked", "too long"],
)
def test_after_a_broken_rule_all_is_left_to_websockets(broken: bytes) -> None:
    receiver = Receiver(masked=True, max_size=1000)
    receiver.feed(client_frame("before") + broken + client_frame("after"), [])
    receiver.feed(b"more", [])
    assert receiver.messages == ["before"]
    assert receiver.deferred.startswith(broken)
    assert receiver.deferred.endswith(b"more")


def test_a_frame_that_is_too_long_is_refused_by_its_head_alone() -> None:
    receiver = Receiver(masked=True, max_size=1000)
    head = b"\x82\xff" + (1 << 40).to_bytes(8)
    receiver.feed(head, [])
    assert receiver.deferred == head


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"\x89\xfe\x00\xff", id="control frame with a long length"),
        pytest.param(b"\x09\x85", id="control frame in fragments"),
        pytest.param(b"\x83\x85", id="reserved opcode"),
        pytest.param(b"\x8b\x85", id="reserved control opcode"),
        pytest.param(b"\xc1\xfe", id="reserved bit"),
    ],
)
def test_a_frame_that_breaks_a_rule_is_not_waited_for(head: bytes) -> None:
    receiver = Receiver(masked=True)
    receiver.feed(head, [])
    assert receiver.deferred == head


def test_once_websockets_has_seen_the_end_it_gets_the_rest() -> None:
    receiver = Receiver(masked=False, defers=False)
    receiver.feed(raw(8, b"\x03\xe8", masked=False) + server_frame("too late"), [])
    assert receiver.messages == []
    assert receiver.deferred.endswith(server_frame("too late"))


def test_no_two_messages_in_a_row_are_masked_alike() -> None:
    written = [client_frame("") for _ in range(200)]
    assert len({frame[2:6] for frame in written}) == len(written)
