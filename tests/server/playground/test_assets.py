"""The page's files: all are there, as what they are, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from mascot_server.providers.registry import PROVIDERS

if TYPE_CHECKING:
    from support.pages import Page

SOURCES = Path(__file__).parents[3] / "packages/mascot-server/src/mascot_server"
STATIC = SOURCES / "playground" / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


def get(page: Page, path: str) -> httpx.Response:
    return httpx.get(f"{page.origin}{path}", timeout=20)


def test_every_file_of_the_page_is_served_as_what_it_is(page: Page) -> None:
    paths = [path for path in STATIC.rglob("*") if path.is_file()]
    assert STATIC / "index.html" in paths
    for path in paths:
        answer = get(page, f"/playground/{path.relative_to(STATIC).as_posix()}")
        assert answer.status_code == 200, path
        assert answer.content == path.read_bytes()
        assert answer.headers["content-type"] == TYPES[path.suffix]
        assert answer.headers["cache-control"] == "no-cache"


def test_the_module_for_web_pages_is_served(page: Page) -> None:
    for path in (SOURCES.parents[2] / "mascot-web" / "src").iterdir():
        answer = get(page, f"/playground/mascot-web/{path.name}")
        assert answer.content == path.read_bytes()
        assert answer.headers["content-type"] == TYPES[".js"]


@pytest.mark.parametrize("name", list(PROVIDERS))
def test_the_protocol_of_a_provider_is_served_from_its_folder(page: Page, name: str) -> None:
    answer = get(page, f"/playground/providers/{name}.js")
    assert answer.content == (SOURCES / "providers" / name / "playground.js").read_bytes()
    assert answer.headers["content-type"] == TYPES[".js"]


@pytest.mark.parametrize("path", ["/", "/playground"])
def test_one_gets_to_the_page_from_above(page: Page, path: str) -> None:
    answer = get(page, path)
    assert (answer.status_code, answer.headers["location"]) == (302, "/playground/")
    assert get(page, "/playground/").content == (STATIC / "index.html").read_bytes()


def test_the_page_may_load_and_ask_nothing_from_elsewhere(page: Page) -> None:
    headers = get(page, "/playground/").headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["connect-src"] == f"'self' ws{page.origin.removeprefix('http')}"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/playground/nothing.js",
        "/playground/providers",
        "/playground/../settings.py",
        "/playground/%2e%2e/settings.py",
        "/playground/..%2fsettings.py",
        "/playground/providers/..%5c..%5csettings.py",
        "/playground//etc/passwd",
        "/playground/%2fetc%2fpasswd",
        "/playground/.hidden.js",
        "/playground/index.html%00.js",
        "/playground/index.html/app.js",
        "/playground/%F0%9F%98%80%ED%A0%BD.js",
        f"/playground/{'x' * 300}.js",
        f"/playground/{'-_.' * 13}.js",
    ],
)
def test_nothing_else_is_there(page: Page, path: str) -> None:
    host, _, port = page.origin.removeprefix("http://").partition(":")
    # As it is: clients tidy up paths.
    request = httpx.Request(
        "GET", httpx.URL(scheme="http", host=host, port=int(port), raw_path=path.encode())
    )
    with httpx.Client(timeout=20) as client:
        answer = client.send(request)
    assert (answer.status_code, answer.json()["error"]) == (404, "Not Found")
