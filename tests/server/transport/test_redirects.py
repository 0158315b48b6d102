"""Providers that send the server to somebody else: it does not go there, and says so."""

from __future__ import annotations

import httpx
import pytest
from support.apps import dial, serving, told
from support.redirects import http_provider, redirecting, signed
from support.servers import API_KEY

from mascot_server.errors import BadGateway
from mascot_server.providers.registry import PROVIDERS
from mascot_server.transport.dialer import perform

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("provider", "status"),
    [
        ("elevenlabs", 302),
        ("elevenlabs", 307),
        ("openai", 301),
        ("openai", 308),
        ("gemini", 303),
        ("gemini", 307),
    ],
)
async def test_a_redirect_is_not_followed_and_the_app_is_told(provider: str, status: int) -> None:
    with redirecting(status) as (upstream, thief):
        async with serving(upstream.origin) as server, await dial(server, provider) as connection:
            assert await told(connection) == (
                1011,
                f"{provider} is unreachable: it answered with a redirect (HTTP {status}), which is not followed",
            )
        assert len(upstream.requests) == 1
        assert thief.requests == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("wss://api.elevenlabs.io:99999/", "it answered with a signed_url for another host"),
        ("wss://api.elevenlabs.io:8443/", "it answered with a signed_url for another host"),
        ("wss://x@api.elevenlabs.io/", "it answered with a signed_url for another host"),
        ("wss://[::1/", "it answered with a signed_url for another host"),
        (f"wss://{'a' * 100}.elevenlabs.io/", "no connection can be made to its host or port"),
        (f"wss://{'a' * 60}..elevenlabs.io/", "no connection can be made to its host or port"),
        (7, "its answer contains no signed_url"),
    ],
)
async def test_an_odd_signed_url_ends_the_conversation_in_order(
    url: object, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with http_provider(200, {}, signed(url)) as upstream:
        async with serving(upstream.origin) as server, await dial(server, "elevenlabs") as connection:
            assert await told(connection) == (1011, f"elevenlabs is unreachable: {reason}")
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_signed_url_of_another_port_of_the_same_host_is_not_dialled() -> None:
    with http_provider(404, {}) as thief:
        with http_provider(200, {}, signed(f"ws{thief.origin.removeprefix('http')}/v1")) as upstream:
            async with serving(upstream.origin) as server, await dial(server, "elevenlabs") as connection:
                assert (await told(connection))[0] == 1011
        assert thief.requests == []


async def test_speech_of_a_provider_that_redirects_is_a_bad_gateway() -> None:
    with redirecting() as (upstream, thief):
        async with serving(upstream.origin, cartesia_url=upstream.origin) as server:
            for engine in ("cartesia", "elevenlabs"):
                body = {"text": "hello", "tts_engine": engine, "tts_api_key": "sk_a_key", "voice": "a"}
                async with httpx.AsyncClient(base_url=server.origin) as http:
                    answer = await http.post(
                        "/v1/visemes-audio", json=body, headers={"Authorization": f"Bearer {API_KEY}"}
                    )
                assert answer.status_code == 502, answer.text
                assert "answered HTTP 302, a redirect, which is not followed" in answer.json()["error"]
        assert thief.requests == []


@pytest.mark.parametrize("provider", ["openai", "gemini"])
async def test_minting_does_not_follow_a_redirect(provider: str) -> None:
    with redirecting() as (upstream, thief):
        async with httpx.AsyncClient(follow_redirects=True) as http:
            made = PROVIDERS[provider].agent.config({"api_key": "a-key"}, upstream.origin, "default", 0.0)
            with pytest.raises(BadGateway, match=r"with a redirect \(HTTP 302\), which is not followed"):
                await perform(made, http)
        assert thief.requests == []
