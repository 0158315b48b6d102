"""Chunks of audio in, float samples out: PCM16, G.711 and float32, with split samples carried over.

Checking a chunk and turning it into floats are apart, so that a long one can be turned into floats block by block.
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
    """Sample in -1..1 for each µ-law byte, shape (256,). ITU-T G.711, table 2: 14-bit values, here over 2^13."""
    code = ~np.arange(256) & 0xFF
    segment, step = code >> 4 & 7, code & 15
    magnitude = ((2 * step + 33) << segment) - 33
    return (np.where(code & 0x80, -magnitude, magnitude) / 8192.0).astype(np.float32)


def alaw_table() -> NDArray[np.float32]:
    """Sample in -1..1 for each A-law byte, shape (256,). ITU-T G.711, table 1: 13-bit values, here over 2^12."""
    code = np.arange(256) ^ 0x55
    segment, step = code >> 4 & 7, code & 15
    # In half steps of the lowest segment, so that every value is whole.
    magnitude = np.where(segment == 0, 2 * step + 1, (2 * step + 33) << np.maximum(segment - 1, 0))
    return (np.where(code & 0x80, magnitude, -magnitude) / 4096.0).astype(np.float32)


_PCM16 = {np.dtype("<i2")}
_TABLES = {"mulaw": mulaw_table(), "alaw": alaw_table()}
# Bytes a sample, and how they are read.
_FORMATS: dict[str, tuple[int, np.dtype[Any]]] = {
    "pcm16": (2, np.dtype("<i2")),
    "mulaw": (1, np.dtype("u1")),
    "alaw": (1, np.dtype("u1")),
    "float32": (4, np.dtype("<f4")),
}


def checked_rate(sample_rate: object) -> int:
    """`sample_rate` as an int.

    Raises:
        SampleRateError: It is no whole number from 8000 to 48000.
    """
    if isinstance(sample_rate, bool):
        raise SampleRateError(sample_rate)
    if isinstance(sample_rate, float | np.floating) and sample_rate.is_integer():
        sample_rate = int(sample_rate)
    try:
        rate = operator.index(sample_rate)  # type: ignore[arg-type]  # raises for what is no integer
    except TypeError:
        raise SampleRateError(sample_rate) from None
    if not MIN_RATE <= rate <= MAX_RATE:
        raise SampleRateError(sample_rate)
    return rate


class SampleReader:
    """Turns the chunks of one stream into samples.

    Args:
        encoding: How bytes are to be read: ``pcm16`` and ``float32`` little-endian, ``mulaw`` and ``alaw`` as G.711.

    Attributes:
        carried: Bytes of a sample of which only a part has come.

    Raises:
        UnknownEncodingError: `encoding` is none of these.
    """

    __slots__ = ("_dtype", "_encoding", "_size", "carried")

    def __init__(self, encoding: Encoding) -> None:
        if encoding not in ENCODINGS:
            raise UnknownEncodingError(encoding, ENCODINGS)
        self._encoding = encoding
        self._size, self._dtype = _FORMATS[encoding]
        self.carried = b""

    def reset(self) -> None:
        """Forget a sample of which only a part has come."""
        self.carried = b""

    def read(self, chunk: Chunk) -> Raw:
        """Take the next chunk and check it.

        Args:
            chunk: Bytes in the stream's encoding, of any length, in any object that has a buffer of them; or an array
                of whole mono samples, shape (n,), (n, 1) or (1, n): int16 or floats (-1..1) for ``pcm16`` and
                ``float32``, uint8 for ``mulaw`` and ``alaw``. A ``memoryview`` or an ``array.array`` whose items are
                not bytes is such an array.

        Returns:
            The whole samples as they came, without a copy where possible, shape (n,), for `floats`.

        Raises:
            SampleFormatError: The chunk is of another type or shape. Nothing was taken.
            NotFiniteError: There is NaN or infinity in it. Nothing was taken.
            SampleRangeError: There are floats far beyond -1..1 in it. Nothing was taken.
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
        """What `read` would return, of a chunk that is not taken yet. Raises as `read` does."""
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
        """Write (part of) what `read` returned as samples, full scale being 1.

        Args:
            raw: Shape (n,).
            out: Where they go, shape (n,).
        """
        if raw.dtype.kind == "u":
            # Every byte has its entry; asking for "clip" spares the check, which would go by a copy.
            np.take(_TABLES[self._encoding], raw.astype(np.uint8, copy=False), out=out, mode="clip")
        elif raw.dtype.kind == "i":
            # In two steps: a product of mixed types goes through a buffer, which takes longer.
            out[...] = raw
            out *= _INT16_SCALE
        else:
            out[...] = raw

    @staticmethod
    def floats_together(
        readers: Sequence[SampleReader], raws: Sequence[Raw], out: NDArray[np.float32]
    ) -> None:
        """What `floats` does, for as many samples of each of several streams, in less time.

        Args:
            readers: One for each stream.
            raws: What each has read, shape (n,).
            out: Where the samples go, contiguous, shape (streams, n).
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
                f"an array of {chunk.dtype}", "more bytes: part of a sample is waiting for the rest"
            )
        return raw

    def _expected(self) -> str:
        arrays = "a uint8 array" if self._encoding in _TABLES else "an int16 or float array"
        return f"bytes or {arrays} of shape (n,)"
