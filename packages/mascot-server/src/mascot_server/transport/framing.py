"""WebSocket data frames (RFC 6455, section 5), for the hot path: read and written in a few steps each, without I/O.

A relay passes on ten messages a second for every talker. `websockets` reads and writes them through a generator, an
object for every frame and a list of pieces, which costs more than all the rest of the relay. Whole, unfragmented
messages, which is nearly all there is, take this short cut; everything else (control frames, fragments, whatever
breaks a rule) is handed to the protocol of `websockets` as it came, which answers for it as it would alone.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

try:
    from websockets.speedups import apply_mask
except ImportError:  # where websockets has no compiled part
    from websockets.utils import apply_mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from mascot_server.providers.codec import Frame

__all__ = ["ClientFrames", "MessageReader", "is_ping", "server_frame"]

_FIN: Final = 0x80
_MASKED: Final = 0x80
_LENGTH: Final = 0x7F
_TEXT: Final = _FIN | 1
_BINARY: Final = _FIN | 2
_CONTROL: Final = 0x08
_RESERVED_BITS: Final = 0x70
_OPCODE: Final = 0x0F
_PING: Final = 0x09
_SHORT: Final = 126
"""Lengths below it stand in the second byte; it says that two bytes of length follow, the next number that eight do."""
_MEDIUM: Final = 1 << 16
_MASK_SIZE: Final = 4
_SHORTEST: Final = 2
FRAMES_PER_TURN: Final = 32
"""A millisecond of work or less: audio with its JSON and base64 costs 30 µs a message."""

_MASKS: Final = 64
"""How many masks are made at once, for one connection: a few seconds of microphone."""


class MessageReader:
    """Cut what a connection receives after its handshake into messages.

    At most so many frames are read at a time: a read of 256 KB may hold 36,000 of them. The caller calls
    `go_on` for the rest in a later iteration of the event loop.

    Args:
        deliver: Takes a whole message: `str` for text, `bytes` for binary.
        defer: Takes bytes that are for the protocol of `websockets` to read. They end where a frame ends, unless the
            frame breaks a rule. Returns whether frames may still be read here; after `False` all that comes is
            deferred.
        masked: Whether the peer is a client, which masks its frames.
        max_size: Longest frame, in bytes, that is read here; the protocol refuses longer ones.
        frames: Most frames that one call of `feed` or `go_on` reads.

    Attributes:
        stopped: Set it to read no further, even in the middle of a call; clear it and call `go_on` to read again.
    """

    __slots__ = (
        "_aside",
        "_buffer",
        "_defer",
        "_deliver",
        "_fragmented",
        "_frames",
        "_mask_bit",
        "_mask_size",
        "_max_size",
        "_needed",
        "_start",
        "_unread",
        "stopped",
    )

    def __init__(
        self,
        deliver: Callable[[Frame], None],
        defer: Callable[[bytes], bool],
        *,
        masked: bool,
        max_size: int | None,
        frames: int = FRAMES_PER_TURN,
    ) -> None:
        self._deliver = deliver
        self._defer = defer
        self._mask_bit, self._mask_size = (_MASKED, _MASK_SIZE) if masked else (0, 0)
        self._max_size = sys.maxsize if max_size is None else max_size
        self._frames = frames
        # An incomplete frame, or what has not been looked at yet from a position on: never both.
        self._buffer = bytearray()
        self._needed = _SHORTEST
        self._unread = b""
        self._start = 0
        self._fragmented = False
        self._aside = False
        self.stopped = False

    @property
    def unread(self) -> bool:
        """Whether `go_on` has something to read."""
        return bool(self._unread)

    def feed(self, data: bytes) -> bool:
        """Read what came; deliver and defer what is complete, in order.

        Returns:
            Whether there is more to read for `go_on`.
        """
        if self._unread or self.stopped:
            self._unread = b"".join((self._buffer, memoryview(self._unread)[self._start :], data))
            self._start = 0
            self._buffer.clear()
            return True
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return False
            data = bytes(self._buffer)
            self._buffer.clear()
        return self._read(data, 0)

    def go_on(self) -> bool:
        """Read on where the last call stopped; returns as `feed` does."""
        data, self._unread = self._unread, b""
        return self._read(data, self._start)

    def _read(self, data: bytes, position: int) -> bool:
        left, size = self._frames, len(data)
        while position < size:
            if self._aside:
                self._defer(data[position:])
                return False
            if self.stopped or not left:
                self._unread, self._start = data, position
                return True
            end = self._frame(data, position)
            if not end:
                self._buffer += data[position:] if position else data
                return False
            position = end
            left -= 1
        return False

    def _frame(self, data: bytes, position: int) -> int:
        """Handle the frame at `position`; return where it ends, or 0 while it is not complete."""
        if len(data) - position < _SHORTEST:
            return self._wait_for(_SHORTEST)
        first, second = data[position], data[position + 1]
        length = second & _LENGTH
        start = position + _SHORTEST
        if length >= _SHORT:
            start += 2 if length == _SHORT else 8
            if len(data) < start:
                return self._wait(data, position, start)
            length = int.from_bytes(data[position + _SHORTEST : start])
        if second & _MASKED != self._mask_bit or length > self._max_size:
            return self._irregular(data, position)
        end = start + self._mask_size + length
        if len(data) < end:
            return self._wait(data, position, end)
        if not self._message(first, data, start, end):
            self._other(first, data[position:end])
        return end

    def _wait(self, data: bytes, position: int, end: int) -> int:
        """Wait for the rest of a frame, unless its first two bytes break a rule already: the rest may never come."""
        if _breaks_rule(data[position], data[position + 1] & _LENGTH):
            return self._irregular(data, position)
        return self._wait_for(end - position)

    def _wait_for(self, size: int) -> int:
        self._needed = size
        return 0

    def _message(self, first: int, data: bytes, start: int, end: int) -> bool:
        """Deliver a message; return whether it was complete, with valid UTF-8 if it is text."""
        if self._fragmented or (first != _TEXT and first != _BINARY):  # noqa: PLR1714 - quicker than a set
            return False
        payload = data[start + self._mask_size : end]
        if self._mask_size:
            payload = apply_mask(payload, data[start : start + _MASK_SIZE])
        if first == _BINARY:
            self._deliver(payload)
            return True
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            return False
        self._deliver(text)
        return True

    def _other(self, first: int, frame: bytes) -> None:
        """Defer a frame that is not a whole message."""
        if not first & _CONTROL:
            self._fragmented = not first & _FIN
        self._aside = not self._defer(frame)

    def _irregular(self, data: bytes, position: int) -> int:
        """Defer an invalid frame and all that follows, as the connection is about to end."""
        self._aside = True
        self._defer(data[position:])
        return len(data)


def _breaks_rule(first: int, length: int) -> bool:
    """Return whether no frame may begin like this (RFC 6455, sections 5.2 and 5.5).

    Args:
        first: First byte of the frame.
        length: Length in the second byte.
    """
    opcode = first & _OPCODE
    is_control = bool(opcode & _CONTROL)
    if first & _RESERVED_BITS or opcode & ~_CONTROL > _BINARY & _OPCODE:
        return True
    return is_control and (not first & _FIN or length >= _SHORT)


def is_ping(frame: bytes) -> bool:
    """Return whether bytes begin a ping."""
    return frame[0] & _OPCODE == _PING


def server_frame(frame: Frame) -> bytes:
    """Encode a message as a server sends it: one frame, not masked."""
    if isinstance(frame, str):
        payload = frame.encode()
        return _head(_TEXT, len(payload), 0) + payload
    return _head(_BINARY, len(frame), 0) + frame


class ClientFrames:
    """Writes messages as a client sends them: one frame each, masked by four bytes that nobody can foresee."""

    __slots__ = ("_masks", "_used")

    def __init__(self) -> None:
        self._masks = b""
        self._used = 0

    def __call__(self, frame: Frame) -> bytes:
        """Return the bytes of a message."""
        if self._used == len(self._masks):
            # One call of the system for many messages.
            self._masks, self._used = os.urandom(_MASKS * _MASK_SIZE), 0
        mask = self._masks[self._used : self._used + _MASK_SIZE]
        self._used += _MASK_SIZE
        if isinstance(frame, str):
            payload = frame.encode()
            return _head(_TEXT, len(payload), _MASKED) + mask + apply_mask(payload, mask)
        return _head(_BINARY, len(frame), _MASKED) + mask + apply_mask(frame, mask)


def _head(first: int, length: int, mask_bit: int) -> bytes:
    if length < _SHORT:
        return bytes((first, mask_bit | length))
    if length < _MEDIUM:
        return bytes((first, mask_bit | _SHORT, length >> 8, length & 0xFF))
    return bytes((first, mask_bit | _SHORT + 1)) + length.to_bytes(8)
