"""The sessions of other services with OpenAI's Realtime protocol, where they differ from both of OpenAI's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from mascot_server.providers.openai.simulator.beta import Beta
from mascot_server.providers.openai.simulator.ga import Ga
from mascot_server.providers.openai.simulator.session import RATES, invalid, part

if TYPE_CHECKING:
    from mascot_server.simulators.core.sound import Encoding

OPUS: Final = "audio/opus"
BINARY: Final = "binary"


class Xai(Ga):
    """xAI: PCM of several rates, Opus, audio in binary messages; no event ends a response."""

    event_names: ClassVar[dict[str, str | None]] = {"response.done": None}

    _RATES: ClassVar[tuple[int, ...]] = (8000, 16000, 22050, 24000, 32000, 44100, 48000)

    def initial(self, model: str) -> dict[str, Any]:
        """Return the session as it begins."""
        session = super().initial(model)
        session["audio"]["output"]["transport"] = "json"
        return session

    def check(self, update: dict[str, Any]) -> None:
        """Raise `RefusedError` for an update that names a wrong value."""
        super().check(update)
        output = part(part(update, "audio", "session.audio"), "output", "session.audio.output")
        if output.get("transport", BINARY) not in ("json", BINARY):
            raise invalid(output["transport"], ["json", BINARY], "session.audio.output.transport")

    def check_format(self, settings: object, param: str) -> None:
        """Raise `RefusedError` unless this is a format of the service."""
        if isinstance(settings, dict) and settings.get("type") == OPUS:
            return
        if isinstance(settings, dict) and settings.get("type") == "audio/pcm":
            if settings.get("rate", 24000) not in self._RATES:
                raise invalid(settings["rate"], self._RATES, f"{param}.rate")
            return
        super().check_format(settings, param)

    def encoding(self, settings: dict[str, Any], direction: str) -> Encoding:
        """Return the encoding; what stands in for Opus is cut as PCM."""
        return "pcm16" if self.is_opus(settings, direction) else super().encoding(settings, direction)

    def rate(self, settings: dict[str, Any], direction: str) -> int:
        """Return the sample rate of ``direction`` in Hz."""
        stated: int | None = settings["audio"][direction]["format"].get("rate")
        return stated or super().rate(settings, direction)

    def is_opus(self, settings: dict[str, Any], direction: str) -> bool:
        """Return whether the audio of ``direction`` is Opus."""
        return bool(settings["audio"][direction]["format"]["type"] == OPUS)


class VoiceLive(Beta):
    """Azure's Voice Live: rates in the words of formats, and visemes for sessions that ask for them."""

    _ENCODINGS: ClassVar[dict[str, Encoding]] = {
        **Beta._ENCODINGS,
        "pcm16_8000hz": "pcm16",
        "pcm16_16000hz": "pcm16",
    }
    _WORDS: ClassVar[dict[str, int]] = {"pcm16_8000hz": 8000, "pcm16_16000hz": 16000}

    def initial(self, model: str) -> dict[str, Any]:
        """Return the session as it begins."""
        return {**super().initial(model), "animation": None, "output_audio_timestamp_types": None}

    def rate(self, settings: dict[str, Any], direction: str) -> int:
        """Return the sample rate of ``direction`` in Hz."""
        word = settings[f"{direction}_audio_format"]
        return self._WORDS.get(word) or super().rate(settings, direction)


class Qwen(Beta):
    """Qwen-Omni: 16 kHz in, 24 kHz out, by words of its own."""

    _ENCODINGS: ClassVar[dict[str, Encoding]] = {"pcm": "pcm16", "pcm24": "pcm16"}

    def initial(self, model: str) -> dict[str, Any]:
        """Return the session as it begins."""
        formats = {"input_audio_format": "pcm", "output_audio_format": "pcm24"}
        return {**super().initial(model), **formats}

    def rate(self, settings: dict[str, Any], direction: str) -> int:  # noqa: ARG002 - the formats are fixed
        """Return the sample rate of ``direction`` in Hz."""
        return 16000 if direction == "input" else RATES["pcm16"]
