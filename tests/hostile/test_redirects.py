"""A provider, or an attacker in its place, redirects the server to another host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.apps import CONFIGS, sign, told
from support.processes import serve_process
from support.redirects import http_provider, redirecting, signed
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.conftest import Figures
    from support.processes import ServerProcess

pytestmark = pytest.mark.anyio


async def ending(server: ServerProcess, provider: str) -> tuple[int | None, str | None]:
    """Return the end of a conversation: its close code and reason, or the HTTP status of its handshake."""
    url, headers = await sign(server, provider)
    try:
        async with connect(url, additional_headers=headers, proxy=None) as connection:
            return await told(connection)
    except InvalidStatus as error:
        return error.response.status_code, ""


@pytest.mark.parametrize("provider", ["elevenlabs", "gemini", "openai"])
async def test_a_redirect_takes_no_key_to_a_thief(provider: str, tmp_path: Path, figure: Figures) -> None:
    with redirecting(307) as (upstream, thief), serve_process(tmp_path, upstream.origin) as server:
        code, reason = await ending(server, provider)
    keys = [value for name, value in CONFIGS[provider].items() if name != "agent_id"]
    stolen = sum(key in request for request in thief.requests for key in keys)
    figure("requests to the attacker", len(thief.requests), at_most=0)
    figure("of them with the provider's key", stolen, at_most=0)
    figure("close code", code or 0, at_least=1011, at_most=1011)
    figure("the close reason names the redirect", "redirect" in (reason or ""), at_least=1)


async def test_a_signed_url_leads_to_another_port(tmp_path: Path, figure: Figures) -> None:
    with http_provider(404, {}) as thief:
        url = f"ws{thief.origin.removeprefix('http')}/v1/convai/conversation"
        with (
            http_provider(200, {}, signed(url)) as upstream,
            serve_process(tmp_path, upstream.origin) as server,
        ):
            code, _ = await ending(server, "elevenlabs")
    figure("connections to it", len(thief.requests), at_most=0)
    figure("close code", code or 0, at_least=1011, at_most=1011)


async def test_odd_hosts_and_ports_in_signed_urls(tmp_path: Path, figure: Figures) -> None:
    odd = (
        "wss://api.elevenlabs.io:99999/",
        "wss://api.elevenlabs.io:port/",
        "wss://api.elevenlabs.io:-1/",
        f"wss://{'a' * 100}.elevenlabs.io/",
        f"wss://{'a' * 60}..elevenlabs.io/",
        "wss://.elevenlabs.io/",
        "wss://[::1/",
        "wss://user:pass@api.elevenlabs.io:1/",
        "wss://evil.example\\.elevenlabs.io/",
        "wss://api.elevenlabs.io\r\n/",
        7,
    )
    bare = 0
    with http_provider(200, {}) as upstream, serve_process(tmp_path, upstream.origin) as server:
        for url in odd:
            upstream.body = signed(url)
            bare += (await ending(server, "elevenlabs"))[0] != 1011
        tracebacks = server.logged().count("Traceback")
    figure("not closed with 1011", bare, f"of {len(odd)}", at_most=0)
    figure("tracebacks", tracebacks, at_most=0)
