"""The public face of the simulators."""

from __future__ import annotations

import pytest

from mascot_server import simulators


def test_the_public_names() -> None:
    assert simulators.__all__ == [
        "CARTESIA_API_KEY",
        "CARTESIA_VOICE_ID",
        "CREDENTIALS",
        "ELEVENLABS_AGENT_ID",
        "ELEVENLABS_API_KEY",
        "ELEVENLABS_BRANCH_ID",
        "ELEVENLABS_VERSION_ID",
        "ELEVENLABS_VOICE_ID",
        "GEMINI_API_KEY",
        "GEMINI_EPHEMERAL",
        "OPENAI_API_KEY",
        "OPENAI_EPHEMERAL",
        "VERTEX_ACCESS_TOKEN",
        "VERTEX_API_KEY",
        "VERTEX_PROJECT",
        "AudioSent",
        "Simulators",
    ]
    assert all(hasattr(simulators, name) for name in simulators.__all__)


def test_the_credentials_look_like_real_ones() -> None:
    assert simulators.ELEVENLABS_API_KEY.startswith("sk_")
    assert simulators.ELEVENLABS_AGENT_ID.startswith("agent_")
    assert simulators.CARTESIA_API_KEY.startswith("sk_car_")
    assert simulators.OPENAI_API_KEY.startswith("sk-")
    assert simulators.OPENAI_EPHEMERAL.startswith("ek_")
    assert simulators.GEMINI_API_KEY.startswith("AIza")
    assert simulators.GEMINI_EPHEMERAL.startswith("auth_tokens/")
    assert simulators.VERTEX_ACCESS_TOKEN.startswith("ya29.")
    assert simulators.VERTEX_API_KEY.startswith("AQ.")


def test_a_language_that_nobody_speaks_is_refused() -> None:
    with pytest.raises(ValueError, match="language must be one of en, id, not 'fr'"):
        simulators.Simulators(language="fr")  # type: ignore[arg-type]
