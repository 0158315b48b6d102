"""Fast reader and writer of WebSocket data frames (RFC 6455, section 5) for the hot path. No I/O.

A relay forwards about ten messages per second for every conversation. `websockets` reads and writes them with a
generator, an object for every frame and a list of buffers, which costs more than all other work of the relay.
Unfragmented messages, which are nearly all messages, are read and written here. All other frames (control frames,
fragments, invalid frames) are passed unchanged to the protocol of `websockets`.
"""

from __future__ import annotations

import os
import sys
from struct import Struct
from typing import TYPE_CHECKING, Final

try:
    from websockets.speedups import apply_mask
except ImportError:  # websockets was installed without its compiled extension
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
"""Lengths below it are stored in the second byte. The value 126 means that two bytes of length follow, 127 eight."""
_MEDIUM: Final = 1 << 16
_MEDIUM_HEAD: Final = Struct("!BBH")
"""Head of a frame with two bytes of length, without a mask."""
_MASK_SIZE: Final = 4
_SHORTEST: Final = 2
FRAMES_PER_TURN: Final = 32
"""Most frames per iteration of the event loop, about 1 ms of work: audio with JSON and base64 costs 30 µs a message."""

_MASKS: Final = 64
"""How many masks are created at once for a connection: a few seconds of microphone audio."""


class MessageReader:
    """Splits the data that a connection receives after its handshake into messages.

    The number of frames that are read at a time is limited, because a read of 256 KB may contain 36,000 of them. The
    caller calls `go_on` for the rest in a later iteration of the event loop.

    Args:
        deliver: Called with a whole message: `str` for text, `bytes` for binary.
        defer: Called with bytes that the protocol of `websockets` must read. They end where a frame ends, unless the
            frame is invalid. Returns whether frames may still be read here; after `False` all further data is
            deferred.
        masked: Whether the peer is a client, which masks its frames.
        max_size: Longest frame, in bytes, that is read here; the protocol refuses longer ones.
        frames: Most frames that one call of `feed` or `go_on` reads.

    Attributes:
        stopped: Set it to pause reading, even in the middle of a call; clear it and call `go_on` to resume.
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
        # Either an incomplete frame, or unread data from a position on; never both.
        self._buffer = bytearray()
        self._needed = _SHORTEST
        self._unread = b""
        self._start = 0
        self._fragmented = False
        self._aside = False
        self.stopped = False

    @property
    def unread(self) -> bool:
        """Whether `go_on` has data to read."""
        return bool(self._unread)

    def feed(self, data: bytes) -> bool:
        """Read received data; deliver or defer complete frames, in order.

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
        """Continue where the last call stopped; return the same as `feed`."""
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
            if length == _SHORT:
                length = data[start - 2] << 8 | data[start - 1]
            else:
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
        """Wait for the rest of a frame, unless its first two bytes are invalid: the rest may never arrive."""
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
    """Return whether the start of a frame is invalid (RFC 6455, sections 5.2 and 5.5).

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
    """Return whether the bytes are the start of a ping."""
    return frame[0] & _OPCODE == _PING


def server_frame(frame: Frame) -> bytes:
    """Encode a message as a server sends it: one frame, not masked."""
    if isinstance(frame, str):
        payload = frame.encode()
        return _head(_TEXT, len(payload), 0) + payload
    return _head(_BINARY, len(frame), 0) + frame


class ClientFrames:
    """Encodes messages as a client sends them: one frame each, masked with four unpredictable bytes."""

    __slots__ = ("_masks", "_used")

    def __init__(self) -> None:
        self._masks = b""
        self._used = 0

    def __call__(self, frame: Frame) -> bytes:
        """Encode a message."""
        if self._used == len(self._masks):
            # One system call provides the masks of many messages.
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
        return _MEDIUM_HEAD.pack(first, mask_bit | _SHORT, length)
    return bytes((first, mask_bit | _SHORT + 1)) + length.to_bytes(8)
