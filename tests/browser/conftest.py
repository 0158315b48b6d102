"""The playground in a real browser: `mascot-server demo` as a process, and Chromium in front of it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
import wave
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

# tools/ is no package that one installs.
sys.path.insert(0, str(Path(__file__).parents[2]))

from tools.browser import HOW_TO_GET_IT, find_chromium, launch_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Playwright, Request, WebSocket

MEASURE = Path(__file__).with_name("measure.js")
PATIENCE_S = 60.0


@dataclass
class Wire:
    """What went over the page's sockets, as the browser saw it.

    Attributes:
        received: Messages that came, parsed.
        sent: Messages that went, parsed.
    """

    received: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)

    def follow(self, socket: WebSocket) -> None:
        """Takes note of a socket's messages from now on."""
        socket.on("framereceived", lambda data: self.received.append(json.loads(data)))
        socket.on("framesent", lambda data: self.sent.append(json.loads(data)))

    def payloads(self) -> list[dict[str, Any]]:
        """Each audio message's visemes, whatever the provider."""
        found = [message.get("mascotVisemes", message) for message in self.received]
        return [payload for payload in found if "visemes" in payload]


@dataclass
class Playground:
    """The page, open.

    Attributes:
        page: Playwright's page.
        origin: Where it came from.
        wire: Its sockets.
        problems: What it complained of: console errors, and exceptions that nobody caught.
        requests: Every address that it asked for.
    """

    page: Page
    origin: str
    wire: Wire = field(default_factory=Wire)
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Takes note of everything from now on."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", self._request)
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("websocket", self.wire.follow)

    def choose(self, provider: str) -> None:
        """Chooses whom to talk to."""
        self.page.check(f"#providers input[value={provider}]", force=True)

    def write(self, text: str) -> None:
        """Writes to the agent."""
        self.page.fill("#write", text)
        self.page.press("#write", "Enter")

    def drop(self, file: Path) -> None:
        """Drops a file on the page."""
        transfer = self.page.evaluate_handle(
            """([name, text]) => {
                const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
                const transfer = new DataTransfer();
                transfer.items.add(new File([bytes], name));
                return transfer;
            }""",
            [file.name, base64.b64encode(file.read_bytes()).decode()],
        )
        for event in ("dragover", "drop"):
            self.page.dispatch_event("main", event, {"dataTransfer": transfer})

    def state(self) -> str:
        """What the page says it is doing."""
        return str(self.page.get_attribute("#status", "data-state"))

    def wait_for_state(self, *states: str) -> None:
        """Waits until the page says that it is doing one of these."""
        self.wait_until(lambda: self.state() in states, f"state {' or '.join(states)}")

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Waits until something holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, f"waited for {what}, in state {self.state()}: {self.problems}"
            self.page.wait_for_timeout(20)

    def measured(self, what: str) -> list[dict[str, float]]:
        """What `measure.js` has noted: `starts` of pieces of audio, or `frames`."""
        rows: list[dict[str, float]] = self.page.evaluate(f"measured.{what}")
        return rows

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(message.text)

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)


@contextmanager
def demo_process(log: Path, **settings: str) -> Iterator[str]:
    """Runs `mascot-server demo`, as anyone would; gives the origin of its page."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")}
    environment |= {f"MASCOT_{name.upper()}": value for name, value in settings.items()}
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "mascot_server", "demo", "--port", "0"],
            env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("open http://"), log.read_text()
        address = urlsplit(line.removeprefix("open ").strip())
        origin = f"{address.scheme}://{address.netloc}"
        deadline = time.monotonic() + PATIENCE_S
        while not _answers(origin):
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield origin
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of a page without a password."""
    with demo_process(tmp_path_factory.mktemp("demo") / "log") as origin:
        yield origin


def _answers(origin: str) -> bool:
    try:
        return httpx.get(f"{origin}/playground/api/config").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@contextmanager
