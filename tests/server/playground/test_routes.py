"""What the page asks its server for."""

from __future__ import annotations

import base64
import io
import wave
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.pages import Page
from support.rest import AUTHORIZED, RATE, wav
from support.servers import RunningServer, run_server

from mascot_server.simulators.core.voice import greeting

if TYPE_CHECKING:
    from support.servers import Providers

MODELS = ("default", "indonesian")


def test_what_can_be_chosen(page: Page) -> None:
    assert page.config() == {
        "providers": [
            {"id": "elevenlabs", "name": "ElevenLabs", "simulated": True, "model": None},
            {"id": "gemini", "name": "Gemini", "simulated": True, "model": "gemini-3.8-live"},
            {"id": "openai", "name": "OpenAI", "simulated": True, "model": "gpt-realtime-2.1"},
        ],
        "viseme_models": [
            {"id": "default", "name": "English"},
            {"id": "indonesian", "name": "Indonesian"},
        ],
        "password": False,
    }


def test_connections_are_those_of_the_contract(page: Page) -> None:
    host = page.origin.removeprefix("http")
    for provider, path in (("elevenlabs", "/v1/conversation"), ("openai", "/v1/openai-realtime/ws")):
        answer = page.connect(provider)
        assert answer.headers["cache-control"] == "no-store"
        assert list(answer.json()) == ["signed_url"]
        assert answer.json()["signed_url"].startswith(f"ws{host}{path}?token=ey")
    gemini = page.connect("gemini").json()
    assert gemini.keys() == {"api_key", "base_url"}
    assert gemini["base_url"] == page.origin
    assert gemini["api_key"].startswith("mascot_ephemeral_")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{", "the body is not JSON"),
        (b"[]", "the body must be an object"),
        (b"{}", "provider: must be one of elevenlabs, gemini, openai"),
        (b'{"provider": "other"}', "provider: must be one of elevenlabs, gemini, openai"),
        (b'{"provider": ["openai"]}', "provider: must be one of elevenlabs, gemini, openai"),
        (
            b'{"provider": "openai", "viseme_model": "klingon"}',
            "viseme_model: must be one of default, indonesian",
        ),
        (b'{"provider": "openai", "viseme_model": null}', "viseme_model: must be one of default, indonesian"),
        (
            b'{"provider": "openai", "viseme_weights": "rhubarb"}',
            "viseme_weights: must be one of oculus, vrm, arkit",
        ),
        (b" " * 5000, "the body is longer than 4096 bytes"),
    ],
)
def test_what_cannot_be_connected_to_is_named(page: Page, body: bytes, problem: str) -> None:
    headers = {"Origin": page.origin, "Content-Type": "application/json; charset=utf-8"}
    url = f"{page.origin}/playground/api/connect"
    answer = httpx.post(url, content=body, headers=headers, timeout=20)
    assert (answer.status_code, answer.json()) == (400, {"error": problem})


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", [None, "audio/wav", "application/octet-stream", "video/ogg"])
def test_a_file_gets_the_visemes_of_the_rest_endpoint(
    page: Page, server: RunningServer, model: str, kind: str | None
) -> None:
    file = wav(greeting().samples)
    found = page.visemes(file, model, headers={} if kind is None else {"Content-Type": kind})
    published = httpx.post(
        f"{server.origin}/v1/visemes",
        params={"model": model},
        content=file,
        headers={"Content-Type": "audio/wav", "Accept": "application/json", **AUTHORIZED},
        timeout=60,
    )
    assert found.status_code == 200
    assert found.json() == published.json()
    assert len(found.json()) > 20


def test_a_file_gets_blend_weights_if_the_page_asks_for_them(page: Page) -> None:
    file = wav(greeting().samples)
    url = f"{page.origin}/playground/api/visemes"
    answer = httpx.post(
        url,
        params={"viseme_weights": "oculus"},
        content=file,
        headers={"Origin": page.origin},
        timeout=60,
    ).json()
    assert answer["visemes"] == page.visemes(file).json()
    weights = answer["weights"]
    rows = len(base64.b64decode(weights["frames"])) / len(weights["names"])
    assert weights["names"][:2] == ["sil", "PP"]
    with wave.open(io.BytesIO(file)) as reader:
        seconds = reader.getnframes() / reader.getframerate()
    assert rows / weights["fps"] == pytest.approx(seconds, abs=0.03)


def silence(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(bytes(2 * int(RATE * seconds)))
    return file.getvalue()


@pytest.mark.parametrize(
    ("file", "status", "problem"),
    [
        (b"", 400, "is empty"),
        (b"no audio at all", 400, ""),
        (
            b"\x1aE\xdf\xa3" + bytes(100),
            400,
            "WebM (Matroska) cannot be read; convert it to WAV: ffmpeg -i FILE out.wav",
        ),
        (silence(3), 413, "longer than 2 seconds (MASCOT_MAX_AUDIO_SECONDS)"),
        (bytes(200_001), 413, "larger than 200000 bytes (MASCOT_MAX_AUDIO_BYTES)"),
        (bytes(1_000_000), 413, "larger than 200000 bytes (MASCOT_MAX_AUDIO_BYTES)"),
    ],
)
def test_what_cannot_be_heard_is_refused(nowhere: str, file: bytes, status: int, problem: str) -> None:
    limits: Any = {"max_audio_bytes": 200_000, "max_audio_seconds": 2}
    with run_server(nowhere, demo={}, **limits) as server:
        answer = Page(server.origin).visemes(file)
    assert answer.status_code == status
    assert answer.json()["error"].startswith("Invalid audio data: audio: ")
    assert problem in answer.json()["error"]


def test_a_model_that_does_not_exist_is_named(page: Page) -> None:
    answer = page.visemes(wav(greeting().samples), "klingon")
    expected = {"error": "viseme_model: must be one of default, indonesian"}
    assert (answer.status_code, answer.json()) == (400, expected)


def test_the_server_has_no_playground_unless_asked(providers: Providers) -> None:
    with run_server(providers.origin) as server:
        for path in ("/", "/playground/", "/playground/api/config"):
            assert httpx.get(f"{server.origin}{path}", timeout=20).status_code == 404


def test_the_published_document_does_not_speak_of_it(page: Page) -> None:
    paths = httpx.get(f"{page.origin}/schema/openapi.json", timeout=20).json()["paths"]
    assert not [path for path in paths if "playground" in path or path == "/"]
