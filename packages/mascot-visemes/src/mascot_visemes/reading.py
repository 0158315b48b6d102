"""Read audio from files and pipes in blocks: WAV and raw PCM16 here, other formats with soundfile."""

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

# The last frames of each block are decided with less right context. Blocks of files are therefore long. A pipe may be
# live, so its blocks are short, to keep the latency low.
_FILE_BLOCK_MS = 60_000
PIPE_BLOCK_MS = 100
_LARGEST_BLOCK = 1 << 26  # bytes; blocks of many channels are shorter, so that memory stays bounded


@dataclass(frozen=True, slots=True)
class Recording:
    """An open recording. It can be read once.

    Attributes:
        rate: The sample rate in Hz.
        seconds: The length in seconds; ``None`` if it is not known.
        blocks: An iterator of blocks of mono samples, each of shape (n,), with full scale at 1. It yields at least one
            block. It raises ``AudioFileError`` if the audio is damaged or empty.
    """

    rate: int
    seconds: float | None
    blocks: Blocks


@contextmanager
def open_audio(
    source: str | os.PathLike[str] | BinaryIO, *, raw_rate: float | None = None, block_ms: int | None = None
) -> Iterator[Recording]:
    """Open a recording: a path, an open file or a pipe.

    Args:
        source: The path of a file or of a pipe, for example ``/dev/stdin``. Or an open binary file or pipe, positioned
            at its start; it stays open. A pipe is read as the audio arrives and must contain WAV or raw PCM16.
        raw_rate: The sample rate in Hz of raw audio: mono, little-endian PCM16 without a header. Leave it out if the
            file has a header.
        block_ms: The length of a block in milliseconds. The default is 60000, and 100 for pipes.

    Yields:
        The open ``Recording``.

    Raises:
        AudioFileError: The file is missing, is not readable audio, or its sample rate is outside 8000..48000 Hz. Or the
            file has a header and you passed ``raw_rate``.
        SampleRateError: ``raw_rate`` is outside 8000..48000 Hz.
        MissingExtraError: The audio format needs soundfile.
    """
    with _opened(source) as file:
        if block_ms is None:
            block_ms = _FILE_BLOCK_MS if file.seekable else PIPE_BLOCK_MS
        found = sniff(file.peek(HEAD_BYTES if file.seekable else SHORT_HEAD_BYTES))
        if raw_rate is not None:
            if found is not None:
                raise AudioFileError(
                    file.label,
                    f"has the header of a {found.name} file; leave the sample rate (raw_rate, --rate) out",
                )
            yield _open_raw(file, checked_rate(raw_rate), block_ms)
        elif (header := _wav_header(file, found)) is not None:
            yield _open_wav(file, header, block_ms)
        else:
            with _open_soundfile(file, found, block_ms) as recording:
                yield recording


def _wav_header(file: _Source, found: FileFormat | None) -> WavHeader | None:
    """Read the header of a WAV file; return ``None`` if the file must be read with soundfile.

    Raises:
        AudioFileError: The file cannot be read.
    """
    if found is not None and not found.readable:
        advice = "ffmpeg -i FILE out.wav" if file.seekable else "ffmpeg -i FILE -f wav -"
        raise AudioFileError(file.label, f"{found.name} cannot be read; convert it to WAV: {advice}")
    if not file.seekable and found not in {WAV, None}:
        problem = "but only WAV can be read from a pipe"
        raise AudioFileError(file.label, f"is {found.name}, {problem}; convert it: ffmpeg -i FILE -f wav -")
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
    """Open a path, or use an open file. An open file stays open afterwards."""
    if not isinstance(source, str | os.PathLike):
        yield _Source(_binary(source), _name_of(source))
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115 - closed below; errors of the caller must not be caught here
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise AudioFileError(str(source), getattr(error, "strerror", None) or str(error)) from error
    with file:
        yield _Source(file, str(source))


def _name_of(source: object) -> str:
    """Return the name of an open file for errors. It is not the file name, which may be that of a temporary file."""
    return "standard input" if getattr(source, "name", None) == "<stdin>" else "audio"


