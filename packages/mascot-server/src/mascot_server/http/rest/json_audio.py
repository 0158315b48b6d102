"""Incremental parser for a JSON object with a long base64 string in its field `audio`. Sans-I/O.

Parsing 25 MiB at once would need several times that memory, and would block all conversations meanwhile. Only the audio
may be long. The rest is limited to a few kilobytes, so that millions of brackets or strings are rejected early.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

from pydantic_core import from_json

__all__ = ["MAX_OTHER_BYTES", "Base64Reader", "JsonAudioReader", "OtherFieldsTooLongError"]

MAX_OTHER_BYTES: Final = 16 * 1024
"""Most bytes of JSON besides the audio. The known fields need about a hundred; clients may send additional fields."""

_IN_STRING: Final = re.compile(rb'(?:[^"\\]++|\\u[0-9a-fA-F]{4}|\\[^u])*+')
"""Rest of a string, up to its end or an incomplete escape. Possessive, so that no memory is used for backtracking."""
_SURROGATE: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]")
"""Escaped surrogate. Base64 has none, and the other surrogate of its pair may be in the next piece."""
_LONGEST_ESCAPE: Final = len(rb"\u0041")
_BETWEEN: Final = re.compile(rb'["{}\[\]]')
_AUDIO_KEY: Final = re.compile(rb'[{,]\s*"audio"\s*:\s*$')
_KEY_WINDOW: Final = 256
"""Bytes before a string that are searched for its key; only blanks could make it longer."""
_QUOTE: Final = ord('"')
_DATA_URI: Final = b"data:"


class OtherFieldsTooLongError(Exception):
    """The JSON besides the audio is longer than `MAX_OTHER_BYTES`."""


class JsonAudioReader:
    """Extracts the string in the field `audio` of the outermost object from JSON.

    Attributes:
        found: How many such strings were found.
    """

    def __init__(self) -> None:
        self.found = 0
        self._others = bytearray()  # the rest of the JSON, with an empty string in place of the audio
        self._cut = b""  # an incomplete escape at the end of the last piece
        self._depth = 0
        self._in_string = self._in_audio = False

    def feed(self, data: bytes) -> bytes:
        """Parse the next piece.

        Returns:
            The part of the string in this piece.

        Raises:
            ValueError: The string has an invalid JSON escape.
            OtherFieldsTooLongError: The rest of the JSON is too long.
        """
        data, self._cut = self._cut + data, b""
        text, at = bytearray(), 0
        while at < len(data):
            at = self._string(data, at, text) if self._in_string else self._structure(data, at)
            if len(self._others) > MAX_OTHER_BYTES:
                raise OtherFieldsTooLongError
        if b"\\" not in text:
            return bytes(text)
        if _SURROGATE.search(text):
            raise ValueError("it contains an escape sequence that is not base64")
        unescaped: str = from_json(b'"%b"' % bytes(text))
        return unescaped.encode()

    def fields(self) -> Any:
        """Return the parsed JSON, with an empty string for the audio.

        Raises:
            ValueError: The text is not JSON.
        """
        return from_json(bytes(self._others), allow_inf_nan=False)

    def _string(self, data: bytes, at: int, text: bytearray) -> int:
        """Parse within a string; return the position at which to continue."""
        sink = text if self._in_audio else self._others
        match = _IN_STRING.match(data, at)
        end = len(data) if match is None else match.end()
        sink += data[at:end]
        if end == len(data):
            return end
        if data[end] == _QUOTE:
            self._in_string = self._in_audio = False
            self._others += b'"'
            return end + 1
        if len(data) - end >= _LONGEST_ESCAPE:
            raise ValueError("it contains an invalid JSON escape sequence")
        self._cut = data[end:]
        return len(data)

    def _structure(self, data: bytes, at: int) -> int:
        """Parse between strings; return the position at which to continue."""
        stop = _BETWEEN.search(data, at)
        if stop is None:
            self._others += data[at:]
            return len(data)
        self._others += data[at : stop.start()]
        if stop[0] == b'"':
            self._in_string = True
            outermost = self._depth == 1
            self._in_audio = outermost and bool(_AUDIO_KEY.search(self._others[-_KEY_WINDOW:]))
            self.found += self._in_audio
        else:
            self._depth += 1 if stop[0] in b"{[" else -1
        self._others += stop[0]
        return stop.end()


class Base64Reader:
    """Incremental base64 decoder. Blanks and line breaks are skipped."""

    def __init__(self) -> None:
        self._start = self._carried = b""
        self._ended = False

    @property
    def problem(self) -> str:
        """Why the text cannot be decoded, for the error."""
        if self._start == _DATA_URI:
            return "is a data: URI; send only the base64 text behind its comma"
        return "is not base64"

    def feed(self, text: bytes) -> bytes:
        """Decode the next piece.

        Raises:
            ValueError: The text is not base64.
        """
        text = text.translate(None, b" \t\r\n")
        self._start += text[: len(_DATA_URI) - len(self._start)]
        text = self._carried + text
        whole = len(text) // 4 * 4
        self._carried = text[whole:]
        if not text:
            return b""
        if self._ended:
            raise ValueError("it contains data after the padding")
        self._ended = text[:whole].endswith(b"=")
        try:
            return base64.b64decode(text[:whole], validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from None

    def finish(self) -> None:
        """Finish decoding.

        Raises:
            ValueError: The text is incomplete.
        """
        if self._carried:
            raise ValueError("its length is not a multiple of four")