def chromium(playwright: Playwright, *arguments: str) -> Iterator[Browser]:
    """Starts a Chromium, with a microphone that anybody may use."""
    path = find_chromium()
    if path is None:
        pytest.skip(HOW_TO_GET_IT)
    browser = playwright.chromium.launch(
        executable_path=path, args=[*launch_arguments(microphone=True), *arguments]
    )
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


@contextmanager
def opened(browser: Browser, origin: str, **options: Any) -> Iterator[Playground]:
    """Opens the page in a context of its own, and holds it to what holds for every visit.

    Raises:
        AssertionError: There was an error on the console, or a request to another origin.
    """
    context: BrowserContext = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    try:
        context.add_init_script(path=MEASURE)
        playground = Playground(context.new_page(), origin)
        playground.watch()
        playground.page.goto(f"{origin}/playground/")
        playground.page.wait_for_selector("#start:enabled")
        yield playground
        assert playground.problems == []
        assert {urlsplit(address).netloc for address in playground.requests} == {urlsplit(origin).netloc}
    finally:
        context.close()


@pytest.fixture
def playground(browser: Browser, demo: str) -> Iterator[Playground]:
    with opened(browser, demo) as page:
        yield page


@pytest.fixture(scope="session")
def visit(browser: Browser, demo: str) -> Callable[..., AbstractContextManager[Playground]]:
    """Opens the page in a context with options of Playwright's `new_context`."""
    return lambda **options: opened(browser, demo, **options)


@pytest.fixture
def hearing(playwright: Playwright, demo: str) -> Callable[[Path], AbstractContextManager[Playground]]:
    """Opens the page in a Chromium whose microphone plays a WAV file, once."""

    @contextmanager
    def open_hearing(wav: Path) -> Iterator[Playground]:
        with chromium(playwright, f"--use-file-for-fake-audio-capture={wav}%noloop") as own:
            with opened(own, demo, permissions=["microphone"]) as page:
                yield page

    return open_hearing


@pytest.fixture
def guarded(browser: Browser, tmp_path: Path) -> Callable[[str], AbstractContextManager[Playground]]:
    """Opens the page of a server that wants a password."""

    @contextmanager
    def open_guarded(password: str) -> Iterator[Playground]:
        with demo_process(tmp_path / "log", demo_password=password) as origin:
            with opened(browser, origin) as page:
                yield page

    return open_guarded


def recording(name: str) -> tuple[int, NDArray[np.int16]]:
    """One of the simulators' English sentences: rate in Hz, and samples."""
    with (files("mascot_server.simulators") / "assets" / "en" / f"{name}.wav").open("rb") as file:
        with wave.open(file) as reader:
            samples = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
            return reader.getframerate(), samples


def write_wav(path: Path, rate: int, samples: NDArray[np.int16]) -> Path:
    """Writes PCM16 mono."""
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, rate, 0, "NONE", ""))
        writer.writeframes(samples.astype("<i2").tobytes())
    return path


@pytest.fixture
def ferry(tmp_path: Path) -> Path:
    """A sentence of six seconds, as a WAV file."""
    return write_wav(tmp_path / "ferry.wav", *recording("2-ferry"))


@pytest.fixture
def remarks(tmp_path: Path) -> Path:
    """A user who says something every six seconds, so that an answer of that length is always spoken over."""
    rate, samples = recording("1-greeting")
    remark = samples[int(0.15 * rate) : int(1.4 * rate)]
    first, between = (np.zeros(int(seconds * rate), np.int16) for seconds in (1.0, 4.5))
    return write_wav(tmp_path / "remarks.wav", rate, np.concatenate([first, *([remark, between] * 10)]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tells how well the mouth kept time, where that was measured."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) != "call":
                continue
            for name, figures in report.user_properties:
                if name.startswith("sync"):
                    terminalreporter.write_line(f"{name}: {figures}")


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots and measurements are kept: the folder that `MASCOT_ARTEFACTS` names, or a temporary one."""
    named = os.environ.get("MASCOT_ARTEFACTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
