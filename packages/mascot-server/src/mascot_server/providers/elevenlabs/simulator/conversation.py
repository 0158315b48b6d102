"""A simulated ElevenLabs conversation, without its socket.

The agent greets, then answers each turn of the user, spoken (`user_audio_chunk`) or typed
(`user_message`). Events are numbered by one counter in the order in which they are sent; all audio of a turn has the
number of its `agent_response`.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from mascot_server.providers.elevenlabs.simulator.alignment import described, described_late
from mascot_server.simulators.core.conversation import Conversation, Event, Pacing, Turn
from mascot_server.simulators.core.sound import Encoding, decode
from mascot_server.simulators.core.vad import SpeechStarted, VoiceActivity
from mascot_server.simulators.core.voice import answer, chunks, greeting
from mascot_server.simulators.core.wire import read_base64, read_member, read_object, write_base64

if TYPE_CHECKING:
    from mascot_server.simulators.core.conversation import Close, Frame
    from mascot_server.simulators.core.voice import Language, Reply

GREETING_WAIT_S = 1.0
"""How long the greeting waits for ``conversation_initiation_client_data``, which may name the user."""

AUDIO_FORMATS: dict[str, tuple[int, Encoding]] = {
    **{f"pcm_{rate}": (rate, "pcm16") for rate in (8000, 16000, 22050, 24000, 44100, 48000)},
    "ulaw_8000": (8000, "mulaw"),
}
"""What the agent can speak in: sample rate in Hz and encoding by ElevenLabs' name."""

DEFAULT_AUDIO_FORMAT = "pcm_16000"

_USER_SAID = ("What would you recommend?", "Could you tell me more?", "That sounds lovely. What else?")
# The recording of the greeting contains the default name; its text contains the name from the client.
_NAMES: dict[Language, str] = {"en": "there", "id": "Kakak"}
_TEMPLATE_NAME = "{{user_name}}"
_USER_RATE = 16000
_CORRECTION_MARK = "..."
_NUMBERED_BY_TURN = frozenset({"agent_response_complete", "audio"})
_HEARD_WITHOUT_ANSWER = frozenset(
    {
        "client_tool_result",
        "contextual_update",
        "conversation_initiation_client_data",
        "feedback",
        "mcp_tool_approval_result",
        "pong",
        "user_activity",
    }
)


