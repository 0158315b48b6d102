"""A server behind a reverse proxy that serves it under a path, and providers behind one: end to end."""

from __future__ import annotations

import asyncio
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from google.genai.types import LiveConnectConfig, Modality
from litestar.testing import TestClient
from support.apps import first_of, told
from support.pages import PROVIDERS, first_turn
from support.prefix_proxy import PREFIX, PrefixProxy, run_prefix_proxy
from support.servers import API_KEY, SECRET, run_server
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from mascot_client import ElevenLabsConfig, GeminiConfig, MascotClient, OpenAIConfig, for_gemini, for_openai
from mascot_server import create_app, load_settings, simulators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Stage

pytestmark = pytest.mark.anyio

ELEVENLABS = ElevenLabsConfig(api_key=simulators.ELEVENLABS_API_KEY, agent_id=simulators.ELEVENLABS_AGENT_ID)
OPENAI = OpenAIConfig(ephemeral_token=simulators.OPENAI_EPHEMERAL)
AUDIO = LiveConnectConfig(response_modalities=[Modality.AUDIO])
GEMINI = GeminiConfig(ephemeral_token=simulators.GEMINI_EPHEMERAL)


@pytest.fixture(scope="module", params=[True, False], ids=["prefix taken off", "prefix left on"])
def proxy(request: pytest.FixtureRequest, stage: Stage) -> Iterator[PrefixProxy]:
    """A proxy with the playground's server behind it, which knows its public URL."""
    with run_prefix_proxy(strip=request.param) as proxy:
        with run_server(stage.providers.origin, demo={}, public_url=proxy.url) as server:
            proxy.upstream = server.origin
            yield proxy


@pytest.fixture
def client(proxy: PrefixProxy) -> Iterator[MascotClient]:
    with MascotClient(api_key=API_KEY, base_url=proxy.url) as client:
        yield client


def test_openai(client: MascotClient, proxy: PrefixProxy) -> None:
    answer = client.get_signed_url(OPENAI)
    assert answer.url.startswith(f"ws{proxy.url.removeprefix('http')}/v1/openai-realtime/ws?token=")
    with for_openai.connect(answer) as connection:
        connection.response.create()
        assert any(for_openai.visemes(event) for event in connection)


async def test_gemini(client: MascotClient, proxy: PrefixProxy) -> None:
    answer = client.get_signed_url(GEMINI)
    assert answer.base_url == proxy.url
    async with for_gemini.connect(answer, model="m", config=AUDIO) as session:
        await session.send_client_content(turns={"role": "user", "parts": [{"text": "Hello"}]})
        assert [message async for message in session.receive() if for_gemini.visemes(message)]


async def test_elevenlabs(client: MascotClient) -> None:
    async with connect(client.get_signed_url(ELEVENLABS).url, proxy=None) as connection:
        await first_of(connection, "visemes")


class Links(HTMLParser):
    """The links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value or "" for name, value in attrs if tag == "a" and name == "href"}


def test_documents_name_the_public_url_and_links_lead_somewhere(proxy: PrefixProxy) -> None:
    openapi = httpx.get(f"{proxy.url}/schema/openapi.json").json()
    assert openapi["servers"] == [{"url": proxy.url}]
    asyncapi = httpx.get(f"{proxy.url}/schema/asyncapi.json").json()
    host = proxy.origin.removeprefix("http://")
    assert asyncapi["servers"] == {"this": {"host": host, "protocol": "ws", "pathname": PREFIX}}
    page = Links()
    page.feed(httpx.get(f"{proxy.url}/schema").text)
    assert page.found == {f"{PREFIX}/schema/openapi.json", f"{PREFIX}/schema/asyncapi.json"}
    for link in page.found:
        assert httpx.get(proxy.origin + link).status_code == 200


def test_the_playground(proxy: PrefixProxy) -> None:
    for path in ("", "/", "/playground"):
        moved = httpx.get(proxy.url + path)
        assert (moved.status_code, moved.headers["location"]) == (302, f"{PREFIX}/playground/")
    page = httpx.get(f"{proxy.url}/playground/")
    sockets = f"ws{proxy.origin.removeprefix('http')}"
    assert f"connect-src 'self' {sockets};" in page.headers["content-security-policy"]
    assert httpx.get(f"{proxy.url}/playground/app.js").status_code == 200
    for provider in PROVIDERS:
        answer = httpx.post(
            f"{proxy.url}/playground/api/connect",
            json={"provider": provider},
            headers={"Origin": proxy.origin},
        )
        assert answer.status_code == 200, answer.text
        asyncio.run(first_turn(provider, answer.json()))
    elsewhere = httpx.post(
        f"{proxy.url}/playground/api/connect", json={"provider": "openai"}, headers={"Origin": "http://x"}
    )
    assert elsewhere.status_code == 403


def test_the_paths_there_are_have_the_prefix(proxy: PrefixProxy) -> None:
    answer = httpx.get(f"{proxy.url}/v1/nothing")
    assert answer.status_code == 404
    assert f"{PREFIX}/v1/get-signed-url" in answer.json()["paths"]
    assert f"{PREFIX}/v1/conversation" in answer.json()["sockets"]


async def test_sockets_that_are_not_there(proxy: PrefixProxy) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws{proxy.url.removeprefix('http')}/v1/nothing", proxy=None)
    assert refused.value.response.status_code == 404


async def test_providers_under_a_path(stage: Stage) -> None:
    """As behind a gateway of one's own."""
    with run_prefix_proxy() as gateway:
        gateway.upstream = stage.providers.origin
        with (
            run_server(gateway.url) as server,
            MascotClient(api_key=API_KEY, base_url=server.origin) as client,
        ):
            with for_openai.connect(client.get_signed_url(OPENAI)) as connection_to_openai:
                assert connection_to_openai.recv().type == "session.created"
            async with connect(client.get_signed_url(ELEVENLABS).url, proxy=None) as connection:
                # The simulator does not know of the gateway: the URL that it signs has no prefix.
                assert (await told(connection))[0] == 1008
            async with for_gemini.connect(client.get_signed_url(GEMINI), model="m"):
                pass
    asked = [path.partition("?")[0].removeprefix(PREFIX) for path in gateway.paths if path.startswith(PREFIX)]
    assert "/v1/convai/conversation/get-signed-url" in asked
    assert "/v1/realtime" in asked
    assert any(path.startswith("/ws/google.ai.generativelanguage.") for path in asked)


@pytest.mark.parametrize("path", [f"{PREFIX}/v1/get-signed-url", "/v1/get-signed-url"])
def test_root_path_of_the_web_server(path: str) -> None:
    """As ASGI has it: the path holds it, or with older servers does not."""
    app = create_app(load_settings(secret=SECRET, api_keys=API_KEY))
    config: Any = {"provider": "openai", "provider_config": {"ephemeral_token": "x"}}
    with TestClient(app, root_path=PREFIX) as client:
        answer = client.post(path, json={"config": config}, headers={"Authorization": f"Bearer {API_KEY}"})
        assert answer.json()["signed_url"].startswith(
            f"ws://testserver.local{PREFIX}/v1/openai-realtime/ws?token="
        )
        document = client.get("/schema/openapi.json").json()
    assert document["servers"] == [{"url": f"http://testserver.local{PREFIX}"}]
