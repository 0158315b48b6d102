"""Which web pages may open sockets, and which may call the HTTP endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.apps import refused, sign
from support.servers import run_server
from websockets.asyncio.client import connect

from mascot_server import SettingsError, load_settings

if TYPE_CHECKING:
    from support.servers import Providers, RunningServer

pytestmark = pytest.mark.anyio

HOME = "https://app.example.com"
EVIL = "https://evil.example.com"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}


async def test_by_default_any_page_may_open_a_socket(server: RunningServer) -> None:
    url, _ = await sign(server, "elevenlabs")
    async with connect(url, additional_headers={"Origin": EVIL}, proxy=None) as connection:
        await connection.recv()


async def test_pages_that_are_not_listed_may_not(providers: Providers) -> None:
    with run_server(providers.origin, allowed_origins=f"{HOME.upper()}/, http://localhost:3000") as server:
        url, _ = await sign(server, "elevenlabs")
        for origin in (HOME, "http://localhost:3000"):
            async with connect(url, additional_headers={"Origin": origin}, proxy=None) as connection:
                await connection.recv()
        for origin in (EVIL, "null", "http://app.example.com", f"{HOME}.evil.example.com", f"{HOME}:8443"):
            status, body = await refused(url, {"Origin": origin})
            assert (status, body) == (403, {"error": "This web page may not open WebSockets on this server"})
        assert server.metrics.handshakes_refused[403,] == 5
        # Non-browser clients send no `Origin` header.
        async with connect(url, proxy=None) as connection:
            await connection.recv()


async def test_an_origin_may_be_required(providers: Providers) -> None:
    with run_server(providers.origin, require_origin=True) as server:
        url, _ = await sign(server, "elevenlabs")
        assert (await refused(url))[0] == 403
        async with connect(url, additional_headers={"Origin": EVIL}, proxy=None) as connection:
            await connection.recv()


async def preflight(server: RunningServer, origin: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=server.origin) as http:
        return await http.options("/v1/get-signed-url", headers={"Origin": origin, **PREFLIGHT})


@pytest.mark.parametrize(("origins", "answered"), [(HOME, {HOME}), ("*", {HOME, EVIL}), ("", set())])
async def test_preflights_are_answered_to_listed_pages(
    providers: Providers, origins: str, answered: set[str]
) -> None:
    with run_server(providers.origin, cors_origins=origins) as server:
        for origin in (HOME, EVIL):
            response = await preflight(server, origin)
            allowed = response.headers.get("access-control-allow-origin")
            assert (allowed in {origin, "*"}) == (origin in answered)
            if origin in answered:
                assert response.status_code == 204
                assert "POST" in response.headers["access-control-allow-methods"]
                assert "authorization" in response.headers["access-control-allow-headers"].lower()


async def test_errors_can_be_read_by_listed_pages_too(providers: Providers) -> None:
    with run_server(providers.origin, cors_origins=HOME) as server:
        async with httpx.AsyncClient(base_url=server.origin) as http:
            response = await http.post("/v1/get-signed-url", headers={"Origin": HOME})
    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == HOME
    # Of the answer's headers, this one is of use to them.
    assert "Retry-After" in response.headers["access-control-expose-headers"]


@pytest.mark.parametrize("setting", ["allowed_origins", "cors_origins"])
@pytest.mark.parametrize("value", ["app.example.com", f"{HOME}/path", f"{HOME},*", "https://*.example.com"])
def test_what_is_no_origin_is_refused(setting: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=f"^MASCOT_{setting.upper()}: must be an origin"):
        load_settings(**{setting: value})
