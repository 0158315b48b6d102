"""Connect to the server like an app, and simulate scripted providers."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mascot_server import simulators
from mascot_server.auth.tokens import Tokens
from support.servers import API_KEY, API_KEY_ID, SECRET, RunningServer, run_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.connection import Connection
    from websockets.asyncio.server import ServerConnection

    from support.processes import ServerProcess

CONFIGS: dict[str, dict[str, Any]] = {
    "elevenlabs": {"api_key": simulators.ELEVENLABS_API_KEY, "agent_id": simulators.ELEVENLABS_AGENT_ID},
    "openai": {"ephemeral_token": simulators.OPENAI_EPHEMERAL},
    "gemini": {"ephemeral_token": simulators.GEMINI_EPHEMERAL},
}
GEMINI_PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
PATHS = {"elevenlabs": "/v1/conversation", "openai": "/v1/openai-realtime/ws", "gemini": GEMINI_PATH}


async def sign(
    server: RunningServer | ServerProcess, provider: str, **config: Any
) -> tuple[str, dict[str, str]]:
    """Ask for a signed URL; return the URL and the headers of the connection."""
    body = {"config": {"provider": provider, "provider_config": {**CONFIGS[provider], **config}}}
    async with httpx.AsyncClient(base_url=server.origin) as http:
        response = await http.post(
            "/v1/get-signed-url", json=body, headers={"Authorization": f"Bearer {API_KEY}"}
        )
    answer = response.raise_for_status().json()
    if provider == "gemini":
        return f"ws{answer['base_url'].removeprefix('http')}{GEMINI_PATH}", {
            "x-goog-api-key": answer["api_key"]
        }
    return answer["signed_url"], {}


async def dial(server: RunningServer, provider: str, **config: Any) -> ClientConnection:
    url, headers = await sign(server, provider, **config)
    return await connect(url, additional_headers=headers, compression=None, proxy=None)


async def refused(url: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    with pytest.raises(InvalidStatus) as caught:
        await connect(url, additional_headers=headers, proxy=None)
    response = caught.value.response
    assert response.headers["content-type"] == "application/json"
    return response.status_code, json.loads(response.body or b"null")


async def told(connection: Connection) -> tuple[int | None, str | None]:
    """Read until the connection is closed; return code and reason."""
    async with asyncio.timeout(15):
        try:
            while True:
                await connection.recv()
        except ConnectionClosed:
            return connection.close_code, connection.close_reason


@asynccontextmanager
async def scripted(handler: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    """Yield a provider with a scripted behaviour, on any path."""
    async with serve(handler, "127.0.0.1", 0, compression=None) as upstream:
        yield f"http://127.0.0.1:{next(iter(upstream.sockets)).getsockname()[1]}"


@asynccontextmanager
async def serving(upstream: str, **settings: Any) -> AsyncIterator[RunningServer]:
    """Yield the server; it stops without blocking this loop, because a scripted provider in the loop must answer."""
    with ExitStack() as stack:
        yield stack.enter_context(run_server(upstream, **settings))
        await asyncio.to_thread(stack.pop_all().close)


def token_for(provider: str, **config: Any) -> str:
    sealed = json.dumps(config or CONFIGS[provider]).encode()
    return Tokens([SECRET]).seal(provider, sealed, key_id=API_KEY_ID)


async def never(upstream: ServerConnection) -> None:
    """Send nothing, as a silent provider."""
    await upstream.wait_closed()


async def first_of(connection: Connection, kind: str) -> Any:
    async with asyncio.timeout(10):
        while True:
            message = json.loads(await connection.recv())
            if message["type"] == kind:
                return message
