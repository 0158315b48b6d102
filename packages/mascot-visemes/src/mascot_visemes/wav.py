"""WAV files and streams: what the header says, and samples from the bytes after it.

Read front to back without seeking, so that a pipe will do; the length may be unknown, as it is when a program writes
WAV into one. Beyond plain PCM of 8 to 32 bits this knows floats, G.711 and the extensible header.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mascot_visemes.audio import alaw_table, mulaw_table
from mascot_visemes.errors import AudioFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_BITS = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64), _ALAW: (8,), _MULAW: (8,)}
_FORMAT_LENGTHS = range(16, 1025)  # of the fmt chunk, in bytes
_SUBFORMAT_AT = 24
_MOST_CHUNKS = 1000  # before the audio; programs write a dozen, and each one is a step of this loop
# Sizes from here on are placeholders of programs that could not go back and fill in the true one.
_UNKNOWN_FROM = 0x7FFFF000


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What the header of a WAV says.

    Attributes:
        rate: Samples per second and channel.
        channels: Number of channels.
        coding: Format tag.
        width: Bytes a sample.
        size: Bytes of audio; none where the header leaves it open.
    """

    rate: int
    channels: int
    coding: int
    width: int
    size: int | None

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.width

    def samples(self, data: bytes) -> Floats:
        """Whole frames of bytes as mono samples, shape (n,): the mean of the channels, full scale being 1."""
        mono: Floats = self._floats(data).reshape(-1, self.channels).mean(axis=1)
        return mono

    def _floats(self, data: bytes) -> Floats:
        if self.coding == _FLOAT:
            with np.errstate(over="ignore"):  # what is too large becomes infinite, which the stream refuses
                return np.frombuffer(data, f"<f{self.width}").astype(np.float32)
        if self.coding == _PCM and self.width > 1:
            # The top two bytes are all that matters here: the network does not hear what is 90 dB down.
            top = np.frombuffer(data, np.uint8).reshape(-1, self.width)[:, self.width - 2 :]
            return np.ascontiguousarray(top).view("<i2")[:, 0].astype(np.float32) / np.float32(32768.0)
        codes = np.frombuffer(data, np.uint8)
        if self.coding == _PCM:
            return (codes.astype(np.float32) - np.float32(128.0)) / np.float32(128.0)
        return np.take(alaw_table() if self.coding == _ALAW else mulaw_table(), codes)


class UnknownCodingError(AudioFileError):
    """The header is in order, and the audio after it is coded in a way not known here."""


class Readable(Protocol):
    """A file, or what reads like one."""

    def read(self, count: int, /) -> bytes:
        """Return ``count`` bytes, fewer only where the file ends."""


def read_header(file: Readable, name: str) -> WavHeader:
    """Read up to the first byte of audio.

    Args:
        file: At its start.
        name: Name of the file, for the error.

    Raises:
        AudioFileError: It is not WAV, or ends too early.
        UnknownCodingError: It is coded in a way not known here.
    """
    try:
        return _header(file)
    except _UnreadableError as problem:
        kind = UnknownCodingError if isinstance(problem, _CodingError) else AudioFileError
        advice = "convert it: ffmpeg -i FILE out.wav"
        raise kind(name, f"not a WAV file that can be read: {problem}; {advice}") from None


class _UnreadableError(Exception):
    """Why a header cannot be read."""


class _CodingError(_UnreadableError):
    """The coding is not known here."""


def _header(file: Readable) -> WavHeader:
    start = file.read(12)
    if len(start) < 12 or start[:4] != b"RIFF" or start[8:] != b"WAVE":  # noqa: PLR2004 - RIFF, size, WAVE
        raise _UnreadableError("it does not begin as one" if start else "it is empty")
    (riff_size,) = struct.unpack("<I", start[4:8])
    described: bytes | None = None
    for _ in range(_MOST_CHUNKS):
        name, size = struct.unpack("<4sI", _exactly(file, 8))
        if name == b"data":
            break
        padded = size + size % 2
        if name != b"fmt ":
            _skip(file, padded)
        elif size in _FORMAT_LENGTHS:
            described = _exactly(file, padded)
        else:
            raise _UnreadableError("its format is damaged")
    else:
        raise _UnreadableError(f"its audio does not begin within {_MOST_CHUNKS} chunks")
    if described is None:
        raise _UnreadableError("audio comes before its format")
    open_ended = size >= _UNKNOWN_FROM or (size == 0 and riff_size == 0)
    return _described(described, None if open_ended else size)


def _described(data: bytes, size: int | None) -> WavHeader:
    coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data)
    if coding == _EXTENSIBLE and len(data) >= _SUBFORMAT_AT + 2:
        (coding,) = struct.unpack_from("<H", data, _SUBFORMAT_AT)
    if bits not in _BITS.get(coding, ()):
        raise _CodingError(f"coding {coding} of {bits} bits is not known here")
    if not channels:
        raise _UnreadableError("it has no channels")
    return WavHeader(rate, channels, coding, bits // 8, size)


def _exactly(file: Readable, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise _UnreadableError("it ends too early")
    return data


def _skip(file: Readable, count: int) -> None:
    while count:
        count -= len(_exactly(file, min(count, 1 << 16)))
