"""The clients against a real HTTP server, and against transports that fail."""

from __future__ import annotations

import json
import logging
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mascot_client import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncMascotClient,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ElevenLabsConfig,
    GeminiConfig,
    GeminiCredentials,
    MascotClient,
    OpenAIConfig,
    ProtocolError,
    RateLimitError,
    SignedUrl,
    UnavailableError,
)

from .fakes import TOKEN

if TYPE_CHECKING:
    from .fakes import HttpServer

KEY = "mascot_key_never_to_be_seen"
PROVIDER_KEY = "provider_key_never_to_be_seen"
ELEVENLABS = ElevenLabsConfig(api_key=PROVIDER_KEY, agent_id="agent_1", sample_rate=16000)
OPENAI = OpenAIConfig(ephemeral_token=PROVIDER_KEY, model="gpt-realtime", voice="marin")
GEMINI = GeminiConfig(ephemeral_token=PROVIDER_KEY, model="gemini-2.5-flash-preview")

SIGNED_URL = f"wss://lips.example.com/v1/conversation?token={TOKEN}"
CREDENTIALS = {"api_key": f"mascot_ephemeral_{TOKEN}", "base_url": "https://lips.example.com"}

CASES: list[tuple[Any, dict[str, str], object]] = [
    (ELEVENLABS, {"signed_url": SIGNED_URL}, SignedUrl(SIGNED_URL)),
    (OPENAI, {"signed_url": SIGNED_URL, "of_the_future": "1"}, SignedUrl(SIGNED_URL)),
    (GEMINI, CREDENTIALS, GeminiCredentials(**CREDENTIALS)),
]


def ask(answer: httpx.Response, config: Any = ELEVENLABS) -> object:
    """One question to a server that gives ``answer``."""
    transport = httpx.MockTransport(lambda _request: answer)
    with httpx.Client(transport=transport) as http_client:
        client = MascotClient(api_key=KEY, base_url="http://h", http_client=http_client, max_retries=0)
        return client.get_signed_url(config)


@pytest.mark.parametrize(("config", "body", "answer"), CASES)
def test_a_question_and_its_answer(server: HttpServer, config: Any, body: object, answer: object) -> None:
    server.body = json.dumps(body).encode()
    with MascotClient(api_key=KEY, base_url=f"{server.url}/") as client:
        assert client.get_signed_url(config) == answer
    [request] = server.requests
    assert request["path"] == "/v1/get-signed-url"
    assert request["headers"]["authorization"] == f"Bearer {KEY}"
    assert request["headers"]["content-type"] == "application/json"
    assert request["body"] == {
        "config": {"provider": config.provider, "provider_config": config.provider_config()}
    }
    assert KEY not in str(request["body"])


@pytest.mark.anyio
@pytest.mark.parametrize(("config", "body", "answer"), CASES)
async def test_the_same_on_asyncio(server: HttpServer, config: Any, body: object, answer: object) -> None:
    server.body = json.dumps(body).encode()
    async with AsyncMascotClient(api_key=KEY, base_url=f"{server.url}/prefix") as client:
        assert await client.get_signed_url(config) == answer
    [request] = server.requests
    assert request["path"] == "/prefix/v1/get-signed-url"
    assert request["headers"]["authorization"] == f"Bearer {KEY}"


def test_a_time_to_resume_in_stands_beside_the_config(server: HttpServer) -> None:
    server.body = json.dumps({"signed_url": SIGNED_URL}).encode()
    with MascotClient(api_key=KEY, base_url=server.url) as client:
        client.get_signed_url(OPENAI, session_ttl=7200)
    [request] = server.requests
    assert request["body"]["session_ttl"] == 7200
    assert request["body"]["config"]["provider_config"] == OPENAI.provider_config()


