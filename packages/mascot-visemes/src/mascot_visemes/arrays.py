"""Arrays that hold audio: which are taken as they are, and for the others an error that names what would be right.

An array of the wrong type often looks like audio: 16-bit values as floats, or 32-bit values cut down to 16 bits, are
noise to the network. So nothing is guessed that the array does not say itself, and every error has its way out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mascot_visemes.errors import NotFiniteError, SampleFormatError, SampleRangeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Floats up to here are taken as loud audio, unclipped: mixes and decoders overshoot, and speech scaled to a variance of
# 1 has such peaks. At eight times full scale 97 % of the frames still got the viseme that they get at full scale.
LARGEST_FLOAT = 10.0

_BYTES = ("B", "c")
_STEREO = 2  # axes of an array that has one for its channels
_FULL_SCALE = (
    "divide by the full scale of its values, {0} / 2**15 for 16 bits, {0} / 2**23 for 24, {0} / 2**31 for 32"
)
# What to do with samples of types that are not taken.
_ADVICE = {
    "i1": "for 8-bit samples: {0} / 2**7",
    "i4": _FULL_SCALE,
    "i8": _FULL_SCALE,
    "u1": "for unsigned 8-bit samples: {0} / 2**7 - 1; for bytes of audio in the encoding of the stream: {0}.tobytes()",
    "u2": "for signed samples that were read as unsigned: {0}.view(numpy.int16)",
}


def viewed(chunk: object, expected: str) -> memoryview | bytes | NDArray[Any]:
    """What lies in an object with a buffer: bytes, or an array if its items are not bytes.

    Args:
        chunk: ``bytearray``, ``memoryview``, ``array.array`` and the like.
        expected: What would be taken, for the error.

    Raises:
        SampleFormatError: It has no buffer, or one of items that are no numbers.
    """
    try:
        view = memoryview(chunk)  # type: ignore[arg-type]  # raises for what has no buffer
        if view.format.lstrip("@=<>!") not in _BYTES:
            return np.asarray(view)
    except (TypeError, ValueError, NotImplementedError):
        convertible = isinstance(chunk, list | tuple) or hasattr(chunk, "__array__")
        advice = " (convert with numpy.asarray(chunk))" if convertible else ""
        raise SampleFormatError(type(chunk).__name__, expected + advice) from None
    return view.cast("B") if view.c_contiguous else view.tobytes()


def mono_samples(chunk: NDArray[Any], expected: str, name: str, *, codes: bool) -> NDArray[Any]:
    """The samples of an array, shape (n,): int16, float32, or uint8 if they are codes of G.711.

    Args:
        chunk: One channel, shape (n,), (n, 1) or (1, n).
        expected: What would be taken, for the error.
        name: What the chunk is called in the error's advice.
        codes: Whether G.711 is expected.

    Raises:
        SampleFormatError: It has several channels, or samples of another type.
        NotFiniteError: There is NaN or infinity in it.
        SampleRangeError: There are floats far beyond -1..1 in it.
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
    """Raise for what is no audio.

    Raises:
        NotFiniteError: There is NaN or infinity.
        SampleRangeError: There are values far beyond -1..1.
    """
    if not len(samples) or (samples.min() >= -LARGEST_FLOAT and samples.max() <= LARGEST_FLOAT):
        return
    finite = np.isfinite(samples)
    if not finite.all():
        raise NotFiniteError(int(finite.argmin()))
    index = int((np.abs(samples) > LARGEST_FLOAT).argmax())
    raise SampleRangeError(index, float(samples[index]))


def _one_channel(chunk: NDArray[Any], name: str, *, codes: bool) -> str:
    """How to make one channel of several; the shorter axis is that of the channels."""
    axis = int(chunk.shape[1] <= chunk.shape[0])
    if codes:
        return f"take one channel, {name}[{':, ' * axis}0]"
    return f"mix channels down first, {name}.mean(axis={axis}).astype(numpy.{chunk.dtype.name})"
