"""`session_ttl` of `POST /v1/get-signed-url`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest
from litestar.testing import TestClient
from support.apps import CONFIGS
from support.servers import API_KEY, SECRET

from mascot_server import create_app, load_settings

if TYPE_CHECKING:
    import httpx


def ask(session_ttl: object, provider: str = "openai", **overrides: Any) -> httpx.Response:
    body = {
        "config": {"provider": provider, "provider_config": CONFIGS[provider]},
        "session_ttl": session_ttl,
    }
    settings = load_settings(secret=SECRET, api_keys=API_KEY, **overrides)
    with TestClient(create_app(settings)) as client:
        return client.post("/v1/get-signed-url", json=body, headers={"Authorization": f"Bearer {API_KEY}"})


def lifetime(answer: httpx.Response) -> int:
    content = answer.raise_for_status().json()
    token = (
        content["signed_url"].partition("token=")[2] if "signed_url" in content else content["api_key"][17:]
    )
    claims = jwt.decode(token, options={"verify_signature": False})
    return int(claims["exp"] - claims["iat"])


@pytest.mark.parametrize("provider", sorted(CONFIGS))
def test_the_token_is_valid_for_so_long(provider: str) -> None:
    assert lifetime(ask(3600, provider)) == 3600


@pytest.mark.parametrize(("asked", "seconds"), [(None, 600), (600, 600), (7200, 7200)])
def test_the_bounds(asked: int | None, seconds: int) -> None:
    assert lifetime(ask(asked)) == seconds


@pytest.mark.parametrize("asked", [599, 0, -1, 7201, 10**30, 3600.5, "3600", True, [], {}])
def test_anything_else_is_a_bad_request(asked: object) -> None:
    answer = ask(asked)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "Invalid request: session_ttl: must be a whole number of seconds from 600 to 7200"
    }


def test_the_maximum_is_a_setting() -> None:
    assert lifetime(ask(900, max_session_ttl_seconds=900)) == 900
    assert "from 600 to 900" in ask(901, max_session_ttl_seconds=900).json()["error"]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"single_use_tokens": True}, "MASCOT_SINGLE_USE_TOKENS"),
        ({"max_session_ttl_seconds": 0}, "MASCOT_MAX_SESSION_TTL_SECONDS"),
        ({"workers": 2}, "MASCOT_REDIS_URL"),
    ],
)
def test_a_server_may_take_none(settings: dict[str, Any], named: str) -> None:
    answer = ask(3600, **settings)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Invalid request: session_ttl: remove it")
    assert named in answer.json()["error"]
    assert lifetime(ask(None, **settings)) == 600