@pytest.mark.anyio
async def test_a_time_to_resume_in_on_asyncio(server: HttpServer) -> None:
    server.body = json.dumps(CREDENTIALS).encode()
    async with AsyncMascotClient(api_key=KEY, base_url=server.url) as client:
        await client.get_signed_url(GEMINI, session_ttl=600)
    assert server.requests[0]["body"]["session_ttl"] == 600


@pytest.mark.parametrize("session_ttl", [599, -1, 0, True, 3600.0, "3600"])
def test_a_time_that_no_server_takes(session_ttl: Any) -> None:
    with MascotClient(api_key=KEY, base_url="http://h") as client:
        with pytest.raises(ConfigurationError, match="session_ttl"):
            client.get_signed_url(OPENAI, session_ttl=session_ttl)


def test_typed_answers() -> None:
    # Checked by the type checker: each config has its own type of answer.
    url: SignedUrl = MascotClient(
        api_key=KEY,
        base_url="http://h",
        http_client=httpx.Client(
            transport=httpx.MockTransport(
                lambda _request: httpx.Response(200, json={"signed_url": SIGNED_URL})
            )
        ),
    ).get_signed_url(ELEVENLABS)
    assert url.url == SIGNED_URL


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (307, APIStatusError),
        (404, APIStatusError),
        (429, RateLimitError),
        (502, UnavailableError),
        (503, UnavailableError),
    ],
)
def test_a_refusal_carries_status_and_text(
    server: HttpServer, status: int, kind: type[APIStatusError]
) -> None:
    server.status = status
    server.body = b'{"error": "Invalid provider config: agent_id"}'
    client = MascotClient(api_key=KEY, base_url=server.url, max_retries=0)
    with client, pytest.raises(APIStatusError) as caught:
        client.get_signed_url(ELEVENLABS)
    assert type(caught.value) is kind
    assert (caught.value.status_code, caught.value.text) == (status, "Invalid provider config: agent_id")


@pytest.mark.anyio
async def test_a_refusal_on_asyncio(server: HttpServer) -> None:
    server.status = 401
    server.body = b'{"error": "Invalid API key"}'
    async with AsyncMascotClient(api_key=KEY, base_url=server.url) as client:
        with pytest.raises(AuthenticationError, match="Invalid API key"):
            await client.get_signed_url(GEMINI)


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b'{"error": 3}', b"[]", b"\xff"])
def test_a_gateways_page_is_not_repeated(body: bytes) -> None:
    with pytest.raises(APIStatusError) as caught:
        ask(httpx.Response(502, content=body))
    assert caught.value.text == ""


def test_keys_that_the_server_repeats_are_hidden() -> None:
    text = f"no such key {PROVIDER_KEY} for {KEY} " + "x" * 1000
    with pytest.raises(BadRequestError) as caught:
        ask(httpx.Response(400, json={"error": text}))
    assert caught.value.text.startswith("no such key *** for *** x")
    assert len(caught.value.text) == 500