class ElevenLabsConversation(Conversation):
    """One socket of ``/v1/convai/conversation``.

    Args:
        pacing: speed of sending and of playback.
        audio_format: a key of `AUDIO_FORMATS`.
        language: language of the agent.
        newer: send what newer versions of the service send: late alignments, `is_final` and
            `agent_response_complete`.
    """

    provider = "elevenlabs"

    def __init__(
        self,
        pacing: Pacing,
        audio_format: str = DEFAULT_AUDIO_FORMAT,
        language: Language = "en",
        *,
        newer: bool = False,
    ) -> None:
        super().__init__(pacing, language)
        self._format = audio_format
        self._newer = newer
        self._ears = VoiceActivity(_USER_RATE)
        self._last_id = 0
        self._response_id = 0
        self._response_text = ""
        self._user_turns = 0
        self._greeting_due: float | None = None
        self._text_only = False

    def open(self, now: float) -> None:
        """Introduce the conversation and wait a moment for the client's data before greeting."""
        formats = {"agent_output_audio_format": self._format, "user_input_audio_format": f"pcm_{_USER_RATE}"}
        metadata = {"conversation_id": f"conv_{1:026d}", **formats}
        self.send(
            {
                "type": "conversation_initiation_metadata",
                "conversation_initiation_metadata_event": metadata,
            }
        )
        self.send(_ping())
        self._greeting_due = now + GREETING_WAIT_S

    def due(self) -> float | None:
        """Return when the next message is due, the overdue greeting included."""
        due = super().due()
        if self._greeting_due is None:
            return due
        return self._greeting_due if due is None else min(due, self._greeting_due)

    def next_action(self, now: float) -> Frame | Close | None:
        """Return the next action that is due; greet when the client's data did not come in time."""
        action = super().next_action(now)
        if action is None and self._greeting_due is not None and self._greeting_due <= now:
            self._greet(now, {})
            action = super().next_action(now)
        return action

    def receive(self, message: str | bytes, now: float) -> None:
        """Process a message; one that is unknown to ElevenLabs closes the conversation with 1008."""
        try:
            event = read_object(message)
            data = event if event.get("type") == "conversation_initiation_client_data" else {}
            if self._greeting_due is not None:
                self._greet(now, data)
            if "user_audio_chunk" in event:
                self._hear(read_base64(event["user_audio_chunk"]), now)
            else:
                self._take(event, now)
        except ValueError as error:
            self.end(1008, f"Invalid message received: {error}")

    def encode(self, event: Event) -> str:
        """Set the event's number if its type has one, and return it as JSON."""
        for body in event.values():
            if isinstance(body, dict) and body.get("event_id", 0) is None:
                if event["type"] in _NUMBERED_BY_TURN:
                    body["event_id"] = self._response_id
                    continue
                self._last_id += 1
                body["event_id"] = self._last_id
                if event["type"] == "agent_response":
                    self._response_id = self._last_id
        return json.dumps(event)

    def _take(self, event: dict[str, Any], now: float) -> None:
        kind = event.get("type")
        if kind == "user_message":
            if not isinstance(event.get("text"), str):
                raise ValueError("text is missing")
            self._answer(now)
        elif kind == "multimodal_message":
            if not event.keys() & {"text", "file", "files"}:
                raise ValueError("text and files are missing")
            self._answer(now)
        elif kind == "pong":
            if not isinstance(event.get("event_id"), int):
                raise ValueError("event_id is missing")
        elif not isinstance(kind, str) or kind not in _HEARD_WITHOUT_ANSWER:
            raise ValueError("type is unknown")

    def _hear(self, data: bytes, now: float) -> None:
        for change in self._ears.feed(decode(data, "pcm16")):
            if isinstance(change, SpeechStarted):
                self._interrupt(now)
            else:
                said = _USER_SAID[self._user_turns % len(_USER_SAID)]
                transcript = {"user_transcript": said, "event_id": None}
                self.send({"type": "user_transcript", "user_transcription_event": transcript})
                self._answer(now)

    def _greet(self, now: float, data: dict[str, Any]) -> None:
        self._greeting_due = None
        override = read_member(data, "conversation_config_override")
        # The Python SDK puts the switch at the top, the documentation under "conversation".
        conversation = read_member(override, "conversation")
        self._text_only = bool(override.get("text_only") or conversation.get("text_only"))
        name = _NAMES[self.language]
        variables = {"user_name": name} | read_member(data, "dynamic_variables")
        said = greeting(self.language)
        template = said.text.replace(name, _TEMPLATE_NAME, 1)
        text = re.sub(r"\{\{(\w+)\}\}", lambda name: str(variables.get(name[1], name[0])), template)
        self._speak(said, text, now)

    def _answer(self, now: float) -> None:
        self._interrupt(now)
        reply = answer(self._user_turns, self.language)
        self._user_turns += 1
        self._speak(reply, reply.text, now)

    def _speak(self, reply: Reply, text: str, now: float) -> None:
        self._response_text = text
        if self._text_only:
            for kind, part in (("start", ""), ("delta", text), ("stop", "")):
                body = {"text": part, "type": kind, "event_id": None}
                self.send({"type": "agent_chat_response_part", "text_response_part": body})
        response = {"agent_response": text, "event_id": None}
        self.send({"type": "agent_response", "agent_response_event": response})
        if self._text_only:
            return
        self.turn = Turn(reply, now)
        rate, encoding = AUDIO_FORMATS[self._format]
        cut = chunks(reply, rate, encoding)
        described_as = described_late if self._newer else described
        for chunk, members in zip(cut, described_as(reply, cut), strict=True):
            at = self.sending_time(chunk.start_ms)
            self.schedule(at, audio_event(chunk.data, **members), chunk)
        sent = self.sending_time(reply.duration_ms)
        self.schedule(sent, _ping())
        if self._newer:
            # When it has been heard; an interruption drops it.
            heard = self.turn.started + reply.duration_ms / 1000 / self.pacing.playback
            complete = {
                "type": "agent_response_complete",
                "agent_response_complete_event": {"event_id": None},
            }
            self.schedule(max(heard, sent), complete)

    def _interrupt(self, now: float) -> None:
        if self.turn is None or not self.speaking(now):
            return
        heard_ms = math.floor(self.turn.heard_ms(now, self.pacing))
        words = self._response_text.split()
        heard = [
            word for word, time in zip(words, self.turn.reply.words, strict=False) if time.end_ms <= heard_ms
        ]
        self.drop_scheduled()
        self.turn = None
        self.send({"type": "interruption", "interruption_event": {"event_id": None}})
        correction = {
            "original_agent_response": self._response_text,
            "corrected_agent_response": " ".join(heard) + _CORRECTION_MARK,
            "event_id": self._response_id,
        }
        self.send({"type": "agent_response_correction", "agent_response_correction_event": correction})


def audio_event(data: bytes, **members: Any) -> Event:
    """Return an event with audio, without its number."""
    return {
        "type": "audio",
        "audio_event": {"audio_base_64": write_base64(data), "event_id": None, **members},
    }


def _ping() -> Event:
    # The real service fills in a measured ping_ms from its second ping on; a measurement would differ each time.
    return {"type": "ping", "ping_event": {"event_id": None, "ping_ms": None}}
