"""The session of the generally available OpenAI Realtime API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from mascot_server.providers.openai.simulator.session import (
    EXPIRES_AT,
    INSTRUCTIONS,
    RATES,
    SERVER_VAD,
    Dialect,
    RefusedError,
    check_input,
    check_known,
    check_voice,
    invalid,
    merged,
    part,
)

if TYPE_CHECKING:
    from mascot_server.simulators.core.sound import Encoding


class Ga(Dialect):
    """The generally available API."""

    _ENCODINGS: ClassVar[dict[str, Encoding]] = {
        "audio/pcm": "pcm16",
        "audio/pcmu": "mulaw",
        "audio/pcma": "alaw",
    }

    def initial(self, model: str) -> dict[str, Any]:
        pcm = {"type": "audio/pcm", "rate": 24000}
        return {
            "type": "realtime",
            "object": "realtime.session",
            "id": f"sess_{1:021d}",
            "model": model,
            "output_modalities": ["audio"],
            "instructions": INSTRUCTIONS,
            "tools": [],
            "tool_choice": "auto",
            "max_output_tokens": "inf",
            "tracing": None,
            "truncation": "auto",
            "prompt": None,
            "expires_at": EXPIRES_AT,
            "audio": {
                "input": {
                    "format": dict(pcm),
                    "transcription": None,
                    "noise_reduction": None,
                    "turn_detection": dict(SERVER_VAD),
                },
                "output": {"format": dict(pcm), "voice": "marin", "speed": 1.0},
            },
            "include": None,
        }

    def check(self, update: dict[str, Any]) -> None:
        if "type" not in update:
            raise RefusedError(
                "missing_required_parameter", "Missing required parameter: 'session.type'.", "session.type"
            )
        if update["type"] != "realtime":
            raise invalid(update["type"], ["realtime"], "session.type")
        check_known(update, self.initial("").keys() - {"id", "object", "expires_at"}, "session")
        if update.get("output_modalities", ["audio"]) != ["audio"]:
            raise invalid(update["output_modalities"], [["audio"]], "session.output_modalities")
        audio = part(update, "audio", "session.audio")
        for direction in ("input", "output"):
            settings = part(audio, direction, f"session.audio.{direction}")
            known = self.initial("")["audio"][direction].keys()
            check_known(settings, known, f"session.audio.{direction}")
            if "format" in settings:
                self.check_format(settings["format"], f"session.audio.{direction}.format")
        check_input(part(audio, "input", "session.audio.input"), "transcription", "session.audio.input")
        check_voice(self.voice(update), "session.audio.output.voice")

    def check_format(self, settings: object, param: str) -> None:
        """Raise `RefusedError` unless this is one of the three formats."""
        kind = settings.get("type") if isinstance(settings, dict) else settings
        if not isinstance(settings, dict) or kind not in tuple(self._ENCODINGS):
            raise invalid(kind, self._ENCODINGS, f"{param}.type")
        if kind == "audio/pcm" and settings.get("rate", 24000) != RATES["pcm16"]:
            raise invalid(settings["rate"], [24000], f"{param}.rate")

    def voice(self, settings: dict[str, Any]) -> str | None:
        voice = settings.get("audio", {}).get("output", {}).get("voice")
        # A custom voice is an object.
        voice = voice["id"] if isinstance(voice, dict) and isinstance(voice.get("id"), str) else voice
        return voice if voice is None or isinstance(voice, str) else repr(voice)

    def encoding(self, settings: dict[str, Any], direction: str) -> Encoding:
        return self._ENCODINGS[settings["audio"][direction]["format"]["type"]]

    def is_text(self, settings: dict[str, Any]) -> bool:
        return bool(settings["output_modalities"] == ["text"])

    def input_setting(self, settings: dict[str, Any], name: str) -> dict[str, Any] | None:
        setting: dict[str, Any] | None = settings["audio"]["input"][name]
        return setting

    def response_settings(self, session: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        update: dict[str, Any] = {
            name: options[name] for name in ("audio", "output_modalities") if name in options
        }
        # A single response may be written; a session always speaks.
        checked = {name: value for name, value in update.items() if value != ["text"]}
        self.check({"type": "realtime", **checked})
        return merged(session, update)

    def response_audio(self, settings: dict[str, Any]) -> dict[str, Any]:
        output = settings["audio"]["output"]
        return {
            "output_modalities": settings["output_modalities"],
            "max_output_tokens": settings["max_output_tokens"],
            "audio": {"output": {"format": output["format"], "voice": output["voice"]}},
        }
