"""Who may talk at the expense of the keys: the page itself, and where there is a password, who knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from support.pages import Page
from support.servers import RunningServer, run_server

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "lanterns-at-low-tide"
POSTS = ("connect", "visemes")


def post(origin: str, path: str, headers: dict[str, str]) -> httpx.Response:
    body: Any = {"json": {"provider": "openai"}} if path == "connect" else {"content": b"no audio"}
    return httpx.post(f"{origin}/playground/api/{path}", headers=headers, timeout=20, **body)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.example.com",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://localhost:{port}",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}.evil.example.com",
    ],
)
def test_other_web_pages_are_turned_away(page: Page, path: str, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin.format(port=urlsplit(page.origin).port)}
    answer = post(page.origin, path, headers)
    assert answer.status_code == 403
    assert answer.json()["error"].startswith("Only the playground's own page may send")


@pytest.mark.parametrize("path", POSTS)
def test_a_site_whose_name_leads_to_loopback_is_turned_away(page: Page, path: str) -> None:
    host = f"evil.example.com:{urlsplit(page.origin).port}"
    answer = post(page.origin, path, {"Host": host, "Origin": f"http://{host}"})
    assert answer.status_code == 403
    assert answer.json()["error"].startswith("Open the playground as http://127.0.0.1 or http://localhost")


@pytest.mark.parametrize("host", ["[", "[]:1", "]["])
def test_a_host_that_is_none_is_turned_away(page: Page, host: str) -> None:
    assert post(page.origin, "connect", {"Host": host, "Origin": page.origin}).status_code == 400


def test_all_names_of_loopback_are_the_pages_own(page: Page) -> None:
    port = urlsplit(page.origin).port
    for host in (f"localhost:{port}", f"LocalHost:{port}", f"[::1]:{port}", f"127.0.0.2:{port}", "localhost"):
        answer = post(page.origin, "connect", {"Host": host, "Origin": f"http://{host.lower()}"})
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
def test_what_a_form_could_send_is_not_understood(page: Page, kind: str | None) -> None:
    headers = {"Origin": page.origin} | ({} if kind is None else {"Content-Type": kind})
    url = f"{page.origin}/playground/api/connect"
    answer = httpx.post(url, content=b'{"provider": "openai"}', headers=headers, timeout=20)
    assert (answer.status_code, answer.json()) == (400, {"error": "Content-Type: must be application/json"})


def test_browsers_are_told_that_other_pages_may_not(page: Page) -> None:
    asked = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"{page.origin}/playground/api/connect", headers=asked, timeout=20)
    assert "access-control-allow-origin" not in answer.headers


@pytest.fixture(scope="module")
def locked(nowhere: str) -> Iterator[RunningServer]:
    """The playground with a password."""
    with run_server(nowhere, demo={"password": PASSWORD}) as server:
        yield server


def test_the_page_is_told_that_there_is_a_password(page: Page, locked: RunningServer) -> None:
    assert Page(locked.origin).config()["password"] is True
    assert page.config()["password"] is False


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    ("authorization", "why"),
    [
        (None, "The playground requires its password"),
        ("Bearer", "The playground requires its password"),
        (f"Basic {PASSWORD}", "Wrong password"),
        ("Bearer lanterns", "Wrong password"),
        (f"Bearer {PASSWORD}s", "Wrong password"),
        (b"Bearer l\xe4nterns", "Wrong password"),
    ],
)
def test_no_password_or_a_wrong_one_opens_nothing(
    locked: RunningServer, path: str, authorization: Any, why: str
) -> None:
    headers: Any = {"Origin": locked.origin}
    answer = post(
        locked.origin, path, headers if authorization is None else headers | {"Authorization": authorization}
    )
    assert (answer.status_code, answer.json()) == (401, {"error": why})


def test_the_password_opens_both(locked: RunningServer) -> None:
    headers = {"Origin": locked.origin, "Authorization": f"Bearer {PASSWORD}"}
    assert post(locked.origin, "connect", headers).status_code == 200
    # The request is admitted, and then rejected because its body is not audio.
    assert post(locked.origin, "visemes", headers).status_code == 400


def test_with_a_password_it_may_have_any_name_but_other_pages_still_may_not(locked: RunningServer) -> None:
    shown = {"Host": "face.example.com", "Authorization": f"Bearer {PASSWORD}"}
    assert post(locked.origin, "connect", shown | {"Origin": "http://face.example.com"}).status_code == 200
    assert post(locked.origin, "connect", shown | {"Origin": "https://evil.example.com"}).status_code == 403


def test_behind_a_proxy_the_public_url_is_the_pages_own(nowhere: str) -> None:
    public = "https://face.example.com"
    with run_server(nowhere, demo={"password": PASSWORD}, public_url="https://Face.example.com") as server:
        shown = {"Host": "127.0.0.1:8000", "Authorization": f"Bearer {PASSWORD}", "Origin": public}
        answer = post(server.origin, "connect", shown)
        page = httpx.get(f"{server.origin}/playground/", timeout=20)
    assert answer.json()["signed_url"].startswith("wss://Face.example.com/")
    assert "connect-src 'self' wss://Face.example.com;" in page.headers["content-security-policy"]
