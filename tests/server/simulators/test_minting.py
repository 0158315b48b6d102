"""Ephemeral tokens from the simulated providers; over real sockets."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from mascot_server.simulators import GEMINI_API_KEY, GEMINI_EPHEMERAL, OPENAI_API_KEY, OPENAI_EPHEMERAL

pytestmark = pytest.mark.anyio

OPENAI = "/v1/realtime/client_secrets"
GEMINI = "/v1alpha/auth_tokens"
SESSION = {"session": {"type": "realtime", "model": "gpt-realtime"}}


async def post(stage: Any, path: str, headers: dict[str, str], body: Any) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(stage.origin + path, headers=headers, json=body)


async def test_openai_makes_a_secret_that_expires(stage: Any) -> None:
    body = SESSION | {"expires_after": {"anchor": "created_at", "seconds": 60}}
    answer = await post(stage, OPENAI, {"Authorization": f"Bearer {OPENAI_API_KEY}"}, body)
    assert answer.status_code == 200
    made = answer.json()
    assert made["value"] == OPENAI_EPHEMERAL
    assert 50 < made["expires_at"] - time.time() <= 60
    assert made["session"]["model"] == "gpt-realtime"


@pytest.mark.parametrize("kind", [{}, {"type": "translation"}])
async def test_openai_makes_secrets_for_translations(stage: Any, kind: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {OPENAI_API_KEY}"}
    path = "/v1/realtime/translations/client_secrets"
    answer = await post(stage, path, headers, {"session": {"model": "gpt-realtime-translate", **kind}})
    assert answer.status_code == 200
    assert answer.json()["session"]["type"] == "translation"
    assert (await post(stage, path, headers, SESSION)).status_code == 400


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer sk-wrong", f"Basic {OPENAI_API_KEY}"])
async def test_openai_wants_a_standing_key(stage: Any, key: str) -> None:
    answer = await post(stage, OPENAI, {"Authorization": key}, SESSION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "object"),
        ({}, "session.type"),
        ({"session": {"type": "other"}}, "session.type"),
        ({"session": 1}, "session"),
        (SESSION | {"expires_after": {"seconds": 9}}, "expires_after.seconds"),
        (SESSION | {"expires_after": {"seconds": 7201}}, "expires_after.seconds"),
        (SESSION | {"expires_after": {"seconds": "60"}}, "expires_after.seconds"),
    ],
)
async def test_openai_names_what_is_wrong(stage: Any, body: Any, field: str) -> None:
    answer = await post(stage, OPENAI, {"Authorization": f"Bearer {OPENAI_API_KEY}"}, body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [{}, {"uses": 1, "expireTime": "2030-01-01T00:00:00Z"}])
async def test_google_makes_a_token(stage: Any, body: Any) -> None:
    answer = await post(stage, GEMINI, {"x-goog-api-key": GEMINI_API_KEY}, body)
    assert (answer.status_code, answer.json()) == (200, {"name": GEMINI_EPHEMERAL})


@pytest.mark.parametrize(
    ("key", "status", "name"), [("", 403, "PERMISSION_DENIED"), ("AIza-wrong", 400, "INVALID_ARGUMENT")]
)
async def test_google_wants_a_standing_key(stage: Any, key: str, status: int, name: str) -> None:
    answer = await post(stage, GEMINI, {"x-goog-api-key": key}, {})
    assert (answer.status_code, answer.json()["error"]["status"]) == (status, name)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "object"),
        ({"uses": "1"}, "uses"),
        ({"expireTime": "tomorrow"}, "expireTime"),
        ({"newSessionExpireTime": 5}, "newSessionExpireTime"),
    ],
)
async def test_google_names_what_is_wrong(stage: Any, body: Any, field: str) -> None:
    answer = await post(stage, GEMINI, {"x-goog-api-key": GEMINI_API_KEY}, body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]
