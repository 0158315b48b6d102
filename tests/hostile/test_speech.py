"""Text for speech synthesis that makes more audio than its length suggests."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from support.processes import serve_process
from support.rest import AUTHORIZED

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.conftest import Figures
    from support.processes import ServerProcess
    from support.servers import Providers

pytest.importorskip("espeakng_loader")

WORDS = "the quick brown fox jumps over the lazy dog"


def _seconds(server: ServerProcess, text: str, **fields: object) -> float:
    """Return the amount of audio for a text, counted for at most 10 seconds."""
    body = {"text": text, "voice": "en-us", **fields}
    started, seconds = time.monotonic(), 0.0
    with httpx.stream(
        "POST", f"{server.origin}/v1/visemes-audio", json=body, headers=AUTHORIZED, timeout=15
    ) as answer:
        for line in answer.iter_lines():
            if line.startswith('data: {"type":"audio"'):
                event = json.loads(line.removeprefix("data: "))
                seconds += len(base64.b64decode(event["data"])) / 2 / event["sample_rate"]
            if time.monotonic() - started > 10:
                break
    return seconds


COMMANDS = {
    "slow": "\x0180S",
    "slowest": "\x011S",
    "quiet": "\x010A",
    "pitch": "\x0199P",
    "break": "\x01200B",
    "SSML break": '<break time="60s"/>',
    "phonemes": "[[_:_:_:_:_:]]",
}


def test_commands_in_the_text(server: ServerProcess, figure: Figures) -> None:
    plain = _seconds(server, f"{WORDS} " * 5)
    for name, command in COMMANDS.items():
        # The text of a command may be spoken, and marks take longer than a number and a letter.
        ratio = _seconds(server, f"{command} {WORDS} " * 5) / plain
        limit = 1.5 if command.startswith("\x01") else 2.5
        figure(f"audio with {name} beside that of the words", ratio, at_most=limit)


def test_speech_of_any_length(tmp_path: Path, providers: Providers, figure: Figures) -> None:
    with serve_process(tmp_path, providers.origin, max_speech_seconds="60") as server:
        figure("audio of one text", _seconds(server, "a\n\n" * 1666, speed=0.5), "s", at_most=61)
