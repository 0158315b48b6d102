"""Read the visemes of an OpenAI Realtime connection, in both forms that the server sends."""

from __future__ import annotations

import base64
import binascii
from collections import deque
from typing import Final, TypeVar

from mascot_client._column_names import ColumnNames
from mascot_client._interruptions import member
from mascot_client.visemes import MAX_VISEME_ID, VisemeEvent, Visemes

Value = TypeVar("Value")

_AUDIO: Final = frozenset({"response.output_audio.delta", "response.audio.delta"})
_VISEME: Final = "response.animation_viseme.delta"
_SESSIONS: Final = frozenset({"session.created", "session.updated"})

_PCM_RATE: Final = 24000
_RATES: Final = range(8000, 48001)
_BYTES_PER_SECOND: Final = {
    "audio/pcm": 2 * _PCM_RATE,
    "pcm16": 2 * _PCM_RATE,
    "pcm24": 2 * _PCM_RATE,
    "pcm16_16000hz": 2 * 16000,
    "pcm16_8000hz": 2 * 8000,
    "audio/pcmu": 8000,
    "audio/pcma": 8000,
    "g711_ulaw": 8000,
    "g711_alaw": 8000,
}
_MOST_RESPONSES: Final = 64
_MOST_PENDING: Final = 4096
"""Maximum number of visemes kept for audio that has not arrived: some minutes of speech."""


class VisemeReader:
    """Read the visemes of one connection, in both forms.

        read = for_openai.VisemeReader()
        for event in connection:
            payload = read(event)

    Call it with every event, in order. With ``viseme_events="azure"`` each viseme is a separate event before the audio,
    and its offset counts from the start of the response. The reader returns these visemes with the audio event, with
    offsets from the start of that event, like ``for_openai.visemes`` in the other form.
    """

    def __init__(self) -> None:
        self._session_rate: float | None = 2 * _PCM_RATE
        self._rates: dict[object, float | None] = {}
        self._sent_ms: dict[object, float] = {}
        self._pending: dict[object, deque[tuple[int, int]]] = {}
        self._animated = False
        self._named = ColumnNames()
        self._audio_events = 0

    def __call__(self, event: object) -> Visemes | None:
        """Process the next event.

        Args:
            event: An event of the connection.

        Returns:
            The visemes of the event's audio, or ``None`` if the event has none.
        """
        kind = getattr(event, "type", None)
        extra = getattr(event, "model_extra", None)
        if isinstance(extra, dict) and "mascotVisemes" in extra:
            payload = Visemes.parse_or_none(extra["mascotVisemes"])
            return None if payload is None else self._named(payload)
        if kind in _AUDIO:
            return self._audio(event)
        if kind == _VISEME:
            self._change(event)
        elif kind in _SESSIONS:
            session = getattr(event, "session", None)
            stated = _stated_format(session)
            self._session_rate = self._session_rate if stated is None else _bytes_per_second(stated)
        elif kind == "response.created":
            response = getattr(event, "response", None)
            stated = _stated_format(response)
            if stated is not None:
                _remember(self._rates, member(response, "id"), _bytes_per_second(stated))
        elif kind == "response.done":
            self._forget(member(getattr(event, "response", None), "id"))
        return None

    def _change(self, event: object) -> None:
        self._animated = True
        offset, viseme = member(event, "audio_offset_ms"), member(event, "viseme_id")
        if type(offset) is not int or type(viseme) is not int or not 0 <= viseme <= MAX_VISEME_ID:
            return
        response_id = member(event, "response_id")
        changes = self._pending.get(response_id)
        if changes is None:
            changes = deque(maxlen=_MOST_PENDING)
            _remember(self._pending, response_id, changes)
        changes.append((offset, viseme))

    def _audio(self, event: object) -> Visemes | None:
        self._audio_events += 1
        response_id = member(event, "response_id")
        rate = self._rates.get(response_id, self._session_rate)
        size = _size(member(event, "delta"))
        if rate is None or size is None:
            return None
        duration = size * 1000 / rate
        start = self._sent_ms.get(response_id, 0.0)
        _remember(self._sent_ms, response_id, start + duration)
        if not self._animated:
            return None
        pending = self._pending.get(response_id, deque())
        visemes: list[VisemeEvent] = []
        while pending and pending[0][0] < start + duration:
            offset, viseme = pending.popleft()
            earliest = visemes[-1].offset_ms if visemes else 0
            visemes.append(VisemeEvent(viseme, max(earliest, int(offset - start))))
        return Visemes(tuple(visemes), self._audio_events, duration)

    def _forget(self, response_id: object) -> None:
        self._rates.pop(response_id, None)
        self._sent_ms.pop(response_id, None)
        self._pending.pop(response_id, None)


def _size(delta: object) -> int | None:
    """Return the length of the audio in bytes; ``None`` if it is not base64."""
    try:
        return len(base64.b64decode(delta, validate=True)) if isinstance(delta, str) else None
    except (binascii.Error, ValueError):
        return None


def _stated_format(holder: object) -> object:
    """Return the output format in a session or a response; ``None`` if it has none."""
    stated = member(member(member(holder, "audio"), "output"), "format")
    return member(holder, "output_audio_format") if stated is None else stated


def _bytes_per_second(stated: object) -> float | None:
    kind = stated if isinstance(stated, str) else member(stated, "type")
    rate = member(stated, "rate")
    if kind == "audio/pcm" and type(rate) is int and rate in _RATES:
        return 2 * rate
    return _BYTES_PER_SECOND.get(kind) if isinstance(kind, str) else None


def _remember(memory: dict[object, Value], response_id: object, value: Value) -> None:
    if isinstance(response_id, str | None):
        memory[response_id] = value
        if len(memory) > _MOST_RESPONSES:
            del memory[next(iter(memory))]
