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
from mascot_visemes.sniffing import HEAD_BYTES, SHORT_HEAD_BYTES, WAV, sniff
from mascot_visemes.wav import UnknownCodingError, read_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mascot_visemes.sniffing import FileFormat
    from mascot_visemes.wav import WavHeader

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
            Raises ``AudioFileError`` where the audio is damaged, and at once where there is none.
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
        raw_rate: If given, ``source`` has no header: little-endian PCM16, mono, at this rate.
        block_ms: How long the blocks are, in ms: a minute if not given, 100 ms of what cannot seek.

    Raises:
        AudioFileError: It is missing, no audio that can be read, or at a rate outside 8000..48000; or it has a header
            and ``raw_rate`` is given.
        SampleRateError: ``raw_rate`` is outside 8000..48000.
        MissingExtraError: Its format needs soundfile.
    """
    with _opened(source) as file:
        if block_ms is None:
            block_ms = _FILE_BLOCK_MS if file.seekable else PIPE_BLOCK_MS
        found = sniff(file.peek(HEAD_BYTES if file.seekable else SHORT_HEAD_BYTES))
        if raw_rate is not None:
            if found is not None:
                raise AudioFileError(
                    file.label,
                    f"has the header of a {found.name} file; leave out the rate (raw_rate, --rate)",
                )
            yield _open_raw(file, checked_rate(raw_rate), block_ms)
        elif (header := _wav_header(file, found)) is not None:
            yield _open_wav(file, header, block_ms)
        else:
            with _open_soundfile(file, found, block_ms) as recording:
                yield recording


def _wav_header(file: _Source, found: FileFormat | None) -> WavHeader | None:
    """Read the header of a WAV file; ``None`` if the file has to be read by soundfile.

    Raises:
        AudioFileError: The file cannot be read.
    """
    if found is not None and not found.readable:
        advice = "ffmpeg -i FILE out.wav" if file.seekable else "ffmpeg -i FILE -f wav -"
        raise AudioFileError(file.label, f"{found.name} cannot be read; convert it to WAV: {advice}")
    if not file.seekable and found not in {WAV, None}:
        problem = "only WAV can be read from a pipe"
        raise AudioFileError(
            file.label, f"is {found.name}, and {problem}; convert it: ffmpeg -i FILE -f wav -"
        )
    if found != WAV and file.seekable and file.peek(1):
        return None
    try:
        return read_header(file, file.label)
    except UnknownCodingError:
        if not file.seekable:
            raise
        file.seek(0)
        return None


@contextmanager
def _opened(source: str | os.PathLike[str] | BinaryIO) -> Iterator[_Source]:
    """Open a path; a file that is open already is not closed afterwards."""
    if not isinstance(source, str | os.PathLike):
        yield _Source(_binary(source), _name_of(source))
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115 - closed below, and errors of its users are not ours
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise AudioFileError(str(source), getattr(error, "strerror", None) or str(error)) from error
    with file:
        yield _Source(file, str(source))


def _name_of(source: object) -> str:
    """Return what errors call an open file: not its name, which may be that of a temporary file."""
    return "standard input" if getattr(source, "name", None) == "<stdin>" else "audio"


def _binary(source: object) -> BinaryIO:
    """Return an open file.

    Raises:
        AudioFileError: It is not a file, is closed, or is open as text.
    """
    if isinstance(source, io.TextIOBase):
        raise AudioFileError(_name_of(source), "is open as text; open it with mode 'rb'")
    if not hasattr(source, "read"):
        memory = "; for bytes of a file in memory: io.BytesIO(data)" if isinstance(source, bytes) else ""
        problem = f"expected a path or a file that is open in mode 'rb', got {type(source).__name__}{memory}"
        raise AudioFileError("audio", problem)
    if getattr(source, "closed", False):
        raise AudioFileError(_name_of(source), "is closed; open it with mode 'rb'")
    return cast("BinaryIO", source)


class _Source:
    """An open binary file. A read returns as many bytes as it is asked for unless the file ends.

    It has no attribute ``name``: by the ending of that soundfile would take the file for raw audio.

    Args:
        file: The file, which belongs to whoever opened it.
        label: What errors call it.

    Attributes:
        label: What errors call it.
        seekable: Whether it can seek; a pipe cannot.
        failure: The error of the last read that failed.
    """

    def __init__(self, file: BinaryIO, label: str) -> None:
        self._file = file
        self._ahead = b""
        self.label = label
        self.failure: AudioFileError | None = None
        seekable = getattr(file, "seekable", None)
        self.seekable = seekable is not None and seekable()
        self.seek, self.tell = file.seek, file.tell

    def peek(self, count: int) -> bytes:
        """Return the first bytes; the next read returns them again. For a file at its start."""
        data = self.read(count)
        if self.seekable:
            self.seek(0)
        else:
            self._ahead = data
        return data

    def read(self, count: int) -> bytes:
        """Read ``count`` bytes, fewer only where the file ends.

        Raises:
            AudioFileError: The system reports an error.
        """
        data = bytearray(self._ahead[:count])
        self._ahead = self._ahead[count:]
        try:
            # An unbuffered pipe returns what is there.
            while len(data) < count and (part := self._file.read(count - len(data))):
                data += part
        except OSError as error:
            self.failure = AudioFileError(self.label, f"cannot be read ({error.strerror or error})")
            raise self.failure from error
        return bytes(data)


class _ForSoundfile:
    """What soundfile needs of a file. It ignores exceptions: they are raised when it has returned."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self.seek, self.tell = source.seek, source.tell

    def read(self, count: int) -> bytes:
        """Read ``count`` bytes, none after an error."""
        try:
            return self._source.read(count)
        except AudioFileError:
            return b""


