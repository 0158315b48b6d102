"""Detect the format of an audio file from its first bytes, without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 4096
"""Number of bytes that ``sniff`` needs: more than two MP3 frames."""
SHORT_HEAD_BYTES: Final = 12
"""Number of bytes that are enough for formats with a signature. Only MP3 and AAC can be without a signature."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """The format of a file.

    Attributes:
        name: The name of the format, for errors.
        readable: Whether ``open_audio`` can read it. Formats other than WAV need soundfile.
    """

    name: str
    readable: bool


WAV: Final = FileFormat("WAV", readable=True)
_MP3: Final = FileFormat("MP3", readable=True)
_AAC: Final = FileFormat("AAC", readable=False)

_SIGNATURES: Final = tuple(
    (at, signature, FileFormat(name, readable))
    for at, signature, name, readable in (
        (8, b"AVI ", "AVI", False),
        (0, b"fLaC", "FLAC", True),
        (0, b"OggS", "Ogg", True),
        (0, b"ID3", "MP3", True),
        (0, b"FORM", "AIFF", True),
        (0, b"RF64", "RF64", True),
        (0, b"RIFX", "RIFX", True),
        (0, b"caff", "CAF", True),
        (4, b"ftyp", "MP4 (M4A)", False),
        (0, b"\x1aE\xdf\xa3", "WebM (Matroska)", False),
        (0, b"#!AMR", "AMR", False),
        (0, b"ADIF", "AAC", False),
        (0, b"0&\xb2u\x8ef\xcf\x11", "WMA", False),
        (0, b"FLV\x01", "FLV", False),
    )
)

# ISO/IEC 11172-3, 2.4.2.3, and 13818-3 for the lower rates; layer III.
_KBITS: Final = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_ADTS_HEADER_BYTES: Final = 7


def sniff(head: bytes) -> FileFormat | None:
    """Return the format of a file; ``None`` if the format is unknown.

    Args:
        head: The first bytes of the file; see ``HEAD_BYTES`` and ``SHORT_HEAD_BYTES``.
    """
    for at, signature, found in _SIGNATURES:
        if head.startswith(signature, at):
            return found
    if head.startswith(b"RIFF"):
        return WAV
    # Raw samples can look like one frame by chance, but two frames are very unlikely.
    for frame_length, found in ((_mp3_frame, _MP3), (_adts_frame, _AAC)):
        if (first := frame_length(head)) and frame_length(head[first:]):
            return found
    return None


def _mp3_frame(head: bytes) -> int:
    """Return the length in bytes of the MP3 frame at the start, or 0."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # noqa: PLR2004 - sync, layer III
        return 0
    version = head[1] >> 3 & 3
    rate, kbits = head[2] >> 2 & 3, head[2] >> 4
    if version not in _RATES or rate == 3 or kbits in {0, 15}:  # noqa: PLR2004 - reserved, free
        return 0
    samples = 144 if version == 3 else 72  # noqa: PLR2004 - an eighth of MPEG 1's 1152 samples a frame, or of 576
    bitrate = _KBITS[min(version | 2, 3)][kbits] * 1000
    return samples * bitrate // _RATES[version][rate] + (head[2] >> 1 & 1)


def _adts_frame(head: bytes) -> int:
    """Return the length in bytes of the AAC frame (ISO/IEC 13818-7, ADTS) at the start, or 0."""
    if len(head) < _ADTS_HEADER_BYTES or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:  # noqa: PLR2004 - sync, layer 0
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length >= _ADTS_HEADER_BYTES else 0
