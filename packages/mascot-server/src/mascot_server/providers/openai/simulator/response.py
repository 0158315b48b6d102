"""The events of one response of the simulated OpenAI Realtime API, from created to done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mascot_server.simulators.core.conversation import Event, Turn

# Roughly what the real service counts for a second of sound it speaks.
_AUDIO_TOKENS_PER_SECOND = 20
_PROMPT_TOKENS = 120


@dataclass(frozen=True, slots=True)
class Response:
    """A response with its one item.

    Attributes:
        id: ``resp_…``.
        item_id: of the item it adds to the conversation.
        previous_item_id: of the item before that one, or None.
        conversation_id: ``conv_…``; None for a response outside the conversation, which gets no item of it.
        audio: its modalities and audio settings, in the session's dialect.
        metadata: what the client attached to it.
        text: whether it is written, without sound.
    """

    id: str
    item_id: str
    previous_item_id: str | None
    conversation_id: str | None
    audio: dict[str, Any]
    metadata: dict[str, Any] | None
    text: bool = False

    def begin(self) -> list[Event]:
        """Return the events before its first sound."""
        item = self.item("in_progress", None)
        return [
            {"type": "response.created", "response": self._response("in_progress", None, [])},
            {"type": "response.output_item.added", "response_id": self.id, "output_index": 0, "item": item},
            *self._conversation("conversation.item.added", item),
            self._content("response.content_part.added", part=self._part("")),
        ]

    def transcript(self, text: str) -> Event:
        """Return a piece of what is said or written."""
        kind = "response.output_text.delta" if self.text else "response.output_audio_transcript.delta"
        return self._content(kind, delta=text)

    def sound(self, data: str) -> Event:
        """Return a piece of sound, in base64."""
        return self._content("response.output_audio.delta", delta=data)

    def finish(self, text: str, spoken_ms: int, *, cancelled: str | None = None) -> list[Event]:
        """Return the events after its last sound.

        Args:
            text: what was said.
            spoken_ms: how much sound was sent.
            cancelled: why it was cut off, ``turn_detected`` or ``client_cancelled``.
        """
        item = self.item("incomplete" if cancelled else "completed", text)
        status = "cancelled" if cancelled else "completed"
        details = {"type": "cancelled", "reason": cancelled} if cancelled else None
        response = self._response(status, details, [item])
        response["usage"] = _usage(spoken_ms, len(text.split()))
        if self.text:
            ends = [self._content("response.output_text.done", text=text)]
        else:
            ends = [
                self._content("response.output_audio.done"),
                self._content("response.output_audio_transcript.done", transcript=text),
            ]
        return [
            *ends,
            self._content("response.content_part.done", part=self._part(text)),
            *self._conversation("conversation.item.done", item),
            {"type": "response.output_item.done", "response_id": self.id, "output_index": 0, "item": item},
            {"type": "response.done", "response": response},
        ]

    def _response(self, status: str, details: dict[str, Any] | None, output: list[Any]) -> dict[str, Any]:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": output,
            "conversation_id": self.conversation_id,
            **self.audio,
            "usage": None,
            "metadata": self.metadata,
        }

    def item(self, status: str, text: str | None) -> dict[str, Any]:
        """Return its item as the conversation shows it; `text` is what was said so far, None for nothing yet."""
        return {
            "id": self.item_id,
            "object": "realtime.item",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": [] if text is None else [self._part(text, "output_")],
        }

    def _part(self, text: str, prefix: str = "") -> dict[str, str]:
        if self.text:
            return {"type": f"{prefix}text", "text": text}
        return {"type": f"{prefix}audio", "transcript": text}

    def _conversation(self, kind: str, item: dict[str, Any]) -> list[Event]:
        if self.conversation_id is None:
            return []
        return [{"type": kind, "previous_item_id": self.previous_item_id, "item": item}]

    def _content(self, kind: str, **rest: Any) -> Event:
        place = {"response_id": self.id, "item_id": self.item_id, "output_index": 0, "content_index": 0}
        return {"type": kind, **place, **rest}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A response with what it says, and how far it has come."""

    response: Response
    turn: Turn

    @property
    def sent_ms(self) -> int:
        """How much sound has been sent."""
        return sum(chunk.duration_ms for chunk in self.turn.sent)

    @property
    def status(self) -> str:
        """What its item is once nothing more is sent."""
        return "completed" if self.sent_ms >= self.turn.reply.duration_ms else "incomplete"


def _usage(spoken_ms: int, words: int) -> dict[str, Any]:
    audio = spoken_ms * _AUDIO_TOKENS_PER_SECOND // 1000
    cached = {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0}
    return {
        "total_tokens": _PROMPT_TOKENS + audio + words,
        "input_tokens": _PROMPT_TOKENS,
        "output_tokens": audio + words,
        "input_token_details": {
            "text_tokens": _PROMPT_TOKENS,
            "audio_tokens": 0,
            "image_tokens": 0,
            "cached_tokens": 0,
            "cached_tokens_details": cached,
        },
        "output_token_details": {"text_tokens": words, "audio_tokens": audio},
    }
