"""A simulated OpenAI Realtime conversation, without its socket.

Events carry ids counted in the order of sending. The beta differs in its `Dialect` alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mascot_server.providers.openai.simulator.beta import Beta
from mascot_server.providers.openai.simulator.events import (
    check_item,
    error_event,
    member,
    read_event,
    renamed,
)
from mascot_server.providers.openai.simulator.ga import Ga
from mascot_server.providers.openai.simulator.response import Response, Spoken
from mascot_server.providers.openai.simulator.session import Dialect, RefusedError, merged
from mascot_server.simulators.core.conversation import Conversation, Event, Pacing, Turn
from mascot_server.simulators.core.sound import decode
from mascot_server.simulators.core.vad import SpeechStarted, VoiceActivity
from mascot_server.simulators.core.voice import Chunk, Language, answer, chunks
from mascot_server.simulators.core.wire import read_base64, write_base64

if TYPE_CHECKING:
    from collections.abc import Callable

_USER_SAID = "What would you recommend?"
_SHORTEST_COMMIT_MS = 100
_ITEMS_KEPT = 1000


class OpenAIConversation(Conversation):
    """One socket of ``/v1/realtime``.

    Args:
        pacing: speed of sending and of playback.
        model: the model asked for.
        beta: speak the API as it was before.
        language: language of the agent.
        dialect: the shape of the session, in place of the one that `beta` chooses.
    """

    provider = "openai"

    def __init__(
        self,
        pacing: Pacing,
        model: str,
        *,
        beta: bool = False,
        language: Language = "en",
        dialect: Dialect | None = None,
    ) -> None:
        super().__init__(pacing, language)
        self._dialect: Dialect = dialect or (Beta() if beta else Ga())
        self._session = self._dialect.initial(model)
        self._ears = self._new_ears()
        self._conversation_id = f"conv_{1:021d}"
        self._counts: dict[str, int] = {}
        self._items: dict[str, dict[str, Any] | Spoken] = {}
        # The latest response of the conversation, and those outside it that are under way, by id.
        self._spoken: Spoken | None = None
        self._aside: dict[str, Spoken] = {}
        self._has_spoken = False
        self._buffered_ms = 0.0
        self._user_item = ""
        self._handlers = {
            "session.update": self._update_session,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit_buffer,
            "input_audio_buffer.clear": self._clear_buffer,
            "conversation.item.create": self._create_item,
            "conversation.item.retrieve": self._retrieve,
            "conversation.item.truncate": self._truncate,
            "response.create": self._create_response,
            "response.cancel": self._cancel,
        }

    def open(self, now: float) -> None:  # noqa: ARG002 - nothing here depends on the time
        """Send the event that introduces the session."""
        self.send({"type": "session.created", "session": self._session})

    def receive(self, message: str | bytes, now: float) -> None:
        """Process a client event; an invalid one is answered with an `error` event and has no other effect."""
        event: dict[str, Any] = {}
        try:
            event = read_event(message)
            self._handler(event)(event, now)
        except RefusedError as refused:
            self.send(error_event(refused, event.get("event_id")))

    def send(self, event: Event) -> None:
        """Send an event at once, if the dialect has it."""
        if self._dialect.event_names.get(event["type"], "") is not None:
            super().send(event)

    def schedule(self, at: float, event: Event, chunk: Chunk | None = None) -> None:
        """Send an event at its time, if the dialect has it."""
        if self._dialect.event_names.get(event["type"], "") is not None:
            super().schedule(at, event, chunk)

    def encode(self, event: Event) -> str | bytes:
        """Add the id to an event and encode it in the dialect."""
        name = self._dialect.event_names.get(event["type"]) or event["type"]
        body = {**event, "type": name}
        if self._dialect.content_names:
            body = renamed(body, self._dialect.content_names)
        head = {"type": name, "event_id": self._new_id("event")}
        return json.dumps({**head, **body}, separators=(",", ":"))

    def _handler(self, event: Event) -> Callable[[Event, float], None]:
        kind = event.get("type")
        if kind is None:
            raise RefusedError("missing_required_parameter", "Missing required parameter: 'type'.", "type")
        if not isinstance(kind, str) or kind not in self._handlers:
            known = ", ".join(f"'{name}'" for name in self._handlers)
            text = f"Invalid value: '{str(kind)[:60]}'. Supported values are: {known}."
            raise RefusedError("invalid_value", text, "type")
        return self._handlers[kind]

    def _new_id(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}_{self._counts[kind]:021d}"

    @property
    def _input_format(self) -> tuple[str, int]:
        return self._dialect.encoding(self._session, "input"), self._dialect.rate(self._session, "input")

    def _new_ears(self) -> VoiceActivity:
        detection = self._dialect.input_setting(self._session, "turn_detection") or {}
        rate = self._dialect.rate(self._session, "input")
        return VoiceActivity(rate, stop_ms=detection.get("silence_duration_ms") or 300)

    def _update_session(self, event: Event, now: float) -> None:  # noqa: ARG002 - as every handler
        update = member(event, "session")
        self._dialect.check(update)
        voice = self._dialect.voice(update)
        if self._has_spoken and voice not in (None, self._dialect.voice(self._session)):
            text = "Cannot update a conversation's voice if assistant audio is present."
            raise RefusedError("cannot_update_voice", text)
        heard = self._input_format
        self._session = merged(self._session, update)
        detection = self._dialect.input_setting(self._session, "turn_detection") or {}
        self._ears.stop_ms = detection.get("silence_duration_ms") or self._ears.stop_ms
        if self._input_format != heard:
            self._ears = self._new_ears()
        self.send({"type": "session.updated", "session": self._session})

    def _append(self, event: Event, now: float) -> None:
        encoding = self._dialect.encoding(self._session, "input")
        try:
            samples = decode(read_base64(event.get("audio")), encoding)
        except ValueError as error:
            text = f"Invalid 'audio'. Expected base64-encoded audio bytes: {error}."
            raise RefusedError("invalid_value", text, "audio") from error
        self._buffered_ms += len(samples) * 1000 / self._dialect.rate(self._session, "input")
        detection = self._dialect.input_setting(self._session, "turn_detection")
        if detection is None:
            return
        for change in self._ears.feed(samples):
            if isinstance(change, SpeechStarted):
                self._user_item = self._new_id("item")
                place = {"audio_start_ms": change.at_ms, "item_id": self._user_item}
                self.send({"type": "input_audio_buffer.speech_started", **place})
                if detection.get("interrupt_response", True) and self._active is not None:
                    self._cut_off(self._active, "turn_detected")
            else:
                place = {"audio_end_ms": change.at_ms, "item_id": self._user_item}
                self.send({"type": "input_audio_buffer.speech_stopped", **place})
                self._commit(self._user_item)
                if detection.get("create_response", True) and self._active is None:
                    self._respond({}, now)

    def _commit_buffer(self, event: Event, now: float) -> None:  # noqa: ARG002 - as every handler
        if self._buffered_ms < _SHORTEST_COMMIT_MS:
            text = (
                "Error committing input audio buffer: buffer too small. Expected at least "
                f"{_SHORTEST_COMMIT_MS}ms of audio, but buffer only has {self._buffered_ms:.2f}ms of audio."
            )
            raise RefusedError("input_audio_buffer_commit_empty", text)
        self._commit(self._new_id("item"))

    def _commit(self, item_id: str) -> None:
        self._buffered_ms = 0.0
        previous = self._last_item
        self.send({"type": "input_audio_buffer.committed", "previous_item_id": previous, "item_id": item_id})
        item = self._add_item(
            item_id, {"role": "user", "content": [{"type": "input_audio", "transcript": None}]}
        )
        if self._dialect.input_setting(self._session, "transcription") is not None:
            self._remember(item_id, item | {"content": [{"type": "input_audio", "transcript": _USER_SAID}]})
            kind = "conversation.item.input_audio_transcription.completed"
            usage = {"type": "duration", "seconds": 1}
            place = {"item_id": item_id, "content_index": 0}
            self.send({"type": kind, **place, "transcript": _USER_SAID, "usage": usage})

    def _clear_buffer(self, event: Event, now: float) -> None:  # noqa: ARG002 - as every handler
        self._buffered_ms = 0.0
        self.send({"type": "input_audio_buffer.cleared"})

    def _create_item(self, event: Event, now: float) -> None:  # noqa: ARG002 - as every handler
        item = member(event, "item")
        check_item(item)
        item_id = item.get("id")
        self._add_item(item_id if isinstance(item_id, str) else self._new_id("item"), item)

    def _add_item(self, item_id: str, rest: dict[str, Any]) -> dict[str, Any]:
        head = {"id": item_id, "object": "realtime.item", "type": "message", "status": "completed"}
        item = {**head, **rest, "id": item_id}
        place = {"previous_item_id": self._last_item, "item": item}
        self.send({"type": "conversation.item.added", **place})
        self.send({"type": "conversation.item.done", **place})
        self._remember(item_id, item)
        return item

    def _remember(self, item_id: str, item: dict[str, Any] | Spoken) -> None:
        self._items[item_id] = item
        if len(self._items) > _ITEMS_KEPT:
            del self._items[next(iter(self._items))]

    @property
    def _last_item(self) -> str | None:
        return next(reversed(self._items), None)

    def _item(self, event: Event) -> dict[str, Any] | Spoken:
        item_id = event.get("item_id")
        item = self._items.get(item_id) if isinstance(item_id, str) else None
        if item is None:
            raise RefusedError("item_not_found", "There is no item with this id.", "item_id")
        return item

    def _retrieve(self, event: Event, now: float) -> None:  # noqa: ARG002 - as every handler
        item = self._item(event)
        if isinstance(item, Spoken):
            active = self.sends(item.turn)
            item = item.response.item("in_progress" if active else item.status, item.turn.sent_text)
        self.send({"type": "conversation.item.retrieved", "item": item})

    def _truncate(self, event: Event, now: float) -> None:  # noqa: ARG002 - as every handler
        item, end_ms = self._item(event), event.get("audio_end_ms")
        if not isinstance(item, Spoken):
            raise RefusedError("invalid_value", "Only assistant messages can be truncated.", "item_id")
        sent_ms = item.sent_ms
        if not isinstance(end_ms, int) or not 0 <= end_ms <= sent_ms:
            text = f"Audio content of {sent_ms}ms is already shorter than {str(end_ms)[:20]}ms."
            raise RefusedError("invalid_value", text, "audio_end_ms")
        place = {"item_id": item.response.item_id, "content_index": 0, "audio_end_ms": end_ms}
        self.send({"type": "conversation.item.truncated", **place})

    @property
    def _active(self) -> Spoken | None:
        """The response of the conversation that is being sent."""
        return self._spoken if self._spoken is not None and self.sends(self._spoken.turn) else None

    def _create_response(self, event: Event, now: float) -> None:
        options = member(event, "response") if event.get("response") is not None else {}
        if self._active is not None and options.get("conversation") != "none":
            text = (
                f"Conversation already has an active response in progress: {self._active.response.id}. "
                "Wait until the response is finished before creating a new one."
            )
            raise RefusedError("conversation_already_has_active_response", text)
        self._respond(options, now)

    def _respond(self, options: dict[str, Any], now: float) -> None:
        settings = self._dialect.response_settings(self._session, options)
        encoding = self._dialect.encoding(settings, "output")
        aside = options.get("conversation") == "none"
        response = Response(
            id=self._new_id("resp"),
            item_id=self._new_id("item"),
            previous_item_id=self._last_item,
            conversation_id=None if aside else self._conversation_id,
            audio=self._dialect.response_audio(settings),
            metadata=options.get("metadata"),
            text=self._dialect.is_text(settings),
        )
        reply = answer(self._counts["resp"] - 1, self.language)
        self._has_spoken = self._has_spoken or not response.text
        self.turn = Turn(reply, now)
        spoken = Spoken(response, self.turn)
        if aside:
            ended = [name for name, other in self._aside.items() if not self.sends(other.turn)]
            self._aside = {name: self._aside[name] for name in self._aside.keys() - ended}
            self._aside[response.id] = spoken
        else:
            self._spoken = spoken
            self._remember(response.item_id, spoken)
        for event in response.begin():
            self.schedule(now, event)
        for chunk in chunks(reply, self._dialect.rate(settings, "output"), encoding):
            at = self.sending_time(chunk.start_ms)
            if chunk.words:
                blank = " " if chunk.start_ms > reply.words[0].start_ms else ""
                self.schedule(at, response.transcript(blank + " ".join(chunk.words)))
            if not response.text:
                self.schedule(at, response.sound(write_base64(chunk.data)), chunk)
        end = self.sending_time(reply.duration_ms)
        for event in response.finish(reply.text, 0 if response.text else reply.duration_ms):
            self.schedule(end, event)

    def _cancel(self, event: Event, now: float) -> None:  # noqa: ARG002 - as every handler
        wanted, active = event.get("response_id"), self._active
        if isinstance(wanted, str) and wanted in self._aside:
            active = self._aside[wanted]
        if active is None or wanted not in (None, active.response.id) or not self.sends(active.turn):
            raise RefusedError("response_cancel_not_active", "Cancellation failed: no active response found.")
        self._cut_off(active, "client_cancelled")

    def _cut_off(self, spoken: Spoken, reason: str) -> None:
        self.drop_scheduled(spoken.turn)
        for event in spoken.response.finish(spoken.turn.sent_text, spoken.sent_ms, cancelled=reason):
            self.send(event)
