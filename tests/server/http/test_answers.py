"""What requests are answered that are for nothing, or not for what they say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.apps import refused
from support.raw_http import ask, get
from support.servers import API_KEY, SECRET

from mascot_server import create_app, load_settings

if TYPE_CHECKING:
    from support.servers import RunningServer

SOCKETS = ["/v1/conversation", "/v1/openai-realtime/ws"]
GEMINI = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
PAGES = ["/healthz", "/readyz", "/metrics", "/schema", "/schema/openapi.json", "/schema/asyncapi.json"]


def sign(server: RunningServer, headers: dict[str, str]) -> httpx.Response:
    body = {"config": {"provider": "openai", "provider_config": {"ephemeral_token": "x"}}}
    headers = {"Authorization": f"Bearer {API_KEY}", **headers}
    return httpx.post(f"{server.origin}/v1/get-signed-url", json=body, headers=headers)


def test_an_unknown_path_is_told_what_there_is(server: RunningServer) -> None:
    answer = httpx.get(f"{server.origin}/v1/nothing")
    assert answer.status_code == 404
    found = answer.json()
    assert found["error"] == "Not Found"
    assert {"/healthz", "/v1/get-signed-url", "/v1/visemes"} <= set(found["paths"])
    assert set(SOCKETS) <= set(found["sockets"])


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/v1/nothing", "/", "/healthz", "/ws/nothing", f"{GEMINI}/more"])
async def test_an_unknown_socket_is_told_what_there_is(server: RunningServer, path: str) -> None:
    status, body = await refused(f"ws{server.origin.removeprefix('http')}{path}")
    assert (status, body["error"]) == (404, "There is no socket at this path")
    assert set(SOCKETS) <= set(body["sockets"])


@pytest.mark.parametrize("path", [*SOCKETS, f"{SOCKETS[1]}/realtime", GEMINI])
def test_sockets_want_an_upgrade(server: RunningServer, path: str) -> None:
    answer = httpx.get(f"{server.origin}{path}")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert "WebSocket" in answer.json()["error"]
    assert httpx.get(f"{server.origin}/ws/nothing").status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_head_is_get_without_a_body(server: RunningServer, path: str) -> None:
    answer = httpx.head(f"{server.origin}{path}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == httpx.get(f"{server.origin}{path}").headers["content-type"]


def test_head_of_what_is_posted_to_is_not_allowed(server: RunningServer) -> None:
    assert httpx.head(f"{server.origin}/v1/get-signed-url").status_code == 405


@pytest.mark.parametrize(
    ("proto", "scheme"), [("wss", "wss"), ("https", "wss"), ("ws", "ws"), ("http", "ws")]
)
def test_a_proxy_may_name_either_kind_of_scheme(server: RunningServer, proto: str, scheme: str) -> None:
    answer = sign(server, {"X-Forwarded-Proto": proto})
    assert answer.json()["signed_url"].startswith(f"{scheme}://")
    document = httpx.get(f"{server.origin}/schema/asyncapi.json", headers={"X-Forwarded-Proto": proto}).json()
    assert document["servers"]["this"]["protocol"] == scheme


@pytest.mark.parametrize("host", ["x:99999", "x:y", "[::1", "[zz]", "<b>", "x/y", "a b", "", "x,y"])
def test_urls_are_built_from_hosts_only(server: RunningServer, host: str) -> None:
    answer = ask(server, get("/schema").replace(b"Host: localhost", f"Host: {host}".encode()))
    assert answer.status == 400
    assert b"Host: must be a host name" in answer.body


@pytest.mark.parametrize("host", ["x", "x_y.example.com:8000", "[::1]:8000", "127.0.0.1"])
def test_hosts(server: RunningServer, host: str) -> None:
    assert sign(server, {"Host": host}).json()["signed_url"].startswith(f"ws://{host}/")


def test_a_request_may_ask_for_another_protocol(server: RunningServer) -> None:
    """As curl --http2 does. It is answered in this one, and the connection is closed."""
    request = get("/healthz").replace(b"Connection: close", b"Connection: Upgrade\r\nUpgrade: h2c")
    answer = ask(server, request)
    assert (answer.status, answer.closed) == (200, True)


@pytest.mark.parametrize("target", ["http://localhost/healthz", "HTTP://localhost:8000/healthz?x"])
def test_targets_in_absolute_form(server: RunningServer, target: str) -> None:
    assert ask(server, get(target)).status == 200


@pytest.mark.anyio
async def test_unknown_sockets_under_any_asgi_server() -> None:
    app = create_app(load_settings(secret=SECRET, api_keys=API_KEY, public_url="https://example.com/mascot"))
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "websocket", "path": "/mascot/nothing", "headers": [], "query_string": b""}
    rejecting: Any = {**scope, "extensions": {"websocket.http.response": {}}}
    await app(rejecting, receive, send)
    assert sent[0]["status"] == 404
    assert "/mascot/v1/conversation" in json.loads(sent[1]["body"])["sockets"]
    # One without the extension can only close.
    sent.clear()
    await app(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
