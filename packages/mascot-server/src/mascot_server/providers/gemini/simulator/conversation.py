"""A simulated Gemini Live session of the Developer API, without its socket.

Client messages are read as Google's JSON mapping of protocol buffers is: field names in camelCase or
snake_case. Answers are binary frames of indented JSON, as the real ones are.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

from mascot_server.simulators.core.conversation import Close, Conversation, Event, Pacing, Turn
from mascot_server.simulators.core.sound import decode
from mascot_server.simulators.core.vad import SpeechStarted, VoiceActivity
from mascot_server.simulators.core.voice import answer, chunks
from mascot_server.simulators.core.wire import read_any_base64, read_member, read_object, write_base64

if TYPE_CHECKING:
    from mascot_server.simulators.core.voice import Language, Reply

OUTPUT_RATE = 24000
"""Hz of what the model speaks."""

_INPUT_TYPE = re.compile(r"audio/pcm(?:;\s*rate=(\d{4,5}))?")
_DEFAULT_INPUT_RATE = 16000
_SLOWEST, _FASTEST = 8000, 48000
_USER_SAID = "What would you recommend?"
_DEVELOPER_MODEL = re.compile(r"models/[\w.-]+")
_MESSAGES = frozenset({"setup", "clientContent", "realtimeInput", "toolResponse"})
REALTIME = frozenset(
    {"audio", "video", "text", "mediaChunks", "activityStart", "activityEnd", "audioStreamEnd"}
)
# What Gemini counts for a second of the sound it speaks.
_AUDIO_TOKENS_PER_SECOND = 25


class GeminiConversation(Conversation):
    """One socket of ``BidiGenerateContent``.

    Args:
        pacing: speed of sending and of playback.
        language: language of the agent.
    """

    provider = "gemini"

    realtime_fields: ClassVar[frozenset[str]] = REALTIME
    """Members of `realtimeInput`."""
    response_tokens: ClassVar[str] = "response"
    """What the usage calls what the model answered."""

    def __init__(self, pacing: Pacing, language: Language = "en") -> None:
        super().__init__(pacing, language)
        self._setup: dict[str, Any] | None = None
        self._detects_activity = True
        self._ears = VoiceActivity(_DEFAULT_INPUT_RATE)
        self._turns = 0

    def open(self, now: float) -> None:
        """Do nothing: the client sends the first message."""

    def receive(self, message: str | bytes, now: float) -> None:
        """Process a message; one that is invalid for Gemini closes the session with 1007."""
        try:
            kind, content = _read_message(message)
            self._take(kind, content, now)
        except ValueError as error:
            self.end(1007, f"Invalid JSON payload received. {error}")

    def encode(self, event: Event) -> bytes:
        """Write an event as the service does: indented, in a binary frame."""
        return json.dumps(event, indent=2).encode() + b"\n"

    def refusal_of(self, model: object) -> Close | None:
        """Return how the session is closed for its model; ``None`` if there is such a model."""
        if isinstance(model, str) and _DEVELOPER_MODEL.fullmatch(model):
            return None
        return Close(1007, "setup.model must name a model, as in models/gemini-live.")

    def output_type(self) -> str:
        """Return the MIME type of a turn's audio."""
        return f"audio/pcm;rate={OUTPUT_RATE}"

    def _take(self, kind: str, content: dict[str, Any], now: float) -> None:
        if (kind == "setup") != (self._setup is None):
            self.end(1007, "setup must be the first message and only the first")
        elif kind == "setup":
            self._begin(content)
        elif kind == "clientContent":
            self._interrupt(now)
            if content.get("turnComplete"):
                self._answer(now)
        elif kind == "realtimeInput":
            self._take_realtime(content, now)

    def _begin(self, setup: dict[str, Any]) -> None:
        refusal = self.refusal_of(setup.get("model"))
        if refusal is not None:
            self.end(refusal.code, refusal.reason)
            return
        modalities = read_member(setup, "generationConfig").get("responseModalities", ["AUDIO"])
        if modalities != ["AUDIO"]:
            self.end(1007, "Request contains an invalid argument: this model answers in AUDIO only.")
            return
        detection = read_member(read_member(setup, "realtimeInputConfig"), "automaticActivityDetection")
        self._detects_activity = not detection.get("disabled")
        self._setup = setup
        self.send({"setupComplete": {}})

    def _take_realtime(self, content: dict[str, Any], now: float) -> None:
        unknown = content.keys() - self.realtime_fields
        if unknown:
            raise ValueError(f'Unknown name "{min(unknown)[:40]}" at realtime_input: Cannot find field.')
        if content.keys() & {"activityStart", "activityEnd"} and self._detects_activity:
            self.end(
                1007,
                "Explicit activity control is not supported when automatic activity detection is enabled.",
            )
            return
        if "activityStart" in content:
            self._interrupt(now)
        if "activityEnd" in content:
            self._answer_speech(now)
        if not isinstance(content.get("text", ""), str):
            raise ValueError("text must be a string.")  # noqa: TRY004 - the peer's value
        if "text" in content:
            self._answer(now)
        blobs = content.get("mediaChunks", [])
        if not isinstance(blobs, list):
            raise ValueError("media_chunks must be a list.")  # noqa: TRY004 - the peer's value
        for blob in (*blobs, *([content["audio"]] if "audio" in content else [])):
            self._hear(blob, now)
        if content.get("audioStreamEnd") and self._ears.finish():
            self._answer_speech(now)

    def _hear(self, blob: object, now: float) -> None:
        if not isinstance(blob, dict):
            raise ValueError("audio must be an object.")  # noqa: TRY004 - the peer's value
        kind = _INPUT_TYPE.fullmatch(str(blob.get("mimeType")))
        if kind is None:
            raise ValueError("mime_type must be audio/pcm;rate=16000 or another rate.")
        rate = int(kind[1] or _DEFAULT_INPUT_RATE)
        if not _SLOWEST <= rate <= _FASTEST:
            raise ValueError(f"mime_type must name a rate from {_SLOWEST} to {_FASTEST}.")
        samples = decode(read_any_base64(blob.get("data")), "pcm16")
        if not self._detects_activity:
            return
        if rate != self._ears.sample_rate:
            self._ears = VoiceActivity(rate)
        for change in self._ears.feed(samples):
            if isinstance(change, SpeechStarted):
                self._interrupt(now)
            else:
                self._answer_speech(now)

    def _answer_speech(self, now: float) -> None:
        if "inputAudioTranscription" in (self._setup or {}):
            self.send({"serverContent": {"inputTranscription": {"text": _USER_SAID}}})
        self._answer(now)

    def _answer(self, now: float) -> None:
        self._interrupt(now)
        reply = answer(self._turns, self.language)
        self._turns += 1
        self.turn = Turn(reply, now)
        self._speak(reply)

    def _speak(self, reply: Reply) -> None:
        transcribed = "outputAudioTranscription" in (self._setup or {})
        mime_type = self.output_type()
        for chunk in chunks(reply, OUTPUT_RATE, "pcm16"):
            at = self.sending_time(chunk.start_ms)
            sound = {"mimeType": mime_type, "data": write_base64(chunk.data)}
            content = {"role": "model", "parts": [{"inlineData": sound}]}
            self.schedule(at, {"serverContent": {"modelTurn": content}}, chunk)
            if transcribed and chunk.words:
                text = " ".join(chunk.words) + " "
                self.schedule(at, {"serverContent": {"outputTranscription": {"text": text}}})
        self.schedule(self.sending_time(reply.duration_ms), {"serverContent": {"generationComplete": True}})
        # The turn is complete when the user has heard it, unless that is at once.
        assert self.turn is not None  # noqa: S101 - begun by the caller
        heard = self.turn.started + reply.duration_ms / 1000 / self.pacing.playback
        end = max(heard, self.sending_time(reply.duration_ms))
        self.schedule(end, self._turn_complete(reply.duration_ms))

    def _interrupt(self, now: float) -> None:
        if self.turn is None or not self.speaking(now):
            return
        sent_ms = sum(chunk.duration_ms for chunk in self.turn.sent)
        self.drop_scheduled()
        self.turn = None
        self.send({"serverContent": {"interrupted": True}})
        self.send(self._turn_complete(sent_ms))

    def _turn_complete(self, spoken_ms: int) -> Event:
        prompt, response = 10, spoken_ms * _AUDIO_TOKENS_PER_SECOND // 1000
        return {
            "serverContent": {"turnComplete": True},
            "usageMetadata": {
                "promptTokenCount": prompt,
                f"{self.response_tokens}TokenCount": response,
                "totalTokenCount": prompt + response,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
                f"{self.response_tokens}TokensDetails": [{"modality": "AUDIO", "tokenCount": response}],
            },
        }


def _read_message(message: str | bytes) -> tuple[str, dict[str, Any]]:
    """Return which of the four messages this is, and what it holds."""
    body = _camel_case(read_object(message))
    unknown = body.keys() - _MESSAGES
    if unknown:
        raise ValueError(f'Unknown name "{min(unknown)[:40]}": Cannot find field.')
    if len(body) != 1:
        raise ValueError("exactly one message type is expected.")
    [(kind, content)] = body.items()
    if not isinstance(content, dict):
        raise ValueError(f"{kind} must be an object.")  # noqa: TRY004 - the peer's value
    return kind, content


def _camel_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            re.sub(r"_([a-z])", lambda match: match[1].upper(), key): _camel_case(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_camel_case(item) for item in value]
    return value