def _open_raw(file: _Source, rate: int, block_ms: int) -> Recording:
    length = _left(file)
    chunks = _chunks(file, None, 2, rate * block_ms // 1000)
    samples = (np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768.0) for data in chunks)
    return _recording(rate, None if length is None else length // 2 / rate, samples, file.label)


def _open_wav(file: _Source, header: WavHeader, block_ms: int) -> Recording:
    chunks = _chunks(file, header.size, header.frame_bytes, header.rate * block_ms // 1000)
    # The header may promise more than there is, or nothing.
    sizes = [size for size in (header.size, _left(file)) if size is not None]
    seconds = None
    if sizes and header.rate:
        seconds = min(sizes) // header.frame_bytes / header.rate
    return _recording(header.rate, seconds, map(header.samples, chunks), file.label)


def _left(file: _Source) -> int | None:
    """Return the bytes from here to the end of a file; ``None`` where that is unknown."""
    if not file.seekable:
        return None
    here = file.tell()
    end = file.seek(0, SEEK_END)
    file.seek(here)
    return end - here


def _chunks(file: _Source, size: int | None, frame_bytes: int, frames: int) -> Iterator[bytes]:
    """Whole frames from a file, up to ``size`` bytes or its end."""
    count = max(1, min(frames, _LARGEST_BLOCK // frame_bytes)) * frame_bytes
    while data := file.read(count if size is None else min(count, size)):
        if size is not None:
            size -= len(data)
        if whole := len(data) - len(data) % frame_bytes:
            yield data[:whole]


@contextmanager
def _open_soundfile(source: _Source, found: FileFormat | None, block_ms: int) -> Iterator[Recording]:
    what = "this coding of WAV" if found == WAV else "formats other than WAV"
    soundfile = require("soundfile", f"{source.label}: reading {what}")
    try:
        file = soundfile.SoundFile(_ForSoundfile(source))
    except soundfile.SoundFileError as error:
        if source.failure:
            raise source.failure from None
        # The library's own words, without what it puts before them: the Python object that was read.
        problem = f"not audio that can be read ({getattr(error, 'error_string', error)})"
        raw = "" if found else "; if it is raw PCM16, give its sample rate"
        raise AudioFileError(source.label, f"{problem}; convert it: ffmpeg -i FILE out.wav{raw}") from error
    with file:
        frames = min(file.samplerate * block_ms // 1000, _LARGEST_BLOCK // (4 * file.channels))
        blocks = _soundfile_blocks(soundfile, file, source, max(1, frames))
        yield _recording(file.samplerate, file.frames / file.samplerate, blocks, source.label)


def _soundfile_blocks(soundfile: Any, file: Any, source: _Source, frames: int) -> Blocks:
    while True:
        try:
            block = file.read(frames, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise source.failure or AudioFileError(source.label, f"damaged ({error})") from error
        if source.failure:
            raise source.failure
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
