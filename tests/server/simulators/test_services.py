"""How the simulated services refuse what the real ones refuse; and a translation, without the server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from server.simulators.test_handshakes import first, status, ws
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedOK

from mascot_server.simulators import OPENAI_API_KEY, OPENAI_EPHEMERAL

pytestmark = pytest.mark.anyio

KEY = {"api-key": OPENAI_API_KEY}
BEARER = {"Authorization": f"Bearer {OPENAI_EPHEMERAL}"}
AZURE = "/azure/openai/v1/realtime?model=m"
PREVIEW = "/azure-preview/openai/realtime?api-version=2025-04-01-preview"


@pytest.mark.parametrize(
    ("target", "headers", "expected"),
    [
        (AZURE, {}, 401),
        (AZURE, KEY | BEARER, 401),
        (AZURE, {"api-key": OPENAI_EPHEMERAL}, 401),
        (f"{AZURE}&api-version=2025-04-01-preview", KEY, 401),
        ("/azure/openai/v1/realtime", KEY, 400),
        (PREVIEW, KEY, 400),
        ("/azure-preview/openai/realtime?deployment=d", KEY, 400),
        ("/azure-preview/openai/realtime?deployment=d&api-version=1", KEY, 400),
        ("/xai/v1/realtime?model=m", KEY, 401),
        ("/speaches/v1/realtime?model=m", {}, 401),
        ("/litellm/v1/realtime", BEARER, 400),
        ("/azure/v1/realtime?model=m", KEY, 404),
        ("/nobody/v1/realtime?model=m", BEARER, 404),
    ],
)
async def test_wrong_handshakes(stage: Any, target: str, headers: dict[str, str], expected: int) -> None:
    code, body = await status(ws(stage.origin, target), additional_headers=headers)
    assert code == expected
    assert body
    assert OPENAI_API_KEY not in json.dumps(body)


@pytest.mark.parametrize(
    ("target", "headers", "kind"),
    [
        (AZURE, KEY, "session.created"),
        (AZURE, BEARER, "session.created"),
        (f"{PREVIEW}&deployment=d", BEARER, "session.created"),
        ("/xai/v1/realtime?model=m", BEARER, "conversation.created"),
        ("/hf/v1/realtime", {}, "session.created"),
    ],
)
async def test_right_handshakes(stage: Any, target: str, headers: dict[str, str], kind: str) -> None:
    assert (await first(ws(stage.origin, target), additional_headers=headers))["type"] == kind


async def test_a_translation_is_closed_when_asked_to(stage: Any) -> None:

    url = ws(stage.origin, "/v1/realtime/translations?model=gpt-realtime-translate")
    async with connect(url, additional_headers=BEARER) as socket:
        assert json.loads(await socket.recv())["session"]["type"] == "translation"
        for wrong in ({"type": "response.create"}, {"type": "session.input_audio_buffer.append", "audio": 7}):
            await socket.send(json.dumps(wrong))
            assert json.loads(await socket.recv())["type"] == "error"
        await socket.send('{"type":"session.close"}')
        assert json.loads(await socket.recv())["type"] == "session.closed"
        with pytest.raises(ConnectionClosedOK):
            await socket.recv()
