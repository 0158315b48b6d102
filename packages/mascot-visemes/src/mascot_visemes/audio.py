"""Convert chunks of audio to float samples: PCM16, G.711 and float32. A sample may be split between two chunks.

Validation and conversion are separate, so that a long chunk can be converted in blocks.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from mascot_visemes.arrays import checked_floats, mono_samples, viewed
from mascot_visemes.errors import SampleFormatError, SampleRateError, UnknownEncodingError

if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Raw = NDArray[np.int16] | NDArray[np.float32] | NDArray[np.uint8]
    Chunk = bytes | bytearray | memoryview | array[Any] | NDArray[np.floating[Any]] | Raw

Encoding = Literal["pcm16", "mulaw", "alaw", "float32"]
ENCODINGS: tuple[str, ...] = get_args(Encoding)

MIN_RATE, MAX_RATE = 8000, 48000

_INT16_SCALE = np.float32(1.0 / 32768.0)


def mulaw_table() -> NDArray[np.float32]:
    """Return the sample in -1..1 for each µ-law byte, shape (256,).

    The 14-bit values of ITU-T G.711, table 2, are divided by 2^13.
    """
    code = ~np.arange(256) & 0xFF
    segment, step = code >> 4 & 7, code & 15
    magnitude = ((2 * step + 33) << segment) - 33
    return (np.where(code & 0x80, -magnitude, magnitude) / 8192.0).astype(np.float32)


def alaw_table() -> NDArray[np.float32]:
    """Return the sample in -1..1 for each A-law byte, shape (256,).

    The 13-bit values of ITU-T G.711, table 1, are divided by 2^12.
    """
    code = np.arange(256) ^ 0x55
    segment, step = code >> 4 & 7, code & 15
    # The unit is half a step of the lowest segment, so that every value is an integer.
    magnitude = np.where(segment == 0, 2 * step + 1, (2 * step + 33) << np.maximum(segment - 1, 0))
    return (np.where(code & 0x80, magnitude, -magnitude) / 4096.0).astype(np.float32)


_PCM16 = {np.dtype("<i2")}
_TABLES = {"mulaw": mulaw_table(), "alaw": alaw_table()}
# Bytes per sample, and their type.
_FORMATS: dict[str, tuple[int, np.dtype[Any]]] = {
    "pcm16": (2, np.dtype("<i2")),
    "mulaw": (1, np.dtype("u1")),
    "alaw": (1, np.dtype("u1")),
    "float32": (4, np.dtype("<f4")),
}


def checked_rate(sample_rate: object) -> int:
    """Return ``sample_rate`` as an int.

    Raises:
        SampleRateError: It is not a whole number from 8000 to 48000.
    """
    if isinstance(sample_rate, bool):
        raise SampleRateError(sample_rate)
    if isinstance(sample_rate, float | np.floating) and sample_rate.is_integer():
        sample_rate = int(sample_rate)
    try:
        rate = operator.index(sample_rate)  # type: ignore[arg-type]  # raises if it is not an integer
    except TypeError:
        raise SampleRateError(sample_rate) from None
    if not MIN_RATE <= rate <= MAX_RATE:
        raise SampleRateError(sample_rate)
    return rate


class SampleReader:
    """Convert the chunks of one stream to samples.

    Args:
        encoding: The encoding of bytes: ``pcm16`` and ``float32`` (little-endian), ``mulaw`` and ``alaw`` (G.711).

    Attributes:
        carried: The bytes of an incomplete sample.

    Raises:
        UnknownEncodingError: ``encoding`` is not one of these names.
    """

    __slots__ = ("_dtype", "_encoding", "_size", "carried")

    def __init__(self, encoding: Encoding) -> None:
        if encoding not in ENCODINGS:
            raise UnknownEncodingError(encoding, ENCODINGS)
        self._encoding = encoding
        self._size, self._dtype = _FORMATS[encoding]
        self.carried = b""

    def reset(self) -> None:
        """Drop the bytes of an incomplete sample."""
        self.carried = b""

    def read(self, chunk: Chunk) -> Raw:
        """Validate the next chunk and return its samples.

        Args:
            chunk: Bytes in the stream's encoding, of any length; any object with a buffer of bytes is accepted. Or an
                array of mono samples, shape (n,), (n, 1) or (1, n): int16 or floats (-1..1) for ``pcm16`` and
                ``float32``, uint8 for ``mulaw`` and ``alaw``. A ``memoryview`` or an ``array.array`` with other items
                than bytes counts as an array.

        Returns:
            The complete samples in their original type, shape (n,), for ``floats``. They are not copied if possible.

        Raises:
            SampleFormatError: The chunk has another type or shape. The reader is unchanged.
            NotFiniteError: A sample is NaN or infinite. The reader is unchanged.
            SampleRangeError: A float is far outside -1..1. The reader is unchanged.
        """
        if type(chunk) is bytes:
            return self._bytes(chunk)
        if isinstance(chunk, np.ndarray):
            return self._array(chunk, "chunk")
        found = viewed(chunk, self._expected())
        return (
            self._array(found, "numpy.asarray(chunk)")
            if isinstance(found, np.ndarray)
            else self._bytes(found)
        )

    def peek(self, chunk: Chunk) -> Raw:
        """Return what `read` would return, without consuming the chunk. Raises the same errors."""
        carried = self.carried
        try:
            return self.read(chunk)
        finally:
            self.carried = carried

    def joined(self, first: Raw, second: Raw) -> Raw:
        """Join two results of `read`. Of different types they become samples in -1..1."""
        if not len(second):
            return first
        if first.dtype == second.dtype:
            both: Raw = np.concatenate((first, second))  # type: ignore[assignment]  # they are of one type
            return both
        samples = np.empty(len(first) + len(second), np.float32)
        self.floats(first, samples[: len(first)])
        self.floats(second, samples[len(first) :])
        return samples

    def floats(self, raw: Raw, out: NDArray[np.float32]) -> None:
        """Convert samples to floats, with full scale at 1.

        Args:
            raw: The result of ``read``, or a part of it, shape (n,).
            out: The array to write to, shape (n,).
        """
        if raw.dtype.kind == "u":
            # Every byte is a valid index; mode "clip" avoids the range check, which would copy the array.
            np.take(_TABLES[self._encoding], raw.astype(np.uint8, copy=False), out=out, mode="clip")
        elif raw.dtype.kind == "i":
            # In two steps, because multiplying mixed types uses a buffer and is slower.
            out[...] = raw
            out *= _INT16_SCALE
        else:
            out[...] = raw

    @staticmethod
    def floats_together(
        readers: Sequence[SampleReader], raws: Sequence[Raw], out: NDArray[np.float32]
    ) -> None:
        """Convert the samples of several streams to floats; faster than ``floats`` for each stream.

        Args:
            readers: One reader per stream.
            raws: The samples of each stream, all of the same length, shape (n,).
            out: The array to write to, contiguous, shape (streams, n).
        """
        if {raw.dtype for raw in raws} == _PCM16:
            np.concatenate(raws, out=out.reshape(-1))
            out *= _INT16_SCALE
            return
        for reader, raw, row in zip(readers, raws, out, strict=True):
            reader.floats(raw, row)

    def _bytes(self, data: bytes | memoryview) -> Raw:
        if self.carried:
            data = self.carried + data
        carried = b""
        if rest := len(data) % self._size:
            data = memoryview(data)
            data, carried = data[:-rest], bytes(data[-rest:])
        raw: Raw = np.frombuffer(data, self._dtype)
        if self._encoding == "float32":
            checked_floats(raw)
        self.carried = carried
        return raw

    def _array(self, chunk: NDArray[Any], name: str) -> Raw:
        raw: Raw = mono_samples(chunk, self._expected(), name, codes=self._encoding in _TABLES)
        if self.carried:
            raise SampleFormatError(
                f"an array of {chunk.dtype}", "bytes, because the last chunk ended with an incomplete sample"
            )
        return raw

    def _expected(self) -> str:
        arrays = "a uint8 array" if self._encoding in _TABLES else "an int16 or float array"
        return f"bytes or {arrays} of shape (n,)"
