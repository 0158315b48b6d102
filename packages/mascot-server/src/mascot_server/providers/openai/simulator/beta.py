"""The session and the event names of the OpenAI Realtime API as it was in its beta."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from mascot_server.providers.openai.simulator.session import (
    EXPIRES_AT,
    INSTRUCTIONS,
    SERVER_VAD,
    Dialect,
    check_input,
    check_known,
    check_voice,
    invalid,
    merged,
)

if TYPE_CHECKING:
    from mascot_server.simulators.core.sound import Encoding


class Beta(Dialect):
    """The API as it was before, which some clients still speak."""

    event_names: ClassVar[dict[str, str | None]] = {
        "conversation.item.added": "conversation.item.created",
        "conversation.item.done": None,
        "response.output_audio.delta": "response.audio.delta",
        "response.output_audio.done": "response.audio.done",
        "response.output_audio_transcript.delta": "response.audio_transcript.delta",
        "response.output_audio_transcript.done": "response.audio_transcript.done",
        "response.output_text.delta": "response.text.delta",
        "response.output_text.done": "response.text.done",
    }
    content_names: ClassVar[dict[str, str]] = {"output_audio": "audio", "output_text": "text"}

    _ENCODINGS: ClassVar[dict[str, Encoding]] = {"pcm16": "pcm16", "g711_ulaw": "mulaw", "g711_alaw": "alaw"}

    def initial(self, model: str) -> dict[str, Any]:
        return {
            "id": f"sess_{1:021d}",
            "object": "realtime.session",
            "model": model,
            "expires_at": EXPIRES_AT,
            "modalities": ["audio", "text"],
            "instructions": INSTRUCTIONS,
            "voice": "alloy",
            "input_audio_format": "pcm16",
            "output_audio_format": "pcm16",
            "input_audio_transcription": None,
            "input_audio_noise_reduction": None,
            "turn_detection": dict(SERVER_VAD),
            "tools": [],
            "tool_choice": "auto",
            "temperature": 0.8,
            "max_response_output_tokens": "inf",
            "speed": 1.0,
            "tracing": None,
        }

    def check(self, update: dict[str, Any]) -> None:
        check_known(update, self.initial("").keys() - {"id", "object", "expires_at"}, "session")
        for direction in ("input", "output"):
            name = f"{direction}_audio_format"
            if name in update and update[name] not in tuple(self._ENCODINGS):
                raise invalid(update[name], self._ENCODINGS, f"session.{name}")
        check_input(update, "input_audio_transcription", "session")
        check_voice(self.voice(update), "session.voice")

    def voice(self, settings: dict[str, Any]) -> str | None:
        voice = settings.get("voice")
        return voice if voice is None or isinstance(voice, str) else repr(voice)

    def encoding(self, settings: dict[str, Any], direction: str) -> Encoding:
        return self._ENCODINGS[settings[f"{direction}_audio_format"]]

    def is_text(self, settings: dict[str, Any]) -> bool:
        return bool(settings["modalities"] == ["text"])

    def input_setting(self, settings: dict[str, Any], name: str) -> dict[str, Any] | None:
        key = "input_audio_transcription" if name == "transcription" else name
        setting: dict[str, Any] | None = settings[key]
        return setting

    def response_settings(self, session: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        names = ("voice", "output_audio_format", "modalities")
        update = {name: options[name] for name in names if name in options}
        self.check(update)
        return merged(session, update)

    def response_audio(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {
            "modalities": settings["modalities"],
            "max_output_tokens": settings["max_response_output_tokens"],
            "output_audio_format": settings["output_audio_format"],
            "voice": settings["voice"],
        }
