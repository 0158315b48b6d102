"""examples/backend.py: how a page gets a conversation, and the error it receives when that fails."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from elevenlabs.conversational_ai.conversation import AudioInterface
from google.genai.types import LiveConnectConfig, Modality
from litestar.testing import TestClient
from support.programs import serving_example

from examples.backend import app
from mascot_client import GeminiCredentials, SignedUrl, VisemeFeed, for_elevenlabs, for_gemini, for_openai
from mascot_server import simulators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUTE = "/api/conversations"
LOGGED_IN = {"session": "ana"}


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    with serving_example("backend", "--port", "0") as origin:
        wait_until_it_answers(origin)
        yield origin


def wait_until_it_answers(origin: str) -> None:
    """Its port is open before the app is there."""
    assert httpx.get(origin, timeout=60).status_code == 200


def ask(backend: str, provider: str) -> dict[str, str]:
    response = httpx.post(backend + ROUTE, json={"provider": provider}, cookies=LOGGED_IN, timeout=60)
    assert response.status_code == 201, response.text
    assert response.headers["cache-control"] == "no-store"
    answer: dict[str, str] = response.json()
    return answer


def wait_for_room(url: str) -> None:
    """A mascot server on a busy machine refuses conversations for some seconds, and says so beforehand."""
    parts = urlsplit(url)
    ready = f"http://{parts.netloc}/readyz"
    deadline = time.monotonic() + 60
    while httpx.get(ready, timeout=60).status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.2)


def test_openai(backend: str) -> None:
    answer = ask(backend, "openai")
    assert set(answer) == {"signed_url"}
    wait_for_room(answer["signed_url"])
    with for_openai.connect(SignedUrl(answer["signed_url"])) as connection:
        connection.response.create()
        first = next(event for event in connection if event.type == "response.output_audio.delta")
        assert len(base64.b64decode(first.delta)) > 1000
        assert for_openai.visemes(first) is not None


def test_gemini(backend: str) -> None:
    answer = GeminiCredentials(**ask(backend, "gemini"))
    wait_for_room(answer.base_url)

    async def first_message() -> Any:
        config = LiveConnectConfig(response_modalities=[Modality.AUDIO])
        async with for_gemini.connect(answer, model="any", config=config) as session:
            await session.send_realtime_input(text="Hello?")
            return await anext(message async for message in session.receive() if message.data)

    assert for_gemini.visemes(asyncio.run(first_message())) is not None


class Silence(AudioInterface):
    def start(self, input_callback: Callable[[bytes], None]) -> None:
        pass

    def stop(self) -> None:
        pass

    def output(self, audio: bytes) -> None:
        pass

    def interrupt(self) -> None:
        pass


def test_elevenlabs_knows_who_is_logged_in(backend: str) -> None:
    answer = ask(backend, "elevenlabs")
    wait_for_room(answer["signed_url"])
    said: Queue[str] = Queue()
    feed = VisemeFeed()
    conversation = for_elevenlabs.connect(
        SignedUrl(answer["signed_url"]),
        agent_id=simulators.ELEVENLABS_AGENT_ID,
        on_visemes=feed,
        audio_interface=Silence(),
        callback_agent_response=said.put,
    )
    conversation.start_session()
    assert "Ana" in said.get(timeout=60)
    assert next(iter(feed)).audio_duration_ms > 0
    conversation.end_session()
    conversation.wait_for_session_end()


def test_the_page_logs_in_and_holds_no_key(backend: str) -> None:
    with httpx.Client(base_url=backend, timeout=60) as browser:
        page = browser.get("/")
        assert page.headers["content-type"].startswith("text/html")
        assert "HttpOnly" in page.headers["set-cookie"]
        assert ROUTE in page.text
        answer = browser.post(ROUTE, json={"provider": "openai"})
    assert answer.status_code == 201
    for key in (simulators.OPENAI_API_KEY, simulators.OPENAI_EPHEMERAL):
        assert key not in page.text + answer.text


@pytest.mark.parametrize(
    ("cookies", "body", "status"),
    [
        ({}, {"provider": "openai"}, 401),
        ({"session": "bob"}, {"provider": "openai"}, 401),
        (LOGGED_IN, {"provider": "else"}, 400),
        (LOGGED_IN, {}, 400),
    ],
)
def test_who_may_not(backend: str, cookies: dict[str, str], body: dict[str, str], status: int) -> None:
    assert httpx.post(backend + ROUTE, json=body, cookies=cookies).status_code == status


@contextmanager
def refusing(status: int, headers: dict[str, str]) -> Iterator[str]:
    """A server, mascot's or a provider's, that refuses everything; yields its origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b'{"error": {"message": "Incorrect API key provided: sk-yours", "code": 400}}')

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


KEYS = {
    "ELEVENLABS_API_KEY": "sk-yours",
    "ELEVENLABS_AGENT_ID": "agent_yours",
    "OPENAI_API_KEY": "sk-yours",
    "GEMINI_API_KEY": "sk-yours",
    "MASCOT_API_KEY": "key",
}


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def asked(provider: str) -> httpx.Response:
    with TestClient(app, cookies=LOGGED_IN) as client:
        return client.post(ROUTE, json={"provider": provider})


@pytest.mark.usefixtures("_keys")
class TestNoConversation:
    def test_a_busy_server_is_asked_again_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with refusing(429, {"retry-after": "7"}) as origin:
            monkeypatch.setenv("MASCOT_BASE_URL", origin)
            answer = asked("elevenlabs")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")

    def test_a_server_that_is_not_there_is_asked_again_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MASCOT_BASE_URL", "http://127.0.0.1:9")
        answer = asked("elevenlabs")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")

    @pytest.mark.parametrize("provider", ["elevenlabs", "openai", "gemini"])
    def test_a_wrong_key_is_logged_and_no_business_of_the_users(
        self, provider: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        # ElevenLabs' key is seen by the mascot server alone; that is who refuses there.
        with refusing(401, {}) as origin:
            monkeypatch.setenv("MASCOT_BASE_URL", origin)
            monkeypatch.setenv("OPENAI_BASE_URL", f"{origin}/v1")
            monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", origin)
            answer = asked(provider)
        assert (answer.status_code, answer.json()) == (502, {"error": "the agent cannot be reached"})
        (logged,) = (record.getMessage() for record in caplog.records if record.name == "backend")
        assert logged.startswith("no conversation: ")
        assert "sk-yours" not in logged + answer.text

    @pytest.mark.parametrize("provider", ["openai", "gemini"])
    def test_a_provider_that_is_not_there_is_logged(
        self, provider: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        for name in ("MASCOT_BASE_URL", "OPENAI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert asked(provider).status_code in {500, 502}
        (logged,) = (record.getMessage() for record in caplog.records if record.name == "backend")
        assert logged.startswith("no conversation")
