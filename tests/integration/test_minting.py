"""Ephemeral tokens by the official SDKs, from the simulated providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mascot_client import GeminiConfig, OpenAIConfig, for_gemini, for_openai
from mascot_server import simulators

if TYPE_CHECKING:
    from .conftest import Stage


def test_openais_sdk_makes_a_client_secret(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{stage.providers.origin}/v1")
    config = for_openai.mint(simulators.OPENAI_API_KEY)
    assert isinstance(config, OpenAIConfig)
    assert config.provider_config()["ephemeral_token"] == simulators.OPENAI_EPHEMERAL


@pytest.mark.filterwarnings("ignore:The SDK's token creation implementation is experimental")
def test_googles_sdk_makes_an_auth_token(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", stage.providers.origin)
    config = for_gemini.mint(simulators.GEMINI_API_KEY)
    assert isinstance(config, GeminiConfig)
    assert config.provider_config()["ephemeral_token"] == simulators.GEMINI_EPHEMERAL
