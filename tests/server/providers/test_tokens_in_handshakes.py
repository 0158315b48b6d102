"""Where clients put our token, each as its own package does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.apps import sign
from websockets.asyncio.client import connect

from mascot_server.providers.registry import read_handshake

if TYPE_CHECKING:
    from support.servers import RunningServer

TOKEN = "eyJhbGciOi.eyJpc3Mi-_0.c2ln"
OPENAI = "/v1/openai-realtime/ws"


def found(path: str, query: str = "", **headers: str) -> str:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    handshake = read_handshake(path, query.encode(), named)
    assert handshake is not None
    return handshake.token


@pytest.mark.parametrize(
    "query",
    [
        f"token={TOKEN}",
        f"token={TOKEN}&model=gpt-realtime",
        pytest.param(f"token={TOKEN}?model=gpt-realtime", id="pipecat"),
        pytest.param(f"token={TOKEN}/realtime?model=gpt-realtime", id="livekit-node"),
        pytest.param(f"token={TOKEN}%3Fmodel=gpt-realtime", id="escaped"),
    ],
)
@pytest.mark.parametrize("path", [OPENAI, f"{OPENAI}/realtime", "/v1/realtime", "/v1/conversation"])
def test_the_token_ends_where_no_token_goes_on(path: str, query: str) -> None:
    assert found(path, query) == TOKEN


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {TOKEN}"},
        {"authorization": f"bearer {TOKEN}"},
        {"api_key": TOKEN},
        {"sec_websocket_protocol": f"realtime, openai-insecure-api-key.{TOKEN}, openai-beta.realtime-v1"},
    ],
)
def test_clients_that_only_take_a_key_send_the_token_as_one(headers: dict[str, str]) -> None:
    assert found("/v1/realtime", "model=gpt-realtime", **headers) == TOKEN


def test_the_token_of_a_signed_url_wins_over_a_key() -> None:
    assert found("/v1/realtime", f"token={TOKEN}", authorization="Bearer sk-other") == TOKEN


@pytest.mark.parametrize("query", ["", "token=", "token=%20", "token=?model=x"])
def test_there_may_be_no_token(query: str) -> None:
    assert found(OPENAI, query) == ""


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("suffix", "how"),
    [
        ("?model=gpt-realtime", "url"),
        ("/realtime", "url"),
        ("", "bearer"),
        ("", "api-key"),
        ("", "subprotocol"),
    ],
)
async def test_such_a_client_holds_a_conversation(server: RunningServer, suffix: str, how: str) -> None:
    url, _ = await sign(server, "openai")
    options: dict[str, Any] = {"proxy": None, "compression": None}
    if how != "url":
        token = url.partition("token=")[2]
        url = f"ws{server.origin.removeprefix('http')}/v1/realtime?model=gpt-realtime"
        if how == "subprotocol":
            options["subprotocols"] = ["realtime", f"openai-insecure-api-key.{token}"]
        else:
            header = {"bearer": ("Authorization", f"Bearer {token}"), "api-key": ("api-key", token)}[how]
            options["additional_headers"] = dict([header])
    async with connect(url + suffix, **options) as connection:
        assert "session.created" in str(await connection.recv())
        assert connection.subprotocol == ("realtime" if how == "subprotocol" else None)
