"""Audio from files and pipes, block by block: WAV and raw PCM16 here, other formats with soundfile."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from mascot_visemes.audio import MAX_RATE, MIN_RATE, checked_rate
from mascot_visemes.errors import AudioFileError
from mascot_visemes.extras import require
from mascot_visemes.wav import read_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Blocks = Iterator[NDArray[np.float32]]

# The end of a block is the end of a chunk, whose last frames are decided with less context. In a file that should be
# rare; a pipe may be live, and its listener should not wait.
_FILE_BLOCK_MS = 60_000
PIPE_BLOCK_MS = 100
_LARGEST_BLOCK = 1 << 26  # bytes; blocks of many channels are shorter, so that memory stays bounded


@dataclass(frozen=True, slots=True)
class Recording:
    """Audio that is open to be read, once.

    Attributes:
        rate: Samples per second.
        seconds: Length if it is known beforehand.
        blocks: Mono samples, full scale being 1, shape (n,) each; at least one block.
            Raises `AudioFileError` where the audio is damaged, and at once where there is none.
    """

    rate: int
    seconds: float | None
    blocks: Blocks


@contextmanager
def open_audio(
    source: str | os.PathLike[str] | BinaryIO, *, raw_rate: float | None = None, block_ms: int | None = None
) -> Iterator[Recording]:
    """Open a file, a pipe, or a file that is open already.

    Args:
        source: A path, which may be that of a pipe, such as ``/dev/stdin``; or a binary file or pipe that is open at
            its start, which stays open. What cannot seek is read as it comes, and has to be WAV or raw.
        raw_rate: If given, `source` has no header: little-endian PCM16, mono, at this rate.
        block_ms: How long the blocks are, in ms: a minute if not given, 100 ms of what cannot seek.

    Raises:
        AudioFileError: It is missing, no audio that can be read, or at a rate outside 8000..48000.
        SampleRateError: `raw_rate` is outside 8000..48000.
        MissingExtraError: Its format needs soundfile.
    """
    with _opened(source) as (file, name):
        if block_ms is None:
            block_ms = _FILE_BLOCK_MS if file.seekable() else PIPE_BLOCK_MS
        if raw_rate is None and _is_other_format(file):
            with _open_soundfile(file, name, block_ms) as recording:
                yield recording
        else:
            yield _open_bytes(file, name, raw_rate, block_ms)


@contextmanager
def _opened(source: str | os.PathLike[str] | BinaryIO) -> Iterator[tuple[BinaryIO, str]]:
    """The file and its name for errors; closed afterwards if it was opened here."""
    if not isinstance(source, str | os.PathLike):
        yield _binary(source), _name_of(source)
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115 - closed below, and errors of its users are not ours
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise AudioFileError(str(source), getattr(error, "strerror", None) or str(error)) from error
    with file:
        yield file, str(source)


def _name_of(source: object) -> str:
    """What errors call an open file: not by its name, which may be that of a temporary file."""
    return "standard input" if getattr(source, "name", None) == "<stdin>" else "audio"


def _binary(source: object) -> BinaryIO:
    """An open file whose `read` gives as many bytes as it is asked for, unless it ends.

    Raises:
        AudioFileError: It is none, or open as text.
    """
    if isinstance(source, io.TextIOBase):
        raise AudioFileError(_name_of(source), "is open as text; open it with mode 'rb'")
    if not hasattr(source, "read"):
        memory = "; for bytes of a file in memory: io.BytesIO(data)" if isinstance(source, bytes) else ""
        problem = f"expected a path or a file that is open in mode 'rb', got {type(source).__name__}{memory}"
        raise AudioFileError("audio", problem)
    # An unbuffered pipe gives what is there.
    return cast("BinaryIO", _Whole(source) if isinstance(source, io.RawIOBase) else source)


class _Whole:
    """An unbuffered file, read to the last byte wanted; closing it is its owner's business."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self.seekable, self.seek, self.tell = raw.seekable, raw.seek, raw.tell

    def read(self, count: int) -> bytes:
        """Read `count` bytes, fewer only where the file ends."""
        parts = bytearray()
        while len(parts) < count and (part := self._raw.read(count - len(parts))):
            parts += part
        return bytes(parts)


