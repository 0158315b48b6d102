"""examples/web in a browser: a turn with each official JavaScript SDK, through the server."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import wave
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from support.servers import API_KEY, run_server, run_simulators, wait_for_room

from mascot_client import (
    ElevenLabsConfig,
    GeminiConfig,
    GeminiCredentials,
    MascotClient,
    OpenAIConfig,
    SignedUrl,
)
from mascot_server import simulators
from tools.browser import HOW_TO_GET_IT, find_chromium, launch_arguments

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from mascot_client.configs import ProviderConfig

ROOT = Path(__file__).parents[2]
SPEECH = ROOT / "packages/mascot-server/src/mascot_server/simulators/assets/en/1-greeting.wav"
SENTENCE_S, SILENCE_S = 0.8, 8
PROVIDERS = ("elevenlabs", "openai", "gemini")

pytestmark = [
    pytest.mark.skipif(shutil.which("npm") is None, reason="no npm: install Node.js 20 or newer"),
    pytest.mark.skipif(find_chromium() is None, reason=HOW_TO_GET_IT),
]

# Each shape that the mouth takes, and each form in which it is drawn.
WATCH = """() => {
  const face = document.getElementById("face");
  window.shapes = [];
  window.forms = new Set();
  new MutationObserver(() => {
    if (window.shapes.at(-1) !== face.dataset.viseme) window.shapes.push(face.dataset.viseme);
    window.forms.add(face.querySelector(".lips").getAttribute("d"));
  }).observe(face, { attributes: true, subtree: true });
}"""

HEARD = "() => document.getElementById('heard').textContent.match(/\\d+/g).map(Number)"
OPEN = "() => document.getElementById('face').dataset.viseme !== '0'"

# Closed for longer than within a sentence.
CLOSED = """() => {
  if (document.getElementById("face").dataset.viseme !== "0") window.closedAt = undefined;
  else window.closedAt ??= performance.now();
  return window.closedAt !== undefined && performance.now() - window.closedAt > 1500;
}"""


@contextmanager
def running(**variables: str) -> Iterator[str]:
    """The example as its README runs it; yields where the page is."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MASCOT_", "ELEVENLABS_", "OPENAI_", "GEMINI_"))
    }
    command = [sys.executable, "-m", "examples.web", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment | variables, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = next((line for line in process.stdout if line.startswith("open ")), None)
            assert address is not None, "it did not start"
            yield address.removeprefix("open ").strip()
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What comes into the microphone, over and over: a sentence, and silence to answer in."""
    with wave.open(str(SPEECH), "rb") as file:
        parameters = file.getparams()
        sentence = file.readframes(int(SENTENCE_S * parameters.framerate))
    path = tmp_path_factory.mktemp("user") / "microphone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams(parameters)
        file.writeframes(sentence + bytes(2 * SILENCE_S * parameters.framerate))
    return path


@pytest.fixture(scope="module")
def browser(user: Path) -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=[
                *launch_arguments(microphone=True),
                f"--use-file-for-fake-audio-capture={user}",
                # Nothing beyond this machine is found.
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """The page; in the end it must have asked nobody else for anything and complained of nothing."""
    complaints: list[str] = []
    addresses: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    context.on("request", lambda request: addresses.append(request.url))
    page.on("websocket", lambda socket: addresses.append(socket.url))
    page.goto(url)
    yield page
    context.close()
    assert complaints == []
    assert any(address.startswith("ws://") for address in addresses)
    elsewhere = [address for address in addresses if urlsplit(address).hostname not in {"127.0.0.1", None}]
    assert elsewhere == []


def origin(signed_url: str) -> str:
    return f"http://{urlsplit(signed_url).netloc}"


def call(page: Page, url: str, provider: str) -> None:
    wait_for_room(origin(httpx.post(f"{url}/connection/openai").json()["signed_url"]))
    page.select_option("#provider", provider)
    page.click("#call")
    page.wait_for_selector("#status[data-state=connected]")
    page.evaluate(WATCH)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_turn_by_text(page: Page, url: str, provider: str) -> None:
    call(page, url, provider)
    if provider == "elevenlabs":  # the agent greets
        page.wait_for_function(OPEN)
        page.wait_for_function(CLOSED)
    pieces_before, shapes_before = page.evaluate(HEARD)

    page.fill("#text", "What can you do?")
    page.click("text=Say")
    page.wait_for_function(OPEN)
    page.wait_for_function(CLOSED)

    pieces, shapes = page.evaluate(HEARD)
    assert pieces > pieces_before + 5, "no audio arrived"
    assert shapes > shapes_before + 20, "no visemes arrived"
    assert len(page.evaluate("window.shapes")) > 20, "the mouth did not move"
    assert page.evaluate("window.forms.size") > 20, "the drawing did not move"

    page.click("#call")
    page.wait_for_selector("#status[data-state=idle]")
    assert page.inner_text("#status") == "The call has ended."


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_turn_by_microphone(page: Page, url: str, provider: str) -> None:
    call(page, url, provider)
    if provider == "elevenlabs":
        page.wait_for_function(OPEN)
        page.wait_for_function(CLOSED)
    pieces_before, _ = page.evaluate(HEARD)
    page.check("#microphone")
    page.wait_for_function(OPEN)
    pieces, _ = page.evaluate(HEARD)
    assert pieces > pieces_before
    page.click("#call")
    page.wait_for_selector("#status[data-state=idle]")


def test_the_page_says_what_is_missing(browser: Browser) -> None:
    """An own server without the providers' keys."""
    with running(MASCOT_BASE_URL="http://127.0.0.1:9", MASCOT_API_KEY="none") as url:
        page = browser.new_page()
        page.goto(url)
        page.click("#call")
        page.wait_for_selector("#status[data-state=idle]:has-text('No connection')")
        assert "ELEVENLABS_API_KEY" in page.inner_text("#status")
        page.close()


@pytest.fixture(scope="module")
def mascot() -> Iterator[MascotClient]:
    with (
        run_simulators() as providers,
        run_server(providers.origin) as server,
        MascotClient(api_key=API_KEY, base_url=server.origin) as mascot,
    ):
        yield mascot


CONFIGS: dict[str, ProviderConfig] = {
    "elevenlabs": ElevenLabsConfig(api_key="wrong", agent_id=simulators.ELEVENLABS_AGENT_ID),
    "openai": OpenAIConfig(api_key="wrong"),
    "gemini": GeminiConfig(api_key="wrong"),
}


@pytest.mark.parametrize(
    ("provider", "shown"),
    [
        ("elevenlabs", "No connection: elevenlabs refused the connection with HTTP 401"),
        ("openai", "The call has ended with 1008: openai refused the connection with HTTP 401"),
        ("gemini", "The call has ended with 1007: API key not valid."),
    ],
)
def test_the_page_says_why_the_provider_refuses(
    browser: Browser, url: str, mascot: MascotClient, provider: str, shown: str
) -> None:
    answer = mascot.get_signed_url(CONFIGS[provider])
    assert shown in outcome(browser, url, provider, answer)


@pytest.mark.parametrize(
    ("provider", "shown"),
    [
        ("elevenlabs", "No connection: "),
        ("openai", "The call has ended with 1006"),
        ("gemini", "The call has ended with 1006"),
    ],
)
def test_the_page_says_that_an_old_answer_is_refused(
    browser: Browser, url: str, mascot: MascotClient, provider: str, shown: str
) -> None:
    answer = mascot.get_signed_url(CONFIGS[provider])
    if isinstance(answer, GeminiCredentials):
        cut: SignedUrl | GeminiCredentials = GeminiCredentials(answer.api_key[:-1], answer.base_url)
    else:
        cut = SignedUrl(answer.url[:-1])
    assert shown in outcome(browser, url, provider, cut)


def outcome(browser: Browser, url: str, provider: str, answer: SignedUrl | GeminiCredentials) -> str:
    """What the page says of a call with this answer of the backend's."""
    fields = {"signed_url": answer.url} if isinstance(answer, SignedUrl) else dataclasses.asdict(answer)
    page = browser.new_page()
    page.route("**/connection/*", lambda route: route.fulfill(json={**fields, "model": "any"}))
    page.goto(url)
    page.select_option("#provider", provider)
    wait_for_room(answer.base_url if isinstance(answer, GeminiCredentials) else origin(answer.url))
    page.click("#call")
    page.wait_for_selector("#status:text-matches('^(No connection|The call has ended)')")
    said = page.inner_text("#status")
    page.close()
    return said


def test_other_pages_get_no_connection(url: str) -> None:
    answer = httpx.post(f"{url}/connection/openai", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert httpx.post(f"{url}/connection/nobody").status_code == 404
    answer = httpx.post(f"{url}/connection/openai")
    assert answer.status_code == 200
    assert answer.json()["signed_url"].startswith("ws://127.0.0.1:")
    assert answer.headers["cache-control"] == "no-store"


def test_ending_it_ends_its_server() -> None:
    with running() as url:
        signed_url = httpx.post(f"{url}/connection/openai").json()["signed_url"]
        server = origin(signed_url)
        httpx.get(f"{server}/healthz").raise_for_status()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server}/healthz")