def _binary(source: object) -> BinaryIO:
    """Return an open binary file.

    Raises:
        AudioFileError: The object is not a file, is closed, or was opened in text mode.
    """
    if isinstance(source, io.TextIOBase):
        raise AudioFileError(_name_of(source), "was opened in text mode; open it with mode 'rb'")
    if not hasattr(source, "read"):
        memory = "; for a file in memory use io.BytesIO(data)" if isinstance(source, bytes) else ""
        problem = f"expected a path or a file opened with mode 'rb', got {type(source).__name__}{memory}"
        raise AudioFileError("audio", problem)
    if getattr(source, "closed", False):
        raise AudioFileError(_name_of(source), "is closed; open it with mode 'rb'")
    return cast("BinaryIO", source)


class _Source:
    """An open binary file. A read returns the requested number of bytes, except at the end of the file.

    It has no attribute ``name``, because soundfile would read the file as raw audio if its extension is ``.raw``.

    Args:
        file: The file. The caller closes it.
        label: The name of the file in errors.

    Attributes:
        label: The name of the file in errors.
        seekable: Whether the file can seek. A pipe cannot.
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
        """Return the first bytes of the file without consuming them. The file must be at its start."""
        data = self.read(count)
        if self.seekable:
            self.seek(0)
        else:
            self._ahead = data
        return data

    def read(self, count: int) -> bytes:
        """Read ``count`` bytes; fewer only at the end of the file.

        Raises:
            AudioFileError: The file cannot be read.
        """
        data = bytearray(self._ahead[:count])
        self._ahead = self._ahead[count:]
        try:
            # An unbuffered pipe may return fewer bytes.
            while len(data) < count and (part := self._file.read(count - len(data))):
                data += part
        except OSError as error:
            self.failure = AudioFileError(self.label, f"cannot be read ({error.strerror or error})")
            raise self.failure from error
        return bytes(data)


class _ForSoundfile:
    """A file object for soundfile. Soundfile ignores exceptions, so they are raised after it returns."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self.seek, self.tell = source.seek, source.tell

    def read(self, count: int) -> bytes:
        """Read ``count`` bytes; return no bytes after an error."""
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
    # The size in the header can be missing, or larger than the file.
    sizes = [size for size in (header.size, _left(file)) if size is not None]
    seconds = None
    if sizes and header.rate:
        seconds = min(sizes) // header.frame_bytes / header.rate
    return _recording(header.rate, seconds, map(header.samples, chunks), file.label)


def _left(file: _Source) -> int | None:
    """Return the number of bytes up to the end of the file; ``None`` if it is not known."""
    if not file.seekable:
        return None
    here = file.tell()
    end = file.seek(0, SEEK_END)
    file.seek(here)
    return end - here


def _chunks(file: _Source, size: int | None, frame_bytes: int, frames: int) -> Iterator[bytes]:
    """Yield complete frames of a file, up to ``size`` bytes or the end of the file."""
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
        # The error text of the library, without the Python object that it puts in front.
        problem = f"is not readable audio ({getattr(error, 'error_string', error)})"
        raw = "" if found else "; for raw PCM16 pass the sample rate (raw_rate, --rate)"
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
            raise source.failure or AudioFileError(
                source.label, f"is damaged ({error}); convert it: ffmpeg -i FILE out.wav"
            ) from error
        if source.failure:
            raise source.failure
        if not len(block):
            return
        yield block.mean(axis=1)


def _recording(rate: int, seconds: float | None, blocks: Blocks, name: str) -> Recording:
    if not MIN_RATE <= rate <= MAX_RATE:
        advice = f"expected {MIN_RATE} to {MAX_RATE}; convert it: ffmpeg -i FILE -ar 24000 out.wav"
        raise AudioFileError(name, f"its sample rate is {rate} Hz, {advice}")
    return Recording(rate, seconds, _some(blocks, name))


def _some(blocks: Blocks, name: str) -> Blocks:
    empty = True
    for block in blocks:
        empty = False
        yield block
    if empty:
        raise AudioFileError(name, "contains no audio")