def _length(file: BinaryIO) -> int | None:
    """Bytes of a file that is at its start; none where that cannot be known, as of a pipe."""
    if not file.seekable():
        return None
    length = file.seek(0, SEEK_END)
    file.seek(0)
    return length


def _is_other_format(file: BinaryIO) -> bool:
    """Whether a file is neither WAV nor empty; what cannot seek has to be WAV."""
    if not file.seekable():
        return False
    start = file.read(4)
    file.seek(0)
    return bool(start) and start != b"RIFF"


def _open_bytes(file: BinaryIO, name: str, raw_rate: float | None, block_ms: int) -> Recording:
    length = _length(file)
    if raw_rate is not None:
        rate = checked_rate(raw_rate)
        chunks = _chunks(file, None, 2, rate * block_ms // 1000)
        samples = (np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768.0) for data in chunks)
        return _recording(rate, None if length is None else length // 2 / rate, samples, name)
    header = read_header(file, name)
    chunks = _chunks(file, header.size, header.frame_bytes, header.rate * block_ms // 1000)
    # The header may promise more than there is, or nothing.
    there = None if length is None else length - file.tell()
    sizes = [size for size in (header.size, there) if size is not None]
    seconds = None
    if sizes and header.rate:
        seconds = min(sizes) // header.frame_bytes / header.rate
    return _recording(header.rate, seconds, map(header.samples, chunks), name)


def _chunks(file: BinaryIO, size: int | None, frame_bytes: int, frames: int) -> Iterator[bytes]:
    """Whole frames from a file, up to `size` bytes or its end."""
    count = max(1, min(frames, _LARGEST_BLOCK // frame_bytes)) * frame_bytes
    while data := file.read(count if size is None else min(count, size)):
        if size is not None:
            size -= len(data)
        if whole := len(data) - len(data) % frame_bytes:
            yield data[:whole]


@contextmanager
def _open_soundfile(source: BinaryIO, name: str, block_ms: int) -> Iterator[Recording]:
    soundfile = require("soundfile", f"{name}: not a WAV file, and reading other formats")
    try:
        file = soundfile.SoundFile(source)
    except soundfile.SoundFileError as error:
        # The library's own words, without what it puts before them: the Python object that was read.
        problem = getattr(error, "error_string", error)
        raise AudioFileError(name, f"not audio that can be read ({problem})") from error
    with file:
        frames = min(file.samplerate * block_ms // 1000, _LARGEST_BLOCK // (4 * file.channels))
        blocks = _soundfile_blocks(soundfile, file, name, max(1, frames))
        yield _recording(file.samplerate, file.frames / file.samplerate, blocks, name)


def _soundfile_blocks(soundfile: Any, file: Any, name: str, frames: int) -> Blocks:
    while True:
        try:
            block = file.read(frames, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise AudioFileError(name, f"damaged ({error})") from error
        if not len(block):
            return
        yield block.mean(axis=1)


def _recording(rate: int, seconds: float | None, blocks: Blocks, name: str) -> Recording:
    if not MIN_RATE <= rate <= MAX_RATE:
        advice = f"expected {MIN_RATE} to {MAX_RATE}; convert it, e.g. with: ffmpeg -i FILE -ar 24000 out.wav"
        raise AudioFileError(name, f"its sample rate is {rate} Hz, {advice}")
    return Recording(rate, seconds, _some(blocks, name))


def _some(blocks: Blocks, name: str) -> Blocks:
    empty = True
    for block in blocks:
        empty = False
        yield block
    if empty:
        raise AudioFileError(name, "holds no audio")