@pytest.mark.parametrize(
    ("config", "body"),
    [
        (ELEVENLABS, b"not JSON"),
        (ELEVENLABS, b"[]"),
        (ELEVENLABS, b"{}"),
        (ELEVENLABS, json.dumps({"signed_url": 3}).encode()),
        (OPENAI, json.dumps({"signed_url": f"https://h/?token={TOKEN}"}).encode()),
        (OPENAI, json.dumps({"signed_url": "wss://h/v1"}).encode()),
        (OPENAI, json.dumps(CREDENTIALS).encode()),
        (GEMINI, json.dumps({"signed_url": SIGNED_URL}).encode()),
        (GEMINI, json.dumps({**CREDENTIALS, "base_url": f"wss://{TOKEN}"}).encode()),
    ],
)
def test_an_answer_outside_the_contract(config: Any, body: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        ask(httpx.Response(200, content=body), config)
    assert "response" in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_nobody_listening() -> None:
    client = MascotClient(api_key=KEY, base_url="http://127.0.0.1:9")
    with client, pytest.raises(APIConnectionError) as caught:
        client.get_signed_url(ELEVENLABS)
    assert "http://127.0.0.1:9" in str(caught.value)
    assert not isinstance(caught.value, TimeoutError)
    assert KEY not in str(caught.value)


@pytest.mark.anyio
async def test_no_answer_in_time() -> None:
    def stall(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(stall)) as http_client:
        client = AsyncMascotClient(api_key=KEY, base_url="http://h", http_client=http_client)
        with pytest.raises(APITimeoutError, match="timed out"):
            await client.get_signed_url(ELEVENLABS)


@pytest.mark.parametrize("timeout", [0.05, httpx.Timeout(5, read=0.05)])
def test_a_timeout_is_a_number_or_one_of_httpx(timeout: float | httpx.Timeout) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = MascotClient(api_key=KEY, base_url=url, timeout=timeout, max_retries=0)
        with client, pytest.raises(TimeoutError, match=f"no response from {url}: timed out") as caught:
            client.get_signed_url(ELEVENLABS)
    assert isinstance(caught.value, APITimeoutError)
    assert isinstance(caught.value, APIConnectionError)
    assert caught.value.errno is None


def test_an_http_client_of_ones_own_stays_open() -> None:
    with httpx.Client() as http_client:
        with MascotClient(api_key=KEY, base_url="http://h", http_client=http_client):
            pass
        assert not http_client.is_closed


@pytest.mark.anyio
async def test_an_async_http_client_of_ones_own_stays_open() -> None:
    async with httpx.AsyncClient() as http_client:
        async with AsyncMascotClient(api_key=KEY, base_url="http://h", http_client=http_client):
            pass
        assert not http_client.is_closed


def test_a_closed_client_asks_no_more(server: HttpServer) -> None:
    client = MascotClient(api_key=KEY, base_url=server.url)
    client.close()
    with pytest.raises(RuntimeError):
        client.get_signed_url(ELEVENLABS)
    assert server.requests == []


@pytest.mark.anyio
async def test_a_closed_async_client_asks_no_more(server: HttpServer) -> None:
    client = AsyncMascotClient(api_key=KEY, base_url=server.url)
    await client.aclose()
    with pytest.raises(RuntimeError):
        await client.get_signed_url(ELEVENLABS)
    assert server.requests == []


@pytest.mark.parametrize("kind", [MascotClient, AsyncMascotClient])
@pytest.mark.parametrize(
    ("key", "base_url", "field"),
    [
        ("", "http://h", "api_key"),
        (f"{KEY}\n", "http://h", "api_key"),
        (f"{KEY} {KEY}", "http://h", "api_key"),
        (None, "http://h", "api_key"),
        (KEY, "", "base_url"),
        (KEY, "lips.example.com", "base_url"),
        (KEY, "wss://lips.example.com", "base_url"),
        (KEY, f"https://user:{KEY}@lips.example.com", "base_url"),
        (KEY, f"https://lips.example.com?key={KEY}", "base_url"),
        (KEY, None, "base_url"),
    ],
)
def test_unusable_settings(kind: Any, key: Any, base_url: Any, field: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        kind(api_key=key, base_url=base_url)
    assert caught.value.field == field
    assert KEY not in str(caught.value)


def test_a_config_of_another_kind() -> None:
    client: Any = MascotClient(api_key=KEY, base_url="http://h")
    with pytest.raises(ConfigurationError, match="ElevenLabsConfig"):
        client.get_signed_url({"provider": "elevenlabs"})
    client.close()


def test_nothing_secret_in_repr_or_logs(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.body = json.dumps({"signed_url": SIGNED_URL}).encode()
    with MascotClient(api_key=KEY, base_url=server.url) as client:
        shown = f"{client!r} {client.get_signed_url(ELEVENLABS)!r} {ELEVENLABS!r} {caplog.text}"
    for secret in (KEY, PROVIDER_KEY, TOKEN):
        assert secret not in shown
