"""The provider configurations: what they accept, what they refuse, what they show."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from mascot_client import ConfigurationError, ElevenLabsConfig, GeminiConfig, OpenAIConfig

SECRET = "sk_never_to_be_seen"
AGENT = {"api_key": SECRET, "agent_id": "agent_1"}
NAN = float("nan")


def test_what_the_server_gets_from_each() -> None:
    assert ElevenLabsConfig(api_key=SECRET, agent_id="agent_1").provider_config() == {
        "api_key": SECRET,
        "agent_id": "agent_1",
    }
    variables: dict[str, str | bool | int | float] = {"name": "Ada", "age": 36, "score": 0.5, "vip": True}
    full = ElevenLabsConfig(
        api_key=SecretStr(SECRET),
        agent_id="agent_1",
        branch_id="agtbrch_1",
        version_id="agtvrsn_1",
        environment="staging",
        sample_rate=16000,
        dynamic_variables=variables,
        viseme_model="indonesian",
    )
    assert full.provider_config() == {
        "api_key": SECRET,
        "agent_id": "agent_1",
        "branch_id": "agtbrch_1",
        "version_id": "agtvrsn_1",
        "environment": "staging",
        "sample_rate": 16000,
        "dynamic_variables": variables,
        "viseme_model": "indonesian",
    }
    assert OpenAIConfig(ephemeral_token=SECRET, model="gpt-realtime", voice="marin").provider_config() == {
        "ephemeral_token": SECRET,
        "model": "gpt-realtime",
        "voice": "marin",
    }
    assert GeminiConfig(api_key=SECRET).provider_config() == {"api_key": SECRET}
    cloud: dict[str, Any] = {"api": "vertex", "access_token": SECRET, "project": "p", "location": "eu"}
    assert GeminiConfig(**cloud).provider_config() == cloud
    assert GeminiConfig(api="vertex", api_key=SECRET).provider_config() == {
        "api": "vertex",
        "api_key": SECRET,
    }
    assert [config.provider for config in (ElevenLabsConfig, OpenAIConfig, GeminiConfig)] == [
        "elevenlabs",
        "openai",
        "gemini",
    ]


@pytest.mark.parametrize(
    ("kind", "fields", "named"),
    [
        (ElevenLabsConfig, {"agent_id": "a"}, "ElevenLabsConfig.api_key"),
        (ElevenLabsConfig, {"api_key": SECRET}, "ElevenLabsConfig.agent_id"),
        (ElevenLabsConfig, {"api_key": " ", "agent_id": "a"}, "ElevenLabsConfig.api_key"),
        (ElevenLabsConfig, {"api_key": [SECRET], "agent_id": "a"}, "ElevenLabsConfig.api_key"),
        (ElevenLabsConfig, {**AGENT, "agent_id": ""}, "ElevenLabsConfig.agent_id"),
        (ElevenLabsConfig, {**AGENT, "environment": ""}, "ElevenLabsConfig.environment"),
        (ElevenLabsConfig, {**AGENT, "sample_rate": 7999}, "ElevenLabsConfig.sample_rate"),
        (ElevenLabsConfig, {**AGENT, "sample_rate": SECRET}, "ElevenLabsConfig.sample_rate"),
        (ElevenLabsConfig, {**AGENT, "dynamic_variables": SECRET}, "ElevenLabsConfig.dynamic_variables"),
        (
            ElevenLabsConfig,
            {**AGENT, "dynamic_variables": {"n": NAN}},
            "ElevenLabsConfig.dynamic_variables.n",
        ),
        (
            ElevenLabsConfig,
            {**AGENT, "dynamic_variables": {"n": [SECRET]}},
            "ElevenLabsConfig.dynamic_variables.n",
        ),
        (ElevenLabsConfig, {**AGENT, "agentid": SECRET}, "ElevenLabsConfig.agentid"),
        (OpenAIConfig, {}, "OpenAIConfig"),
        (OpenAIConfig, {"api_key": SECRET, "ephemeral_token": SECRET}, "OpenAIConfig"),
        (OpenAIConfig, {"api_key": SECRET, "voice": " "}, "OpenAIConfig.voice"),
        (GeminiConfig, {}, "GeminiConfig"),
        (GeminiConfig, {"api_key": SECRET, "viseme_model": ""}, "GeminiConfig.viseme_model"),
        (GeminiConfig, {"api_key": SECRET, "ephemeral_token": SECRET}, "GeminiConfig"),
        (GeminiConfig, {"api_key": SECRET, "api": SECRET}, "GeminiConfig.api"),
        (GeminiConfig, {"api_key": SECRET, "project": "p"}, "GeminiConfig"),
        (GeminiConfig, {"access_token": SECRET}, "GeminiConfig"),
        (GeminiConfig, {"api": "vertex"}, "GeminiConfig"),
        (GeminiConfig, {"api": "vertex", "ephemeral_token": SECRET}, "GeminiConfig"),
        (GeminiConfig, {"api": "vertex", "api_key": SECRET, "location": "eu"}, "GeminiConfig"),
        (GeminiConfig, {"api": "vertex", "access_token": SECRET, "project": "p"}, "GeminiConfig"),
        (GeminiConfig, {"api": "vertex", "access_token": SECRET, "api_key": SECRET}, "GeminiConfig"),
    ],
)
def test_a_bad_field_is_named_and_no_secret_is(kind: Any, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        kind(**fields)
    assert caught.value.field == named
    assert caught.value.problem
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)
    # A chained error would be printed with the traceback.
    assert caught.value.__suppress_context__


def test_secrets_stay_out_of_sight() -> None:
    for config in (
        ElevenLabsConfig(api_key=SECRET, agent_id="a"),
        OpenAIConfig(ephemeral_token=SECRET),
        GeminiConfig(api_key=SECRET),
    ):
        assert SECRET not in repr(config)
        assert SECRET not in str(config)
        assert SECRET not in str(config.model_dump())


def test_a_config_does_not_change() -> None:
    config = GeminiConfig(api_key=SECRET)
    with pytest.raises(ValueError, match="frozen"):
        config.model = "other"


@pytest.mark.parametrize("config", [{"api": "live"}, {"model": "gpt-live-1"}])
def test_gpt_live_takes_a_standing_key_alone(config: Any) -> None:
    sent = OpenAIConfig(api_key="sk-1", **config).provider_config()
    assert sent == {"api_key": "sk-1", **config}
    with pytest.raises(ConfigurationError, match="GPT-Live has no ephemeral tokens; set api_key"):
        OpenAIConfig(ephemeral_token="ek_1", **config)


def test_an_api_of_openai_is_one_of_two() -> None:
    with pytest.raises(ConfigurationError, match=r"OpenAIConfig\.api"):
        OpenAIConfig(api_key="sk-1", api="webrtc")  # type: ignore[arg-type]
