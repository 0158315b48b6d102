"""Ephemeral tokens by the official SDKs, against a provider on loopback."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from mascot_client import (
    ConfigurationError,
    GeminiConfig,
    OpenAIConfig,
    ProtocolError,
    for_gemini,
    for_openai,
)

if TYPE_CHECKING:
    from .fakes import HttpServer

# What Google's SDK says of this part of itself.
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:The SDK's token creation implementation is experimental"),
]

STANDING_KEY = "standing-key-that-only-the-provider-may-see"


class TestOpenAI:
    @pytest.fixture(autouse=True)
    def provider(self, server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> HttpServer:
        pytest.importorskip("openai", reason="needs the extra mascot-client[openai]")
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        session = {"type": "realtime", "object": "realtime.session", "id": "sess_1"}
        server.body = json.dumps({"value": "ek_secret", "expires_at": 1, "session": session}).encode()
        return server

    def check(self, provider: HttpServer, config: OpenAIConfig) -> None:
        assert config.provider_config() == {
            "ephemeral_token": "ek_secret",
            "model": "gpt-realtime-2.1",
            "voice": "marin",
            "viseme_model": "indonesian",
        }
        [request] = provider.requests
        assert request["path"] == "/v1/realtime/client_secrets"
        assert request["headers"]["authorization"] == f"Bearer {STANDING_KEY}"
        assert request["body"] == {
            "expires_after": {"anchor": "created_at", "seconds": 120},
            "session": {
                "type": "realtime",
                "model": "gpt-realtime-2.1",
                "audio": {"output": {"voice": "marin"}},
            },
        }
        assert STANDING_KEY not in f"{config!r} {config.provider_config()}"

    def test_a_client_secret(self, provider: HttpServer) -> None:
        config = for_openai.mint(STANDING_KEY, voice="marin", viseme_model="indonesian", start_within_s=120)
        self.check(provider, config)

    async def test_a_client_secret_on_asyncio(self, provider: HttpServer) -> None:
        self.check(
            provider,
            await for_openai.mint_async(
                STANDING_KEY, voice="marin", viseme_model="indonesian", start_within_s=120
            ),
        )

    async def test_a_client_of_ones_own(self, provider: HttpServer) -> None:
        sdk = pytest.importorskip("openai")
        with sdk.OpenAI(api_key=STANDING_KEY) as client:
            for_openai.mint(client=client, model="gpt-realtime-mini")
        async with sdk.AsyncOpenAI(api_key=STANDING_KEY) as client:
            await for_openai.mint_async(client=client, model="gpt-realtime-mini")
        assert [request["body"]["session"] for request in provider.requests] == [
            {"type": "realtime", "model": "gpt-realtime-mini"}
        ] * 2

    def test_the_key_of_the_environment(self, provider: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", STANDING_KEY)
        for_openai.mint()
        assert provider.requests[0]["headers"]["authorization"] == f"Bearer {STANDING_KEY}"

    def test_a_refusal_is_the_sdks_error(self, provider: HttpServer) -> None:
        sdk = pytest.importorskip("openai")
        provider.status, provider.body = 401, b'{"error": {"message": "Incorrect API key provided."}}'
        with pytest.raises(sdk.AuthenticationError) as caught:
            for_openai.mint(STANDING_KEY)
        assert STANDING_KEY not in f"{caught.value!r}"

    @pytest.mark.parametrize("seconds", [9, 7201])
    def test_a_lifetime_that_openai_refuses(self, seconds: int, provider: HttpServer) -> None:
        with pytest.raises(ConfigurationError, match="start_within_s"):
            for_openai.mint(STANDING_KEY, start_within_s=seconds)
        assert provider.requests == []


class TestGemini:
    @pytest.fixture(autouse=True)
    def provider(self, server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> HttpServer:
        pytest.importorskip("google.genai", reason="needs the extra mascot-client[gemini]")
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        server.body = b'{"name": "auth_tokens/secret"}'
        return server

    def check(self, provider: HttpServer, config: GeminiConfig) -> None:
        assert config.provider_config() == {"ephemeral_token": "auth_tokens/secret", "model": "gemini-live"}
        [request] = provider.requests
        assert request["path"] == "/v1alpha/auth_tokens"
        assert request["headers"]["x-goog-api-key"] == STANDING_KEY
        body: dict[str, Any] = request["body"]
        assert body["uses"] == 1
        assert 50 < lasts(body["newSessionExpireTime"]) <= 60
        assert 1790 < lasts(body["expireTime"]) <= 1800
        assert STANDING_KEY not in f"{config!r} {config.provider_config()}"

    def test_an_auth_token(self, provider: HttpServer) -> None:
        self.check(provider, for_gemini.mint(STANDING_KEY, model="gemini-live", start_within_s=60))

    async def test_an_auth_token_on_asyncio(self, provider: HttpServer) -> None:
        config = await for_gemini.mint_async(STANDING_KEY, model="gemini-live", start_within_s=60)
        self.check(provider, config)

    def test_a_client_of_ones_own(self, provider: HttpServer) -> None:
        sdk = pytest.importorskip("google.genai")
        for_gemini.mint(client=sdk.Client(vertexai=False, api_key=STANDING_KEY))
        assert provider.requests[0]["headers"]["x-goog-api-key"] == STANDING_KEY

    def test_an_answer_without_a_token(self, provider: HttpServer) -> None:
        provider.body = b"{}"
        with pytest.raises(ProtocolError, match="auth token"):
            for_gemini.mint(STANDING_KEY)

    def test_a_refusal_is_the_sdks_error(self, provider: HttpServer) -> None:
        errors = pytest.importorskip("google.genai.errors")
        provider.status, provider.body = 400, b'{"error": {"code": 400, "message": "API key not valid."}}'
        with pytest.raises(errors.APIError) as caught:
            for_gemini.mint(STANDING_KEY)
        assert STANDING_KEY not in f"{caught.value!r}"

    @pytest.mark.parametrize("seconds", [{"start_within_s": 0}, {"talk_for_s": 20 * 3600 + 1}])
    def test_a_lifetime_that_google_refuses(self, seconds: dict[str, int], provider: HttpServer) -> None:
        with pytest.raises(ConfigurationError, match=next(iter(seconds))):
            for_gemini.mint(STANDING_KEY, **seconds)  # type: ignore[arg-type]  # only these two
        assert provider.requests == []


def lasts(time: str) -> float:
    return (datetime.fromisoformat(time) - datetime.now(UTC)).total_seconds()
