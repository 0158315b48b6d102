"""Settings of a simulated GPT-Live session, and their validation."""

from __future__ import annotations

from typing import Any, Final

from mascot_server.providers.openai.simulator.session import (
    EXPIRES_AT,
    RefusedError,
    check_known,
    invalid,
    part,
)
from mascot_server.simulators.core.sound import Encoding

__all__ = ["Wire", "check_update", "started"]

Wire = tuple[Encoding, int]
"""Encoding and sample rate in Hz, the same in both directions."""

MODELS: Final = ("gpt-live-1", "gpt-live-1.1")
VOICES: Final = frozenset(
    {
        "alloy",
        "ash",
        "ballad",
        "beacon",
        "bossa",
        "cedar",
        "cinder",
        "coral",
        "delta",
        "echo",
        "gleam",
        "marin",
        "meridian",
        "quartz",
        "ripple",
        "sage",
        "shida",
        "shimmer",
        "stone",
        "tempo",
        "verse",
        "vesper",
        "willow",
    }
)
_MEMBERS: Final = frozenset(
    [
        "model",
        "audio",
        "client",
        "delegation",
        "input",
        "instructions",
        "safety_identifier",
        "store",
        "triggers",
    ]
)
_UPDATES: Final = frozenset({"delegation", "triggers"})
_FORMATS: Final[dict[str, tuple[Encoding, tuple[int, ...]]]] = {
    "audio/pcm": ("pcm16", (16000, 24000)),
    "audio/pcmu": ("mulaw", (8000,)),
    "audio/pcma": ("alaw", (8000,)),
}


def started(session: dict[str, Any]) -> tuple[dict[str, Any], Wire]:
    """Return the resolved session, and how its audio is encoded.

    A session that was requested without ``audio`` does not contain it: the field is optional in the SDK.

    Args:
        session: Member of ``session.start``.

    Raises:
        RefusedError: It holds something unknown or wrong.
    """
    check_known(session, _MEMBERS, "session")
    model = session.get("model")
    if model is None:
        text = "Missing required parameter: 'session.model'."
        raise RefusedError("missing_required_parameter", text, "session.model")
    if model not in MODELS:
        raise invalid(model, MODELS, "session.model")
    audio = part(session, "audio", "session.audio")
    check_known(audio, ("format", "output"), "session.audio")
    output = part(audio, "output", "session.audio.output")
    check_known(output, ("voice",), "session.audio.output")
    voice = output.get("voice", "marin")
    if not (isinstance(voice, dict) and list(voice) == ["id"]) and not (
        isinstance(voice, str) and voice in VOICES
    ):
        raise invalid(voice, sorted(VOICES), "session.audio.output.voice")
    stated = part(audio, "format", "session.audio.format") or {"type": "audio/pcm", "rate": 24000}
    resolved = {
        "id": f"live_{1:021d}",
        "status": "active",
        "expires_at": EXPIRES_AT,
        **session,
    }
    if audio:
        resolved["audio"] = {"format": stated, "output": {"voice": voice}}
    return resolved, _wire(stated)


def check_update(session: dict[str, Any]) -> None:
    """Raise `RefusedError` for an update of what cannot change."""
    check_known(session, _UPDATES, "session")


def _wire(stated: dict[str, Any]) -> Wire:
    kind, rate = stated.get("type"), stated.get("rate")
    if not isinstance(kind, str) or kind not in _FORMATS:
        raise invalid(kind, _FORMATS, "session.audio.format.type")
    encoding, rates = _FORMATS[kind]
    if type(rate) is not int or rate not in rates:
        raise invalid(rate, rates, "session.audio.format.rate")
    return encoding, rate
