"""Log lines at the level `debug` contain no key, no token and no text of a conversation."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.apps import CONFIGS, PATHS, sign, told
from support.processes import serve_process
from support.redis import run_redis
from support.servers import API_KEY, SECRET
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.conftest import Figures
    from support.processes import ServerProcess
    from support.servers import Providers

pytestmark = pytest.mark.anyio

SAID = "my pin is four two four two and nobody may read that"
COOKIE = "session=a-cookie-of-the-page"
HEADERS = {
    "xi-api-key": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "Cookie": COOKIE,
    "X-Request-Note": "a note that is nobody's business",
}
MESSAGES = {
    "elevenlabs": [
        {"type": "conversation_initiation_client_data", "dynamic_variables": {"name": SAID}},
        {"type": "user_message", "text": SAID},
    ],
    "openai": [
        {
            "type": "conversation.item.create",
            "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": SAID}]},
        },
        {"type": "response.create"},
    ],
    "gemini": [
        {"setup": {"model": "models/gemini-2.5-flash-preview", "outputAudioTranscription": {}}},
        {"clientContent": {"turns": [{"role": "user", "parts": [{"text": SAID}]}], "turnComplete": True}},
    ],
}


async def converse(server: ServerProcess, provider: str) -> set[str]:
    """Hold a conversation, every message in three fragments; return the texts that must not be printed."""
    url, headers = await sign(server, provider)
    never_printed = {url.partition("token=")[2], *headers.values(), *HEADERS.values(), SAID}
    async with connect(url, additional_headers={**HEADERS, **headers}, proxy=None) as connection:
        for message in MESSAGES[provider]:
            text = json.dumps(message)
            third = len(text) // 3
            await connection.send([text[:third], text[third : 2 * third], text[2 * third :]])
        async with asyncio.timeout(10):
            for _ in range(12):
                never_printed |= set(spoken(json.loads(await connection.recv())))
        await asyncio.gather(connection.close(), told(connection))
    return never_printed


def spoken(value: Any) -> list[str]:
    """Return all texts of a message that are sentences, and the beginnings of its audio."""
    if isinstance(value, dict):
        return [text for member in value.values() for text in spoken(member)]
    if isinstance(value, list):
        return [text for member in value for text in spoken(member)]
    if not isinstance(value, str):
        return []
    if len(value) > 200 and re.fullmatch(r"[\w+/=]+", value):
        return [value[:40]]
    return [value] if value.count(" ") >= 2 else []


async def misbehave(server: ServerProcess, provider: str) -> set[str]:
    """Fail to connect in several ways with secrets in many places; return the secrets."""
    url, headers = await sign(server, provider)
    secret = "zz-quite-secret-0123456789"
    places: list[tuple[str, dict[str, str]]] = [
        (f"{server.origin}{PATHS[provider]}?token={secret}", {}),
        (f"{server.origin}{PATHS[provider]}?%74oken={secret}x&viseme_model=none", {"x-goog-api-key": secret}),
        (f"{url}&viseme_model=none", {**headers, "Authorization": f"Token {secret}"}),
        (f"{server.origin}/nowhere?api_key={secret}", {"xi-api-key": secret}),
    ]
    for target, extra in places:
        with pytest.raises(InvalidStatus):
            await connect(target.replace("http", "ws", 1), additional_headers=extra, proxy=None)
    async with httpx.AsyncClient(base_url=server.origin) as http:
        await http.post("/v1/get-signed-url", headers={"Authorization": f"Bearer {secret}"}, json={})
        body = {"text": SAID, "tts_engine": "cartesia", "tts_api_key": secret, "voice": "a"}
        await http.post("/v1/visemes-audio", headers={"Authorization": f"Bearer {API_KEY}"}, json=body)
    return {secret, url.partition("token=")[2], *headers.values()}


@pytest.mark.parametrize("log_format", ["console", "json"])
async def test_nothing_secret_is_printed_at_debug(
    log_format: str, providers: Providers, tmp_path: Path, figure: Figures
) -> None:
    never_printed = {API_KEY, SECRET, "redis-password-42"}
    for config in CONFIGS.values():
        never_printed |= {str(value) for name, value in config.items() if name != "agent_id"}
    with run_redis() as redis:
        redis.command("CONFIG", "SET", "requirepass", "another")
        with serve_process(
            tmp_path,
            providers.origin,
            log_format=log_format,
            log_level="debug",
            cartesia_url=providers.origin,
            redis_url=redis.url.replace("//", "//:redis-password-42@"),
            single_use_tokens="true",
        ) as server:
            for provider in PATHS:
                never_printed |= await converse(server, provider)
                never_printed |= await misbehave(server, provider)
            server.process.send_signal(signal.SIGTERM)
            printed, _ = await asyncio.to_thread(server.process.communicate, timeout=20)
            printed += server.logged()
    never_printed = {text for text in never_printed if len(text) >= 8}
    found = [text for text in never_printed if text in printed or json.dumps(text)[1:-1] in printed]
    assert "closed by app" in printed
    figure("texts that must not be printed", len(never_printed), at_least=20)
    figure("of them printed", len(found), at_most=0)
    figure("lines", printed.count("\n"), at_most=200)
