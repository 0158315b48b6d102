"""Validate arrays of audio. Every error names what is expected and how to convert the array.

An array of the wrong type often looks like audio. 16-bit values as floats, or 32-bit values cut to 16 bits, are noise
for the network. The code therefore uses only the type and the shape of the array and does not guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mascot_visemes.errors import NotFiniteError, SampleFormatError, SampleRangeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Floats up to this value are accepted as loud audio and are not clipped. Mixers and decoders exceed full scale, and
# speech scaled to a variance of 1 has such peaks. At eight times full scale, 97 % of the frames have the same viseme as
# at full scale.
LARGEST_FLOAT = 10.0

_BYTES = ("B", "c")
_STEREO = 2  # number of axes of an array with channels
_FULL_SCALE = (
    "divide by the full scale of its values, {0} / 2**15 for 16 bits, {0} / 2**23 for 24, {0} / 2**31 for 32"
)
# How to convert samples of types that are not accepted.
_ADVICE = {
    "i1": "for 8-bit samples: {0} / 2**7",
    "i4": _FULL_SCALE,
    "i8": _FULL_SCALE,
    "u1": "for unsigned 8-bit samples: {0} / 2**7 - 1; for bytes of audio in the encoding of the stream: {0}.tobytes()",
    "u2": "for signed samples that were read as unsigned: {0}.view(numpy.int16)",
}


def viewed(chunk: object, expected: str) -> memoryview | bytes | NDArray[Any]:
    """Return the content of an object with a buffer: bytes, or an array if its items are not bytes.

    Args:
        chunk: A ``bytearray``, ``memoryview``, ``array.array`` or similar object.
        expected: A description of accepted chunks, for the error.

    Raises:
        SampleFormatError: The object has no buffer, or its items are not numbers.
    """
    try:
        view = memoryview(chunk)  # type: ignore[arg-type]  # raises if there is no buffer
        if view.format.lstrip("@=<>!") not in _BYTES:
            return np.asarray(view)
    except (TypeError, ValueError, NotImplementedError):
        convertible = isinstance(chunk, list | tuple) or hasattr(chunk, "__array__")
        advice = " (convert with numpy.asarray(chunk))" if convertible else ""
        raise SampleFormatError(type(chunk).__name__, expected + advice) from None
    return view.cast("B") if view.c_contiguous else view.tobytes()


def mono_samples(chunk: NDArray[Any], expected: str, name: str, *, codes: bool) -> NDArray[Any]:
    """Return the samples of a mono array, shape (n,): int16 or float32, or uint8 for G.711.

    Args:
        chunk: One channel, shape (n,), (n, 1) or (1, n).
        expected: A description of accepted chunks, for the error.
        name: The name of the chunk in the error.
        codes: Whether G.711 is expected.

    Raises:
        SampleFormatError: The array has several channels, or samples of another type.
        NotFiniteError: A sample is NaN or infinite.
        SampleRangeError: A float is far outside -1..1.
    """
    found = f"an array of {chunk.dtype}, shape {chunk.shape}"
    if chunk.ndim == _STEREO and 1 in chunk.shape:
        chunk = chunk.reshape(-1)
    if chunk.ndim != 1:
        advice = f" ({_one_channel(chunk, name, codes=codes)})" if chunk.ndim == _STEREO else ""
        raise SampleFormatError(found, expected + advice)
    kind = chunk.dtype.str[1:]
    if kind == ("u1" if codes else "i2"):
        return chunk
    if codes:
        raise SampleFormatError(found, f'{expected} (for samples: create the stream with encoding="pcm16")')
    if chunk.dtype.kind == "f":
        checked_floats(chunk)
        return chunk.astype(np.float32, copy=False)
    advice = f" ({_ADVICE[kind].format(name)})" if kind in _ADVICE else ""
    raise SampleFormatError(found, expected + advice)


def checked_floats(samples: NDArray[Any]) -> None:
    """Raise an error if the samples are not audio.

    Args:
        samples: Floats, shape (n,).

    Raises:
        NotFiniteError: A sample is NaN or infinite.
        SampleRangeError: A sample is far outside -1..1.
    """
    if not len(samples) or (samples.min() >= -LARGEST_FLOAT and samples.max() <= LARGEST_FLOAT):
        return
    finite = np.isfinite(samples)
    if not finite.all():
        raise NotFiniteError(int(finite.argmin()))
    index = int((np.abs(samples) > LARGEST_FLOAT).argmax())
    raise SampleRangeError(index, float(samples[index]))


def _one_channel(chunk: NDArray[Any], name: str, *, codes: bool) -> str:
    """Return the advice to make one channel of several; the shorter axis counts as the channels."""
    axis = int(chunk.shape[1] <= chunk.shape[0])
    if codes:
        return f"take one channel, {name}[{':, ' * axis}0]"
    return f"mix channels down first, {name}.mean(axis={axis}).astype(numpy.{chunk.dtype.name})"
