"""A simulated GPT-Live conversation, without its socket.

The audio that the client appends is the clock: each 100 ms of it bring 100 ms of the agent, which are silence unless it
speaks. It speaks when the caller has spoken, and falls silent when the caller speaks again; no event tells of either.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from mascot_server.providers.openai.live.simulator.session import Wire, check_update, started
from mascot_server.providers.openai.live.simulator.voice import DELTA_MS, ContinuousVoice
from mascot_server.providers.openai.simulator.events import member, read_event
from mascot_server.providers.openai.simulator.session import RefusedError
from mascot_server.simulators.core.conversation import Conversation, Event
from mascot_server.simulators.core.sound import decode
from mascot_server.simulators.core.vad import SpeechStarted, VoiceActivity
from mascot_server.simulators.core.wire import read_base64, write_base64

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from mascot_server.simulators.core.conversation import Pacing
    from mascot_server.simulators.core.voice import Language

__all__ = ["LiveConversation"]

_USER_SAID: Final = "What would you recommend?"
_TRANSCRIPT_LAG_MS: Final = 600
_USAGE_MS: Final = 5000
_START: Final = "session.start"


class LiveConversation(Conversation):
    """One socket of ``/v1/live/sessions``.

    Args:
        pacing: How time passes; the audio of the app decides most of it.
        language: Language of the agent.
    """

    provider = "openai"

    def __init__(self, pacing: Pacing, language: Language = "en") -> None:
        super().__init__(pacing, language)
        self._session: dict[str, Any] = {}
        self._wire: Wire = ("pcm16", 24000)
        self._ears = VoiceActivity(24000)
        self._voice = ContinuousVoice(self._wire, language)
        self._muted = False
        self._samples = 0
        self._answered_ms = 0
        self._speech_began_ms = 0
        # Transcripts by when they are due, in ms of the session.
        self._transcripts: deque[tuple[int, Event]] = deque()
        self._events = 0
        self._handlers: dict[str, Callable[[Event, float], None]] = {
            "session.input_audio.append": self._append,
            "session.input_audio.mute": self._mute,
            "session.input_audio.unmute": self._mute,
            "session.update": self._update,
            "session.close": self._end,
        }

    def open(self, now: float) -> None:
        """Do nothing: the client sends the first message."""

    def receive(self, message: str | bytes, now: float) -> None:
        """Process a client event; an invalid one is answered with an `error` event and has no other effect."""
        event: dict[str, Any] = {}
        try:
            event = read_event(message)
            self._handler(event)(event, now)
        except RefusedError as refused:
            error = {"type": "invalid_request_error", "code": refused.code, "message": refused.message}
            error |= {} if refused.param is None else {"param": refused.param}
            self.send({"type": "error", "error": error | _answering(event)})

    def encode(self, event: Event) -> str:
        """Add an id to an event, unless it is audio, and encode it."""
        if event["type"] != "session.output_audio.delta":
            self._events += 1
            event = {"type": event["type"], "event_id": f"event_{self._events:021d}", **event}
        return json.dumps(event, separators=(",", ":"))

    def _handler(self, event: Event) -> Callable[[Event, float], None]:
        kind = event.get("type")
        if not self._session:
            if kind != _START:
                raise RefusedError("session_not_started", "The first event must be 'session.start'.", "type")
            return self._start
        if kind == _START:
            raise RefusedError("session_already_started", "The session has started already.", "type")
        if not isinstance(kind, str) or kind not in self._handlers:
            known = ", ".join(f"'{name}'" for name in self._handlers)
            text = f"Invalid value: '{str(kind)[:60]}'. Supported values are: {known}."
            raise RefusedError("invalid_value", text, "type")
        return self._handlers[kind]

    def _start(self, event: Event, now: float) -> None:  # noqa: ARG002 - as every handler
        self._session, self._wire = started(member(event, "session"))
        self._ears = VoiceActivity(self._wire[1])
        self._voice = ContinuousVoice(self._wire, self.language)
        self.send({"type": "session.started", "session": self._session, **_answering(event)})

    def _append(self, event: Event, now: float) -> None:
        encoding, rate = self._wire
        try:
            samples = decode(read_base64(event.get("audio")), encoding)
        except ValueError as error:
            raise RefusedError("invalid_value", f"Invalid 'audio': {error}.", "audio") from error
        if self._muted:
            samples = samples * 0
        step = rate * DELTA_MS // 1000
        while len(samples):
            missing = step - self._samples % step
            self._hear(samples[:missing])
            samples = samples[missing:]
            if self._samples % step == 0:
                self._pass(now)

    def _hear(self, samples: NDArray[np.int16]) -> None:
        """Process the caller's audio, of at most one delta."""
        self._samples += len(samples)
        for change in self._ears.feed(samples):
            if isinstance(change, SpeechStarted):
                self._speech_began_ms = change.at_ms
                self._voice.fade()
            else:
                self._voice.answer()
                self._transcribe("input", _USER_SAID, self._speech_began_ms, change.at_ms)

    def _pass(self, now: float) -> None:
        """Advance the session by 100 ms."""
        chunk, words = self._voice.next()
        self._answered_ms += DELTA_MS
        delta = write_base64(chunk.data)
        self.schedule(now, {"type": "session.output_audio.delta", "delta": delta}, chunk)
        for word in words:
            self._transcribe("output", f"{word.word} ", word.start_ms, word.end_ms)
        while self._transcripts and self._transcripts[0][0] <= self._answered_ms:
            self.schedule(now, self._transcripts.popleft()[1])
        if self._answered_ms % _USAGE_MS == 0:
            self.schedule(now, {"type": "session.usage.updated", "usage": self._usage()})

    def _transcribe(self, direction: str, text: str, start_ms: int, end_ms: int) -> None:
        times = {"start_ms": start_ms, "end_ms": end_ms}
        event = {"type": f"session.{direction}_transcript.delta", "delta": text, **times}
        self._transcripts.append((end_ms + _TRANSCRIPT_LAG_MS, event))

    def _mute(self, event: Event, now: float) -> None:  # noqa: ARG002 - as every handler
        self._muted = event["type"] == "session.input_audio.mute"
        self.send({"type": f"{event['type']}d", **_answering(event)})

    def _update(self, event: Event, now: float) -> None:  # noqa: ARG002 - as every handler
        update = member(event, "session")
        check_update(update)
        self._session |= update
        self.send({"type": "session.updated", "session": self._session, **_answering(event)})

    def _end(self, event: Event, now: float) -> None:  # noqa: ARG002 - as every handler
        closed = {"reason": "close_requested", "session": self._session, "usage": self._usage()}
        self.send({"type": "session.closed", **closed, **_answering(event)})
        self.end(1000, "")

    def _usage(self) -> dict[str, int]:
        return {"seconds": self._answered_ms // 1000}


def _answering(event: Event) -> Event:
    """Return the fields that identify the client's event in an answer to it."""
    event_id = event.get("event_id")
    return {"client_event_id": event_id} if isinstance(event_id, str) else {}
