"""Ephemeral tokens: the requests to providers, and the error that the page receives when a provider refuses."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from pydantic_core import from_json
from support.pages import Page
from support.servers import run_server

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "standing-key-that-only-the-provider-may-see"
DEMO = {"openai_api_key": KEY, "gemini_api_key": KEY}


@contextmanager
def provider(status: int, body: bytes) -> Iterator[tuple[str, list[tuple[str, Any, Any]]]]:
    """A service that answers each POST the same; path, headers and body of what it was asked come out."""
    asked: list[tuple[str, Any, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["content-length"]))
            asked.append((self.path, self.headers, from_json(question)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_openai_is_asked_for_a_secret_of_the_model_that_the_page_shows() -> None:
    with provider(200, b'{"value": "ek_made", "expires_at": 1}') as (origin, asked):
        with run_server(origin, demo=DEMO) as server:
            page = Page(server.origin)
            page.connect("openai").raise_for_status()
            (model,) = [shown["model"] for shown in page.config()["providers"] if shown["id"] == "openai"]
    [(path, headers, question)] = asked
    assert path == "/v1/realtime/client_secrets"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert question == {
        "session": {"type": "realtime", "model": model},
        "expires_after": {"anchor": "created_at", "seconds": 600},
    }


def test_google_is_asked_for_a_token_of_one_session() -> None:
    with (
        provider(200, b'{"name": "auth_tokens/made"}') as (origin, asked),
        run_server(origin, demo=DEMO) as server,
    ):
        Page(server.origin).connect("gemini").raise_for_status()
    [(path, headers, question)] = asked
    assert path == "/v1alpha/auth_tokens"
    assert headers["x-goog-api-key"] == KEY
    assert question["uses"] == 1
    assert 590 < lasts(question["newSessionExpireTime"]) <= 600
    assert 1790 < lasts(question["expireTime"]) <= 1800


def lasts(time: str) -> float:
    return (datetime.fromisoformat(time) - datetime.now(UTC)).total_seconds()


@pytest.mark.parametrize(("name", "title"), [("openai", "OpenAI"), ("gemini", "Gemini")])
@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (401, f'{{"error": "wrong key {KEY}"}}', "and answered HTTP 401: check MASCOT_DEMO_{}_API_KEY"),
        (500, "oh no", "and answered HTTP 500: check MASCOT_DEMO_{}_API_KEY"),
        (200, "not JSON", "its answer holds none"),
        (200, "[]", "its answer holds none"),
        (200, "{}", "its answer holds none"),
        (200, '{"value": 1, "name": ""}', "its answer holds none"),
        (200, "[" * 100_000, "its answer holds none"),
        (200, '{"value": "a", "name": "a"}' + " " * 300_000, "AnswerTooLargeError"),
    ],
)
def test_the_page_is_told_why_there_is_no_token(
    name: str, title: str, status: int, body: str, why: str
) -> None:
    with provider(status, body.encode()) as (origin, _), run_server(origin, demo=DEMO) as server:
        answer = Page(server.origin).connect(name)
    assert answer.status_code == 502
    assert answer.json()["error"].startswith(f"{title} made no ephemeral token")
    assert answer.json()["error"].endswith(why.format(name.upper()))
    assert KEY not in answer.text


@pytest.mark.parametrize("name", ["openai", "gemini"])
def test_a_service_that_is_away_is_named(name: str, nowhere: str) -> None:
    with run_server(nowhere, demo=DEMO) as server:
        answer = Page(server.origin).connect(name)
    assert answer.status_code == 502
    assert answer.json()["error"].endswith("made no ephemeral token: ConnectError")
