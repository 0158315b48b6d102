"""Tells what a file is by how it begins. Sans-I/O."""

from __future__ import annotations

from typing import Final

__all__ = ["HEAD_BYTES", "is_audio_file", "unreadable_format"]

HEAD_BYTES: Final = 4096
"""How much of a file these functions want to see: two frames of MP3 and more."""

_FILES: Final = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"FORM", b"RF64")
_OTHERS: Final = (
    (4, b"ftyp", "MP4"),
    (0, b"\x1aE\xdf\xa3", "WebM"),
    (0, b"#!AMR", "AMR"),
    (0, b"\xff\xf1", "AAC"),
)

# ISO/IEC 11172-3, 2.4.2.3, and 13818-3 for the lower rates; layer III.
_KBITS: Final = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def is_audio_file(head: bytes) -> bool:
    """Whether bytes are the start of a file that describes itself: WAV, MP3, FLAC, Ogg or AIFF."""
    if head.startswith(_FILES):
        return True
    # Samples may begin like a frame of MP3 by chance, but hardly like two.
    first = _mp3_frame(head)
    return bool(first) and bool(_mp3_frame(head[first:]))


def unreadable_format(head: bytes) -> str | None:
    """The name of a format that is not decoded here, if bytes are the start of one."""
    return next((name for at, magic, name in _OTHERS if head[at : at + len(magic)] == magic), None)


def _mp3_frame(head: bytes) -> int:
    """Length in bytes of the MP3 frame at the start, or 0."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # noqa: PLR2004 - sync, layer III
        return 0
    version = head[1] >> 3 & 3
    rate, kbits = head[2] >> 2 & 3, head[2] >> 4
    if version not in _RATES or rate == 3 or kbits in {0, 15}:  # noqa: PLR2004 - reserved, free
        return 0
    samples = 144 if version == 3 else 72  # noqa: PLR2004 - an eighth of MPEG 1's 1152 samples a frame, or of 576
    bitrate = _KBITS[min(version | 2, 3)][kbits] * 1000
    return samples * bitrate // _RATES[version][rate] + (head[2] >> 1 & 1)
