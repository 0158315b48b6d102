"""Who is let in: tokens, paths and subprotocols, before a socket is accepted."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import pytest
from support.apps import (
    PATHS,
    refused,
    sign,
    token_for,
)
from support.servers import API_KEY_ID, SECRET, Providers, RunningServer, run_server
from websockets.asyncio.client import connect

from mascot_server.auth.tokens import Tokens

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("provider", sorted(PATHS))
async def test_without_a_good_token_the_handshake_is_refused(server: RunningServer, provider: str) -> None:
    url = f"ws{server.origin.removeprefix('http')}{PATHS[provider]}"
    expired = Tokens([SECRET], clock=lambda: 1_000_000_000.0).seal(provider, b"{}", key_id=API_KEY_ID)
    other = token_for("openai" if provider != "openai" else "elevenlabs")
    foreign = Tokens(["the-secret-of-another-server-somewhere"]).seal(provider, b"{}", key_id=API_KEY_ID)
    for token in ("", "rubbish", expired, other, foreign, f"{token_for(provider)}x"):
        parameter = "key" if provider == "gemini" else "token"
        status, body = await refused(f"{url}?{parameter}={token}")
        assert status == 401
        assert list(body) == ["error"]
        assert not token or token not in body["error"]
    assert (await refused(url))[0] == 401


async def test_a_token_is_good_for_its_own_socket_only(server: RunningServer) -> None:
    url, _ = await sign(server, "elevenlabs")
    assert (await refused(url.replace("/v1/conversation", "/v1/openai-realtime/ws")))[0] == 401


async def test_an_unknown_viseme_model_is_refused(server: RunningServer) -> None:
    url, _ = await sign(server, "openai")
    status, body = await refused(f"{url}&viseme_model=klingon")
    assert (status, body) == (400, {"error": "viseme_model: must be one of default, indonesian"})


async def test_a_rpc_that_gemini_does_not_have_is_not_found(server: RunningServer) -> None:
    url, headers = await sign(server, "gemini")
    assert (await refused(url.replace("BidiGenerateContent", "Generate"), headers))[0] == 404


async def test_query_parameters_of_sdks_are_ignored(server: RunningServer) -> None:
    url, _ = await sign(server, "elevenlabs")
    async with connect(
        f"{url}&source=js_sdk&version=1.2.3&viseme_model=indonesian", proxy=None
    ) as connection:
        assert json.loads(await connection.recv())["type"] == "conversation_initiation_metadata"


async def test_a_url_may_start_several_conversations(server: RunningServer) -> None:
    url, _ = await sign(server, "elevenlabs")
    for _attempt in range(2):
        async with connect(url, proxy=None) as connection:
            assert json.loads(await connection.recv())["type"] == "conversation_initiation_metadata"


@pytest.mark.parametrize("shared", [False, True])
async def test_a_url_may_be_made_to_start_one_conversation_only(
    providers: Providers, request: pytest.FixtureRequest, *, shared: bool
) -> None:
    settings = {"redis_url": request.getfixturevalue("redis_server").url} if shared else {}
    with ExitStack() as stack:
        # Where they share counters, a URL used at one server is used up at all.
        servers = [
            stack.enter_context(run_server(providers.origin, single_use_tokens=True, **settings))
            for _ in range(1 + shared)
        ]
        url, _ = await sign(servers[0], "elevenlabs")
        async with connect(url, proxy=None) as connection:
            assert json.loads(await connection.recv())["type"] == "conversation_initiation_metadata"
        for server in servers:
            status, body = await refused(url.replace(servers[0].origin[7:], server.origin[7:]))
            assert status == 401
            assert "ask for a new signed URL" in body["error"]


@pytest.mark.parametrize(
    ("provider", "offered", "selected"),
    [
        ("elevenlabs", ["convai"], "convai"),
        ("elevenlabs", ["other"], None),
        ("openai", ["realtime", "openai-insecure-api-key.proxy"], "realtime"),
        ("gemini", ["other"], None),
    ],
)
async def test_the_subprotocol_that_an_sdk_insists_on_is_selected(
    server: RunningServer, provider: str, offered: list[Any], selected: str | None
) -> None:
    url, headers = await sign(server, provider)
    async with connect(url, additional_headers=headers, subprotocols=offered, proxy=None) as connection:
        assert connection.subprotocol == selected


@pytest.mark.parametrize("slashes", ["/", "//"])
@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
@pytest.mark.parametrize("method", ["BidiGenerateContent", "BidiGenerateContentConstrained"])
@pytest.mark.parametrize("place", ["x-goog-api-key", "authorization", "key", "access_token"])
async def test_gemini_sdks_come_by_many_paths(
    server: RunningServer, slashes: str, version: str, method: str, place: str
) -> None:
    _, headers = await sign(server, "gemini")
    api_key = headers["x-goog-api-key"]
    rpc = f"google.ai.generativelanguage.{version}.GenerativeService.{method}"
    url = f"ws{server.origin.removeprefix('http')}{slashes}ws/{rpc}"
    sent = {"x-goog-api-key": api_key} if place == "x-goog-api-key" else {}
    if place == "authorization":
        sent = {"Authorization": f"Token {api_key}"}
    elif not sent:
        url = f"{url}?{place}={api_key}"
    async with connect(url, additional_headers=sent, proxy=None) as connection:
        await connection.send('{"setup":{"model":"models/gemini-2.5-flash-preview"}}')
        message = await connection.recv()
        assert isinstance(message, bytes)
        assert "setupComplete" in json.loads(message)
