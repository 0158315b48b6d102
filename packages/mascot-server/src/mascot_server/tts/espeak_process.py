"""Speaks with libespeak-ng, in a process of its own: `python -I -S espeak_process.py LIBRARY DATA`.

The library keeps its state in globals and is under the GPL; here it has a process for each text, which is killed when
nobody listens any more. Only the standard library is imported, so that starting takes milliseconds.

Standard input is one JSON object: `{}` asks for the voices, `{"text": …, "voice": …, "rate": …}` for speech. Standard
output is one line of JSON, `{"voices": [[name, language], …]}` or `{"sample_rate": …}`, then the PCM16.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any, Final

# speak_lib.h
_AUDIO_OUTPUT_SYNCHRONOUS: Final = 2
_INITIALIZE_DONT_EXIT: Final = 0x8000
_CHARS_UTF8: Final = 1
_POS_CHARACTER: Final = 1
_PARAMETER_RATE: Final = 1
_BUFFER_MS: Final = 50

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
"""Takes samples; answers 0 to go on."""


class _Voice(ctypes.Structure):
    """`espeak_VOICE`."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),  # each a byte of priority and a tag ended by 0
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("unused", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


def main(library: str, data: str) -> None:
    """Answer the request on standard input."""
    request = json.loads(sys.stdin.buffer.read())
    espeak = ctypes.CDLL(library)
    rate = espeak.espeak_Initialize(
        _AUDIO_OUTPUT_SYNCHRONOUS, _BUFFER_MS, os.fsencode(data), _INITIALIZE_DONT_EXIT
    )
    if rate <= 0:
        sys.exit(f"espeak-ng does not start with the data at {data}")
    if not request:
        _answer({"voices": _voices(espeak)})
        return
    if espeak.espeak_SetVoiceByName(request["voice"].encode()) != 0:
        sys.exit("espeak-ng does not know the voice")
    # The noise in consonants is seeded by the clock otherwise, and the same text would sound a little different.
    espeak.espeak_ng_SetRandSeed(1)
    espeak.espeak_SetParameter(_PARAMETER_RATE, request["rate"], 0)
    _answer({"sample_rate": rate})
    _speak(espeak, request["text"].encode())


def _voices(espeak: Any) -> list[tuple[str, str]]:
    espeak.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    listed = espeak.espeak_ListVoices(None)
    voices: list[tuple[str, str]] = []
    while listed[len(voices)]:
        voice = listed[len(voices)].contents
        voices.append((voice.name.decode().strip(), voice.languages[1:].decode()))
    return voices


def _speak(espeak: Any, text: bytes) -> None:
    def heard(samples: Any, count: int, _: Any) -> int:
        if not samples:
            return 0
        try:
            _write(ctypes.string_at(samples, 2 * count))
        except OSError:  # nobody listens any more
            return 1
        return 0

    callback = _Callback(heard)
    espeak.espeak_SetSynthCallback(callback)
    espeak.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    size = len(text) + 1
    if espeak.espeak_Synth(text, size, 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None) != 0:
        sys.exit("espeak-ng cannot speak the text")


def _answer(answer: dict[str, Any]) -> None:
    _write(json.dumps(answer).encode() + b"\n")


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    main(*sys.argv[1:3])
