"""Find the events of an OpenAI Realtime connection that interrupt the agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_AUDIO: Final = frozenset({"response.output_audio.delta", "response.audio.delta"})
_SESSIONS: Final = frozenset({"session.created", "session.updated"})

_MOST_RESPONSES: Final = 64
"""Maximum number of responses to remember, because a service may not send the event that ends a response."""


class Interruptions:
    """Return for each event of one connection whether it interrupts the agent.

        interrupted = for_openai.Interruptions()
        for event in connection:
            if interrupted(event):
                player.interrupt()

    Call it with every event, in order. It uses the session events to detect whether speech of the user interrupts the
    agent (``interrupt_response``). It uses the audio events to ignore responses that have no audio or are outside the
    conversation (``conversation: "none"``).
    """

    def __init__(self) -> None:
        self._speech_interrupts = True
        self._out_of_band: dict[object, bool] = {}
        # Responses with audio since the last interruption, and whether each is out of band.
        self._playing: dict[object, bool] = {}

    def __call__(self, event: object) -> bool:
        """Process the next event.

        Args:
            event: An event of the connection.

        Returns:
            True if the user interrupts the agent. Drop the audio that has not been played, and its visemes.
        """
        kind = getattr(event, "type", None)
        interrupts = False
        if kind in _AUDIO:
            response_id = getattr(event, "response_id", None)
            _remember(self._playing, response_id, out_of_band=self._out_of_band.get(response_id, False))
        elif kind in _SESSIONS:
            self._configure(getattr(event, "session", None))
        elif kind == "response.created":
            response = getattr(event, "response", None)
            if is_out_of_band(response):
                _remember(self._out_of_band, getattr(response, "id", None), out_of_band=True)
        elif kind == "input_audio_buffer.speech_started":
            interrupts = self._speech_interrupts and not (self._playing and self._only_out_of_band())
        elif kind == "response.done":
            response = getattr(event, "response", None)
            if getattr(response, "status", None) == "cancelled":
                interrupts = self._is_played(getattr(response, "id", None))
        elif kind == "output_audio_buffer.cleared":
            response_id = getattr(event, "response_id", None)
            interrupts = response_id not in self._playing or self._is_played(response_id)
        if interrupts:
            self._playing.clear()
        return interrupts

    def _configure(self, session: object) -> None:
        for holder in (member(member(session, "audio"), "input"), session):
            detection = member(holder, "turn_detection")
            if detection is not None:
                self._speech_interrupts = member(detection, "interrupt_response") is not False
                return

    def _only_out_of_band(self) -> bool:
        return all(self._playing.values())

    def _is_played(self, response_id: object) -> bool:
        """Return whether the end of a response stops the playback; an out-of-band response does not."""
        out_of_band = self._playing.get(response_id)
        return out_of_band is not None and (not out_of_band or self._only_out_of_band())


def is_out_of_band(response: object) -> bool:
    """Return whether a response states that it is outside the conversation. Most events omit the member."""
    stated = getattr(response, "model_fields_set", None)
    if isinstance(stated, set) and "conversation_id" not in stated:
        return False
    return getattr(response, "conversation_id", "") is None


def is_without_audio(response: object) -> bool:
    """Return whether a response states that it is text only, by the current member name or that of the beta."""
    for name in ("output_modalities", "modalities"):
        modalities = getattr(response, name, None)
        if isinstance(modalities, list):
            return "audio" not in modalities
    return False


def _remember(memory: dict[object, bool], response_id: object, *, out_of_band: bool) -> None:
    if isinstance(response_id, str | None):
        memory[response_id] = out_of_band
        if len(memory) > _MOST_RESPONSES:
            del memory[next(iter(memory))]


def member(holder: object, name: str) -> object:
    """Return a member of an SDK object, or of the plain dict that the SDK creates for unknown types."""
    return holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)
