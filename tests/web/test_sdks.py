"""The official JavaScript SDKs of Pipecat, LiveKit and OpenAI in Chromium. examples/web has those of the providers."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from tools.browser import HOW_TO_GET_IT, find_chromium, launch_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page, WebSocketRoute

MODULE = Path(__file__).parents[2] / "packages" / "mascot-web"
PACKAGES = (
    *("@pipecat-ai/client-js@1.13.1", "livekit-client@2.23.0", "openai@7.59.0", "esbuild@0.28.2"),
    # What those need beside themselves.
    *("events@3.3.0", "typed-emitter@2.1.0"),
)


@pytest.fixture(scope="module")
def page(
    npm_install: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Page, Path]]:
    path = find_chromium()
    if path is None:
        pytest.skip(HOW_TO_GET_IT)
    installed = npm_install(*PACKAGES) / "node_modules"
    folder = tmp_path_factory.mktemp("sdks")
    shutil.copy(Path(__file__).with_name("sdks.js"), folder)
    (folder / "node_modules").symlink_to(installed)
    build = ("--bundle", "--format=esm", "--outfile=page.js", "--log-level=warning")
    module = f"--alias:mascot-web={MODULE / 'src' / 'index.js'}"
    subprocess.run([installed / ".bin" / "esbuild", "sdks.js", *build, module], cwd=folder, check=True)
    (folder / "index.html").write_text(
        '<!doctype html><link rel="icon" href="data:,"><script type="module" src="page.js"></script>'
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=launch_arguments(microphone=True))
        page = browser.new_page()
        page.set_default_timeout(60_000)
        yield page, folder
        browser.close()


@pytest.fixture
def opened(page: tuple[Page, Path], serve: Callable[[Path], str]) -> Page:
    tab, folder = page
    tab.goto(f"{serve(folder)}/index.html")
    tab.wait_for_function("globalThis.ready")
    return tab


def test_pipecat(opened: Page) -> None:
    assert opened.evaluate("pipecat()") == ["sil", "aa"]


def test_livekit(opened: Page) -> None:
    assert opened.evaluate("livekit()") == ["sil", "aa", "aa"]


def delta(response: str, *visemes: tuple[int, int], ms: int = 400) -> dict[str, Any]:
    payload = {
        "visemes": [{"visemeId": viseme, "offset": offset} for viseme, offset in visemes],
        "audio_event_id": 1, "audio_duration": ms,
    }  # fmt: skip
    audio = base64.b64encode(bytes(8 * ms)).decode()
    return {
        "type": "response.output_audio.delta", "event_id": "e", "response_id": response, "item_id": "i",
        "output_index": 0, "content_index": 0, "delta": audio, "mascotVisemes": payload,
    }  # fmt: skip


def azure_delta(response: str, *visemes: tuple[int, int], ms: int = 400) -> list[dict[str, Any]]:
    """The same in the form of Azure: visemes first, counted from the start of the response."""
    audio = delta(response, ms=ms)
    del audio["mascotVisemes"]
    place = {name: audio[name] for name in ("response_id", "item_id", "output_index", "content_index")}
    kind = {"type": "response.animation_viseme.delta", "event_id": "e", **place}
    return [*({**kind, "viseme_id": viseme, "audio_offset_ms": offset} for viseme, offset in visemes), audio]


FORMS = {
    "mascot": [[delta("r", (2, 40), (21, 300))], [delta("r")], [delta("r", (6, 10))]],
    "azure": [azure_delta("r", (0, 0), (2, 40), (21, 300)), azure_delta("r"), azure_delta("r", (6, 810))],
}


@pytest.mark.parametrize("form", list(FORMS))
def test_openai_by_its_own_sdk(opened: Page, form: str) -> None:
    """µ-law, two messages, and a user who interrupts: the rest of the response is dropped."""
    first, second, late = FORMS[form]
    ulaw = {"audio": {"output": {"format": {"type": "audio/pcmu"}}}}

    def serve(socket: WebSocketRoute) -> None:
        def send(*events: dict[str, Any]) -> None:
            for event in events:
                socket.send(json.dumps(event))

        def received(text: str | bytes) -> None:
            assert json.loads(text)["type"] == "response.cancel"
            started = {
                "type": "input_audio_buffer.speech_started",
                "event_id": "e",
                "item_id": "u",
                "audio_start_ms": 0,
            }
            send(started, *late)

        socket.on_message(received)
        send(
            {"type": "session.created", "event_id": "e", "session": {"type": "realtime", **ulaw}},
            {"type": "response.created", "event_id": "e", "response": {"id": "r"}},
            *first,
            *second,
        )

    opened.unroute_all()
    opened.route_web_socket("**/v1/realtime**", serve)
    heard = opened.evaluate("openai()")
    assert heard["segments"] == [{"ms": 400, "visemes": [0, 2, 21]}, {"ms": 400, "visemes": [21]}]
    assert heard["after"] <= 1
    assert heard["now"] == 0
