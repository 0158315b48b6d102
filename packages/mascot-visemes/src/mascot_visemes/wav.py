"""Read the header of WAV files and streams, and convert the bytes after it to samples.

The file is read from start to end without seeking, so a pipe can be used. The length may be unknown, for example if a
program writes WAV to a pipe. PCM of 8 to 32 bits, floats, G.711 and the extensible header are supported.
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
_MOST_CHUNKS = 1000  # before the audio; programs write about a dozen
# Larger sizes are placeholders of programs that could not write the real size later.
_UNKNOWN_FROM = 0x7FFFF000


@dataclass(frozen=True, slots=True)
class WavHeader:
    """The header of a WAV file.

    Attributes:
        rate: The sample rate in Hz.
        channels: The number of channels.
        coding: The format tag.
        width: Bytes per sample.
        size: Bytes of audio; ``None`` if the header does not contain the size.
    """

    rate: int
    channels: int
    coding: int
    width: int
    size: int | None

    @property
    def frame_bytes(self) -> int:
        """Bytes per frame: one sample of each channel."""
        return self.channels * self.width

    def samples(self, data: bytes) -> Floats:
        """Convert complete frames to mono samples, shape (n,): the mean of the channels, with full scale at 1."""
        mono: Floats = self._floats(data).reshape(-1, self.channels).mean(axis=1)
        return mono

    def _floats(self, data: bytes) -> Floats:
        if self.coding == _FLOAT:
            with np.errstate(over="ignore"):  # too large values become infinite, which the stream rejects
                return np.frombuffer(data, f"<f{self.width}").astype(np.float32)
        if self.coding == _PCM and self.width > 1:
            # The top two bytes are enough: the network does not use details 90 dB below full scale.
            top = np.frombuffer(data, np.uint8).reshape(-1, self.width)[:, self.width - 2 :]
            return np.ascontiguousarray(top).view("<i2")[:, 0].astype(np.float32) / np.float32(32768.0)
        codes = np.frombuffer(data, np.uint8)
        if self.coding == _PCM:
            return (codes.astype(np.float32) - np.float32(128.0)) / np.float32(128.0)
        return np.take(alaw_table() if self.coding == _ALAW else mulaw_table(), codes)


class UnknownCodingError(AudioFileError):
    """The header is valid, but the coding of the audio is not supported."""


class Readable(Protocol):
    """An object with the method ``read`` of a file."""

    def read(self, count: int, /) -> bytes:
        """Return ``count`` bytes; fewer only at the end of the file."""


def read_header(file: Readable, name: str) -> WavHeader:
    """Read the header, up to the first byte of audio.

    Args:
        file: The file, positioned at its start.
        name: The name of the file, for the error.

    Raises:
        AudioFileError: The file is not WAV, or ends too early.
        UnknownCodingError: The coding of the audio is not supported.
    """
    try:
        return _header(file)
    except _UnreadableError as problem:
        kind = UnknownCodingError if isinstance(problem, _CodingError) else AudioFileError
        advice = "convert it: ffmpeg -i FILE out.wav"
        raise kind(name, f"is not a readable WAV file: {problem}; {advice}") from None


class _UnreadableError(Exception):
    """The header cannot be read; the message is the reason."""


class _CodingError(_UnreadableError):
    """The coding is not supported."""


def _header(file: Readable) -> WavHeader:
    start = file.read(12)
    if len(start) < 12 or start[:4] != b"RIFF" or start[8:] != b"WAVE":  # noqa: PLR2004 - RIFF, size, WAVE
        raise _UnreadableError("it has no RIFF/WAVE header" if start else "it is empty")
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
            raise _UnreadableError("its fmt chunk is damaged")
    else:
        raise _UnreadableError(f"it has more than {_MOST_CHUNKS} chunks before the audio")
    if described is None:
        raise _UnreadableError("its audio comes before the fmt chunk")
    open_ended = size >= _UNKNOWN_FROM or (size == 0 and riff_size == 0)
    return _described(described, None if open_ended else size)


def _described(data: bytes, size: int | None) -> WavHeader:
    coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data)
    if coding == _EXTENSIBLE and len(data) >= _SUBFORMAT_AT + 2:
        (coding,) = struct.unpack_from("<H", data, _SUBFORMAT_AT)
    if bits not in _BITS.get(coding, ()):
        raise _CodingError(f"coding {coding} with {bits} bits is not supported")
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
