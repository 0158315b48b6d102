"""The session of a simulated OpenAI Realtime conversation, in the shape of today and in that of the beta.

A `Dialect` knows where a shape keeps each setting, what it allows, and what it calls its events.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mascot_server.simulators.core.sound import Encoding

INSTRUCTIONS = "You are a friendly guide to a small harbor town."

RATES: dict[Encoding, int] = {"pcm16": 24000, "mulaw": 8000, "alaw": 8000}
"""Sample rate in Hz of each encoding."""

VOICES = frozenset({"alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"})

CUSTOM_VOICE = "voice_"
"""How ids of custom voices begin; all are known."""

SERVER_VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    # The real default is 500; the simulated user is answered a little sooner.
    "silence_duration_ms": 300,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
# A session's real expiry is half an hour ahead; a moving time would differ from one run to the next.
EXPIRES_AT = 4_102_444_800


class RefusedError(Exception):
    """A client event that OpenAI would answer with an `error` event.

    Attributes:
        code: OpenAI's code.
        message: its text.
        param: the path of the offending field, or None.
    """

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param


class Dialect(ABC):
    """A shape of session."""

    event_names: ClassVar[dict[str, str | None]] = {}
    """What events of the present shape are called in this one; None for those that it does not have."""

    content_names: ClassVar[dict[str, str]] = {}
    """The same for the types of content."""

    @abstractmethod
    def initial(self, model: str) -> dict[str, Any]:
        """Return the session as it begins."""

    @abstractmethod
    def check(self, update: dict[str, Any]) -> None:
        """Raise `RefusedError` for an update that names a wrong value."""

    @abstractmethod
    def voice(self, settings: dict[str, Any]) -> str | None:
        """Return the voice that a session or an update names."""

    @abstractmethod
    def encoding(self, settings: dict[str, Any], direction: str) -> Encoding:
        """Return the encoding of ``direction``, ``input`` or ``output``."""

    def rate(self, settings: dict[str, Any], direction: str) -> int:
        """Return the sample rate of ``direction`` in Hz."""
        return RATES[self.encoding(settings, direction)]

    @abstractmethod
    def is_text(self, settings: dict[str, Any]) -> bool:
        """Return whether a response with these settings is written, without sound."""

    @abstractmethod
    def input_setting(self, settings: dict[str, Any], name: str) -> dict[str, Any] | None:
        """Return ``turn_detection`` or ``transcription`` of the input."""

    @abstractmethod
    def response_settings(self, session: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        """Return the session as one response's options change it.

        Raises:
            RefusedError: an option has a wrong value.
        """

    @abstractmethod
    def response_audio(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return the modalities and the audio settings of a response."""


def merged(settings: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    """Return the settings with the update laid over them, level by level; None replaces as any value does."""
    result = copy.deepcopy(settings)
    for key, value in update.items():
        old = result.get(key)
        # A format and a turn detection are chosen whole: their keys depend on their type.
        replaced = key in ("format", "turn_detection") and isinstance(value, dict)
        if replaced and key == "turn_detection":
            result[key] = {**SERVER_VAD, **value}
        elif isinstance(old, dict) and isinstance(value, dict) and not replaced:
            result[key] = merged(old, value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def part(settings: dict[str, Any], name: str, param: str) -> dict[str, Any]:
    """Return a member that must be an object if it is there."""
    member = settings.get(name, {})
    if not isinstance(member, dict):
        raise _not_an_object(param)
    return member


def check_input(settings: dict[str, Any], transcription: str, param: str) -> None:
    """Raise `RefusedError` for a turn detection or a transcription that is neither an object nor None."""
    for name in (transcription, "turn_detection"):
        if not isinstance(settings.get(name) or {}, dict):
            raise _not_an_object(f"{param}.{name}")
    quiet = (settings.get("turn_detection") or {}).get("silence_duration_ms", 0)
    if not isinstance(quiet, int) or quiet < 0:
        name = f"{param}.turn_detection.silence_duration_ms"
        raise RefusedError("invalid_type", f"Invalid type for '{name}': expected an integer.", name)


def check_known(settings: dict[str, Any], known: Iterable[str], param: str) -> None:
    """Raise `RefusedError` for an unknown field."""
    for name in settings:
        if name not in known:
            raise RefusedError(
                "unknown_parameter", f"Unknown parameter: '{param}.{name}'.", f"{param}.{name}"
            )


def check_voice(voice: str | None, param: str) -> None:
    """Raise `RefusedError` for an unknown voice."""
    if voice is not None and voice not in VOICES and not voice.startswith(CUSTOM_VOICE):
        raise invalid(voice, sorted(VOICES), param)


def invalid(value: object, allowed: Iterable[object], param: str) -> RefusedError:
    """Return the error for a value that is not among the allowed ones."""
    choices = ", ".join(f"'{choice}'" for choice in allowed)
    return RefusedError("invalid_value", f"Invalid value: '{value}'. Supported values are: {choices}.", param)


def _not_an_object(param: str) -> RefusedError:
    return RefusedError("invalid_type", f"Invalid type for '{param}': expected an object.", param)
