"""What the tests of the simulators share: a clock of their own for the cores, and real sockets."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from websockets.asyncio.client import connect

from mascot_server.simulators import AudioSent, Simulators
from mascot_server.simulators.core.conversation import Close, Conversation, Frame
from mascot_server.simulators.core.sound import encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mascot_server.simulators.core.sound import Encoding


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Play:
    """Drives a conversation by a clock of its own: no waiting, and the same times in every run."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.now = 100.0
        self.frames: list[Frame] = []
        self.times: list[float] = []
        self.closed: Close | None = None
        conversation.open(self.now)
        self._drain()

    def say(self, message: Any) -> list[dict[str, Any]]:
        """Send a message and return what is answered at once."""
        seen = len(self.frames)
        text = message if isinstance(message, str | bytes) else json.dumps(message)
        self.conversation.receive(text, self.now)
        self._drain()
        return self.events[seen:]

    def wait(self, seconds: float = math.inf) -> list[dict[str, Any]]:
        """Let time pass, or everything that is scheduled happen, and return what is sent meanwhile."""
        seen = len(self.frames)
        end = self.now + seconds
        while not self.closed and (due := self.conversation.due()) is not None and due <= end:
            self.now = max(self.now, due)
            self._drain()
        if not math.isinf(end):
            self.now = end
        return self.events[seen:]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(frame.message) for frame in self.frames]

    def _drain(self) -> None:
        while self.closed is None and (action := self.conversation.next_action(self.now)) is not None:
            if isinstance(action, Close):
                self.closed = action
            else:
                self.frames.append(action)
                self.times.append(self.now)


@pytest.fixture
def play() -> type[Play]:
    return Play


class Speech:
    """A user's voice: a hum that is loud throughout, or silence."""

    @staticmethod
    def loud(milliseconds: int, sample_rate: int = 16000, encoding: Encoding = "pcm16") -> bytes:
        count = sample_rate * milliseconds // 1000
        hum = 4000 * np.sin(2 * np.pi * 200 * np.arange(count) / sample_rate)
        return encode(hum.astype(np.int16), encoding)

    @staticmethod
    def quiet(milliseconds: int, sample_rate: int = 16000, encoding: Encoding = "pcm16") -> bytes:
        silence = {"pcm16": b"\0\0", "mulaw": b"\xff", "alaw": b"\xd5"}[encoding]
        return silence * (sample_rate * milliseconds // 1000)


@pytest.fixture
def speech() -> type[Speech]:
    return Speech


class Stage:
    """Running simulators, with the audio they say they sent and sockets to them."""

    def __init__(self, simulators: Simulators, sent: list[AudioSent]) -> None:
        self.simulators = simulators
        self.sent = sent

    @property
    def origin(self) -> str:
        return self.simulators.origin

    def dial(self, target: str, **options: Any) -> connect:
        """Connect to a path and query of theirs."""
        return connect("ws" + self.origin.removeprefix("http") + target, compression=None, **options)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    sent: list[AudioSent] = []
    async with Simulators(on_audio=sent.append, burst=100, playback=math.inf) as simulators:
        yield Stage(simulators, sent)
