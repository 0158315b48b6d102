"""A simulated session of OpenAI's Realtime translation, without its socket.

Speech of the user is answered with one of the recordings; the audio is continuous and has no responses.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mascot_server.providers.openai.simulator.events import error_event, read_event
from mascot_server.providers.openai.simulator.session import EXPIRES_AT, RefusedError
from mascot_server.simulators.core.conversation import Conversation, Event, Pacing, Turn
from mascot_server.simulators.core.sound import decode
from mascot_server.simulators.core.vad import SpeechStarted, VoiceActivity
from mascot_server.simulators.core.voice import Language, answer, chunks
from mascot_server.simulators.core.wire import read_base64, write_base64

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TranslationConversation"]

_RATE = 24000
_NORMAL = 1000


class TranslationConversation(Conversation):
    """One socket of ``/v1/realtime/translations``.

    Args:
        pacing: How time passes.
        model: Model asked for.
        language: Language of the translation.
    """

    provider = "openai"

    def __init__(self, pacing: Pacing, model: str, language: Language = "en") -> None:
        super().__init__(pacing, language)
        self._session = {
            "type": "translation",
            "id": f"sess_{1:021d}",
            "model": model,
            "expires_at": EXPIRES_AT,
        }
        self._ears = VoiceActivity(_RATE)
        self._events = 0
        self._answers = 0

    def open(self, now: float) -> None:  # noqa: ARG002 - nothing here depends on the time
        """Send the event that introduces the session."""
        self.send({"type": "session.created", "session": self._session})

    def receive(self, message: str | bytes, now: float) -> None:
        """Process a client event; an invalid one is answered with an `error` event."""
        event: Event = {}
        try:
            event = read_event(message)
            self._take(event, now)
        except RefusedError as refused:
            self.send(error_event(refused, event.get("event_id")))

    def encode(self, event: Event) -> str:
        """Add the id to an event and encode it."""
        self._events += 1
        head = {"type": event["type"], "event_id": f"event_{self._events:021d}"}
        return json.dumps({**head, **event}, separators=(",", ":"))

    def _take(self, event: Event, now: float) -> None:
        match event.get("type"):
            case "session.input_audio_buffer.append":
                for change in self._heard(event):
                    if not isinstance(change, SpeechStarted):
                        self._translate(now)
            case "session.close":
                self.send({"type": "session.closed"})
                self.end(_NORMAL, "")
            case "session.update":
                self.send({"type": "session.updated", "session": self._session})
            case kind:
                raise RefusedError("invalid_value", f"Invalid value: '{str(kind)[:60]}'.", "type")

    def _heard(self, event: Event) -> Sequence[object]:
        try:
            return list(self._ears.feed(decode(read_base64(event.get("audio")), "pcm16")))
        except ValueError as error:
            raise RefusedError("invalid_value", f"Invalid 'audio': {error}.", "audio") from error

    def _translate(self, now: float) -> None:
        reply = answer(self._answers, self.language)
        self._answers += 1
        self.turn = Turn(reply, now)
        for chunk in chunks(reply, _RATE, "pcm16"):
            event = {
                "type": "session.output_audio.delta",
                "delta": write_base64(chunk.data),
                "format": "pcm16",
                "sample_rate": _RATE,
                "channels": 1,
                "elapsed_ms": chunk.start_ms,
            }
            self.schedule(self.sending_time(chunk.start_ms), event, chunk)
