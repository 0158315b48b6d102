"""Incremental parser for a form with a file in its part `audio`. Sans-I/O.

Litestar's own parser stores every part in memory or in a file, and treats a part as text if its file name is encoded
by RFC 2231 (`filename*=UTF-8''…`, which many clients send for non-ASCII names).
"""

from __future__ import annotations

import re
from typing import Final

from multipart import MultipartSegment, PushMultipartParser

__all__ = ["FIELDS", "FormReader"]

_MAX_PARTS: Final = 32
_MAX_FIELD_BYTES: Final = 64
"""Limit for the value of a text field; the longest known value has ten bytes."""
_FILE_NAME: Final = re.compile(r";\s*+filename\s*+(?:\*\d?\*?)?\s*+=", re.IGNORECASE)
FIELDS: Final = frozenset({"sample_rate", "model", "viseme_shapes", "viseme_weights"})
"""The fields that are allowed in addition to the audio."""


class FormReader:
    """Extracts the file `audio` and the short fields from `multipart/form-data`.

    Args:
        boundary: The boundary of the parts, from the header `Content-Type`.

    Attributes:
        found: Number of files with the name `audio`.
        fields: Text of the parts named in `FIELDS`.

    Raises:
        ValueError: The boundary is invalid.
    """

    def __init__(self, boundary: str) -> None:
        self.found = 0
        self.fields: dict[str, str] = {}
        self._parser = PushMultipartParser(boundary, max_segment_count=_MAX_PARTS)
        self._name = ""
        self._in_audio = False
        self._value = bytearray()

    def feed(self, data: bytes) -> bytes:
        """Parse the next piece, which must not be empty.

        Returns:
            The part of the file in this piece.

        Raises:
            ValueError: The form is invalid, or has too many parts, a duplicate part, or a field that is too long.
        """
        audio = bytearray()
        if self._parser.closed:
            return b""
        for event in self._parser.parse(data):
            if isinstance(event, MultipartSegment):
                self._begin(event)
            elif event is None:
                self._end()
            elif self._in_audio:
                audio += event
            elif self._name in FIELDS:
                self._value += event
                if len(self._value) > _MAX_FIELD_BYTES:
                    raise ValueError(f"{self._name} is too long")
        return bytes(audio)

    def finish(self) -> None:
        """Finish parsing.

        Raises:
            ValueError: The form is incomplete.
        """
        self._parser.close()

    def _begin(self, part: MultipartSegment) -> None:
        self._name = part.name or ""
        disposition = part.header("Content-Disposition") or ""
        self._in_audio = self._name == "audio" and bool(_FILE_NAME.search(disposition))
        self.found += self._in_audio

    def _end(self) -> None:
        if self._name in FIELDS:
            if self._name in self.fields:
                raise ValueError(f"{self._name} is given twice")
            self.fields[self._name] = self._value.decode(errors="replace")
        self._value.clear()
        self._name, self._in_audio = "", False
