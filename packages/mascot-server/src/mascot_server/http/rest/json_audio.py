"""A JSON object with a long base64 text in its member `audio`, read piece by piece.

Parsed at once, 25 MiB of it would stand in memory several times over, and hold up every conversation for the time that
takes. Only the audio may be long: everything beside it is bounded, so that neither millions of brackets nor millions of
strings cost more than those few kilobytes. Sans-I/O.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

from pydantic_core import from_json

__all__ = ["MAX_OTHER_BYTES", "Base64Reader", "JsonAudioReader", "OtherFieldsTooLongError"]

MAX_OTHER_BYTES: Final = 16 * 1024
"""Bytes of JSON beside the audio: the known fields take a hundred, the rest is for fields of clients that send more."""

_IN_STRING: Final = re.compile(rb'(?:[^"\\]++|\\u[0-9a-fA-F]{4}|\\[^u])*+')
"""What follows in a string up to its end or a cut escape. Possessive, so that it takes no memory for a way back."""
_SURROGATE: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]")
"""Half of an escaped pair. Base64 has none, and its other half may be in the next piece."""
_LONGEST_ESCAPE: Final = len(rb"\u0041")
_BETWEEN: Final = re.compile(rb'["{}\[\]]')
_AUDIO_KEY: Final = re.compile(rb'[{,]\s*"audio"\s*:\s*$')
_KEY_WINDOW: Final = 256
"""Bytes before a string in which its key is looked for; only blanks could make it longer."""
_QUOTE: Final = ord('"')
_DATA_URI: Final = b"data:"


class OtherFieldsTooLongError(Exception):
    """There is more JSON beside the audio than `MAX_OTHER_BYTES`."""


class JsonAudioReader:
    """Takes the text of the outermost object's member `audio` out of JSON.

    Attributes:
        found: How often there was such a text.
    """

    def __init__(self) -> None:
        self.found = 0
        self._others = bytearray()  # everything else, with an empty text in its place
        self._cut = b""  # an escape of which only a part has come
        self._depth = 0
        self._in_string = self._in_audio = False

    def feed(self, data: bytes) -> bytes:
        """Read the next piece.

        Returns:
            What it has of the text.

        Raises:
            ValueError: It has an escape that JSON does not know.
            OtherFieldsTooLongError: There is too much beside it.
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
            ValueError: It is not JSON.
        """
        return from_json(bytes(self._others), allow_inf_nan=False)

    def _string(self, data: bytes, at: int, text: bytearray) -> int:
        """Continue in a string; return where to go on."""
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
        """Continue between strings; return where to go on."""
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
    """Decode base64 piece by piece. Blanks and line breaks are skipped."""

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
            ValueError: It is not base64.
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
        """End it.

        Raises:
            ValueError: Some of it is missing.
        """
        if self._carried:
            raise ValueError("its length is not a multiple of four")
