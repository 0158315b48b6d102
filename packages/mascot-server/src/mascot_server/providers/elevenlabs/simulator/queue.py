"""A simulated ElevenLabs conversation that first waits in a queue with music."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mascot_server.providers.elevenlabs.simulator.conversation import (
    AUDIO_FORMATS,
    DEFAULT_AUDIO_FORMAT,
    ElevenLabsConversation,
    audio_event,
)
from mascot_server.simulators.core.sound import Encoding, encode
from mascot_server.simulators.core.voice import Chunk
from mascot_server.simulators.core.wire import read_object

if TYPE_CHECKING:
    from mascot_server.simulators.core.conversation import Close, Frame, Pacing
    from mascot_server.simulators.core.voice import Language

__all__ = ["TIMED_OUT", "QueuedConversation"]

TIMED_OUT: Final = 4300
"""Close code when no agent had time."""

_MUSIC_MS: Final = 1000
_CHUNK_MS: Final = 200
_CHORD_HZ: Final = (220.0, 277.2, 329.6)
_LOUDNESS: Final = 4000


class QueuedConversation(ElevenLabsConversation):
    """A conversation that begins in a queue.

    Args:
        pacing: speed of sending and of playback.
        language: language of the agent.
        admitted: whether an agent has time after the music.
    """

    def __init__(self, pacing: Pacing, language: Language = "en", *, admitted: bool = True) -> None:
        super().__init__(pacing, DEFAULT_AUDIO_FORMAT, language)
        self._admitted = admitted
        self._leaves: float | None = None
        self._data: dict[str, Any] = {}

    def open(self, now: float) -> None:
        """Introduce the conversation and play music in place of the greeting."""
        super().open(now)
        self._greeting_due = None
        self.send(_status("waiting"))
        self._last_id += 1
        self._response_id = self._last_id
        rate, encoding = AUDIO_FORMATS[self._format]
        for chunk in _music(rate, encoding):
            at = now + chunk.start_ms / 1000 / self.pacing.burst
            self.schedule(at, audio_event(chunk.data), chunk)
        self._leaves = now + _MUSIC_MS / 1000 / self.pacing.burst

    def due(self) -> float | None:
        """Return when the next message is due, the end of the queue included."""
        due = super().due()
        if self._leaves is None:
            return due
        return self._leaves if due is None else min(due, self._leaves)

    def next_action(self, now: float) -> Frame | Close | None:
        """Return the next action that is due; leave the queue after the music."""
        action = super().next_action(now)
        if action is None and self._leaves is not None and self._leaves <= now:
            self._leaves = None
            if self._admitted:
                self.send(_status("admitted"))
                self._greet(now, self._data)
            else:
                self.send(_status("timed_out"))
                self.end(TIMED_OUT, "The queue timed out.")
            action = super().next_action(now)
        return action

    def receive(self, message: str | bytes, now: float) -> None:
        """Process a message; messages that arrive in the queue are ignored."""
        if self._leaves is None:
            super().receive(message, now)
            return
        try:
            event = read_object(message)
        except ValueError as error:
            self.end(1008, f"Invalid message received: {error}")
            return
        if event.get("type") == "conversation_initiation_client_data":
            self._data = event


def _status(status: str) -> dict[str, Any]:
    return {"type": "queue_status", "queue_status_event": {"status": status}}


@cache
def _music(rate: int, encoding: Encoding) -> tuple[Chunk, ...]:
    times = np.arange(_MUSIC_MS * rate // 1000) / rate
    wave = np.mean([np.sin(2 * np.pi * hertz * times) for hertz in _CHORD_HZ], axis=0)
    samples = (_LOUDNESS * wave).astype(np.int16)
    size = _CHUNK_MS * rate // 1000
    return tuple(
        Chunk(start_ms, _CHUNK_MS, encode(samples[index * size :][:size], encoding), rate, encoding, ())
        for index, start_ms in enumerate(range(0, _MUSIC_MS, _CHUNK_MS))
    )
