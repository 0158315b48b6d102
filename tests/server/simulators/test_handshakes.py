"""Who comes in, and how each provider turns others away; over real sockets."""

from __future__ import annotations

import asyncio
import json
import math
import ssl
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import trustme
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from mascot_server.simulators import (
    ELEVENLABS_AGENT_ID,
    ELEVENLABS_API_KEY,
    ELEVENLABS_BRANCH_ID,
    ELEVENLABS_VERSION_ID,
    GEMINI_API_KEY,
    GEMINI_EPHEMERAL,
    OPENAI_API_KEY,
    OPENAI_EPHEMERAL,
    VERTEX_ACCESS_TOKEN,
    VERTEX_API_KEY,
    VERTEX_PROJECT,
    Simulators,
)

pytestmark = pytest.mark.anyio

SIGN = "/v1/convai/conversation/get-signed-url"
GEMINI = "/ws/google.ai.generativelanguage.{}.GenerativeService.BidiGenerateContent"
VERTEX = "/ws/google.cloud.aiplatform.{}.LlmBidiService/BidiGenerateContent"
CONSTRAINED = GEMINI + "Constrained"


async def get(origin: str, path: str, headers: dict[str, str] | None = None, **params: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(origin + path, params=params, headers=headers)


async def sign(origin: str, agent: str = ELEVENLABS_AGENT_ID) -> str:
    response = await get(origin, SIGN, {"xi-api-key": ELEVENLABS_API_KEY}, agent_id=agent)
    assert response.status_code == 200
    url: str = response.json()["signed_url"]
    return url


async def first(url: str, **options: Any) -> dict[str, Any]:
    async with connect(url, compression=None, **options) as socket:
        event: dict[str, Any] = json.loads(await socket.recv())
        return event


async def refusal(url: str, **options: Any) -> tuple[list[dict[str, Any]], int | None, str | None]:
    """What is said on an accepted socket before it is closed, and with what."""
    async with connect(url, compression=None, **options) as socket:
        said = []
        try:
            while True:
                said.append(json.loads(await socket.recv()))
        except ConnectionClosed:
            return said, socket.close_code, socket.close_reason


async def status(url: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """The HTTP answer to a handshake that is refused."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, compression=None, **options)
    response = refused.value.response
    assert response.body is not None
    assert response.headers["Content-Type"] == "application/json"
    return response.status_code, json.loads(response.body)


def ws(origin: str, target: str) -> str:
    return "ws" + origin.removeprefix("http") + target


async def test_nothing_else_is_here(stage: Any) -> None:
    assert (await get(stage.origin, "/")).status_code == 404
    assert (await status(ws(stage.origin, "/v1/other")))[0] == 404


class TestElevenLabs:
    @pytest.mark.parametrize(
        ("headers", "params", "code", "detail"),
        [
            ({}, {"agent_id": ELEVENLABS_AGENT_ID}, 401, "needs_authorization"),
            ({"xi-api-key": "wrong"}, {"agent_id": ELEVENLABS_AGENT_ID}, 401, "invalid_api_key"),
            ({"xi-api-key": ELEVENLABS_API_KEY}, {"agent_id": "agent_other"}, 404, "agent_not_found"),
            (
                {"xi-api-key": ELEVENLABS_API_KEY},
                {"agent_id": "agent_simulated_mp3_44100"},
                404,
                "agent_not_found",
            ),
        ],
    )
    async def test_signing_is_refused(
        self, stage: Any, headers: dict[str, str], params: dict[str, str], code: int, detail: str
    ) -> None:
        response = await get(stage.origin, SIGN, headers, **params)
        assert response.status_code == code
        assert response.headers["content-type"] == "application/json"
        assert response.json()["detail"].keys() == {"status", "message"}
        assert response.json()["detail"]["status"] == detail

    async def test_signing_needs_an_agent(self, stage: Any) -> None:
        response = await get(stage.origin, SIGN, {"xi-api-key": ELEVENLABS_API_KEY})
        assert response.status_code == 422
        assert response.json()["detail"][0]["loc"] == ["query", "agent_id"]

    async def test_signing_takes_the_parameters_that_there_are(self, stage: Any) -> None:
        params = {
            "agent_id": ELEVENLABS_AGENT_ID,
            "include_conversation_id": "true",
            "debug_events_request": "false",
            "branch_id": ELEVENLABS_BRANCH_ID,
            "version_id": ELEVENLABS_VERSION_ID,
            "environment": "staging",
        }
        response = await get(stage.origin, SIGN, {"xi-api-key": ELEVENLABS_API_KEY}, **params)
        assert response.status_code == 200

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({"environment": "elsewhere"}, 404),
            ({"environment": ""}, 404),
            ({"branch_id": "agtbrch_other"}, 404),
            ({"version_id": "agtvrsn_other"}, 404),
            ({"branch": ELEVENLABS_AGENT_ID}, 422),
        ],
    )
    async def test_signing_refuses_others(self, stage: Any, params: dict[str, str], code: int) -> None:
        params = {"agent_id": ELEVENLABS_AGENT_ID, **params}
        response = await get(stage.origin, SIGN, {"xi-api-key": ELEVENLABS_API_KEY}, **params)
        assert response.status_code == code

    async def test_a_signed_url_serves_several_conversations_and_more_parameters(self, stage: Any) -> None:
        url = await sign(stage.origin)
        assert url.startswith(ws(stage.origin, "/v1/convai/conversation?agent_id=agent_simulated&"))
        for _ in range(2):
            event = await first(url + "&source=python_sdk&version=2.78.0")
            assert event["type"] == "conversation_initiation_metadata"

    async def test_the_agent_id_chooses_the_format(self, stage: Any) -> None:
        event = await first(await sign(stage.origin, "agent_simulated_ulaw_8000"))
        body = event["conversation_initiation_metadata_event"]
        assert body["agent_output_audio_format"] == "ulaw_8000"

    async def test_convai_is_selected_when_offered(self, stage: Any) -> None:
        url = await sign(stage.origin)
        async with connect(url, subprotocols=[Subprotocol("convai")], compression=None) as socket:
            assert socket.subprotocol == "convai"

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (
                lambda url: url.replace("conversation_signature=cvtkn_", "conversation_signature=cvtkn_9"),
                "invalid",
            ),
            (lambda url: url[:-4] + "zzzz", "invalid"),
            (lambda url: url.replace("cvtkn_", "other_"), "invalid"),
            (lambda url: url.split("&")[0], "requires a signed URL"),
            (lambda url: url.replace("agent_simulated", "agent_simulated_pcm_8000"), "invalid"),
            (lambda url: url.replace("agent_simulated", "agent_other"), "does not exist"),
        ],
    )
    async def test_a_wrong_signature_is_closed(self, stage: Any, change: Any, reason: str) -> None:
        said, code, text = await refusal(change(await sign(stage.origin)))
        assert (said, code) == ([], 1008)
        assert text is not None
        assert reason in text

    async def test_a_signature_expires(self) -> None:
        async with Simulators(signature_lifetime=0.05) as simulators:
            url = await sign(simulators.origin)
            await asyncio.sleep(0.1)
            _, code, reason = await refusal(url)
            assert (code, reason) == (1008, "The conversation signature has expired.")


class TestOpenAI:
    PATH = "/v1/realtime?model=gpt-realtime"

    @pytest.mark.parametrize("key", [OPENAI_API_KEY, OPENAI_EPHEMERAL])
    async def test_both_kinds_of_key_come_in(self, stage: Any, key: str) -> None:
        url = ws(stage.origin, self.PATH)
        event = await first(url, additional_headers={"Authorization": f"Bearer {key}"})
        assert event["type"] == "session.created"

    async def test_browsers_send_the_key_as_a_subprotocol(self, stage: Any) -> None:
        offered = ["realtime", f"openai-insecure-api-key.{OPENAI_EPHEMERAL}", "openai-agents-sdk.0.20.0"]
        protocols = [Subprotocol(name) for name in offered]
        async with connect(ws(stage.origin, self.PATH), subprotocols=protocols, compression=None) as socket:
            assert socket.subprotocol == "realtime"
            assert json.loads(await socket.recv())["type"] == "session.created"

    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            ({}, None),
            ({"Authorization": "Bearer sk-wrong"}, "invalid_api_key"),
            ({"Authorization": f"Basic {OPENAI_API_KEY}"}, None),
        ],
    )
    async def test_others_get_a_401(self, stage: Any, headers: dict[str, str], code: str | None) -> None:
        number, body = await status(ws(stage.origin, self.PATH), additional_headers=headers)
        assert number == 401
        assert body["error"]["code"] == code
        assert body["error"].keys() == {"message", "type", "param", "code"}

    async def test_a_model_is_required(self, stage: Any) -> None:
        url = ws(stage.origin, "/v1/realtime")
        [event], code, reason = await refusal(
            url, additional_headers={"Authorization": f"Bearer {OPENAI_API_KEY}"}
        )
        assert event["error"]["code"] == "missing_model"
        assert (code, reason) == (4000, "invalid_request_error.missing_model")

    async def test_the_beta_header_is_refused(self, stage: Any) -> None:
        headers = {"Authorization": f"Bearer {OPENAI_API_KEY}", "OpenAI-Beta": "realtime=v1"}
        [event], code, reason = await refusal(ws(stage.origin, self.PATH), additional_headers=headers)
        assert event["type"] == "error"
        assert event["error"]["code"] == "beta_api_shape_disabled"
        assert (code, reason) == (4000, "invalid_request_error.beta_api_shape_disabled")

    async def test_the_beta_lives_on_for_its_models_or_when_asked_for(self, stage: Any) -> None:
        headers = {"Authorization": f"Bearer {OPENAI_API_KEY}", "OpenAI-Beta": "realtime=v1"}
        url = ws(stage.origin, "/v1/realtime?model=gpt-4o-realtime-preview-2024-12-17")
        assert "output_audio_format" in (await first(url, additional_headers=headers))["session"]
        async with Simulators(beta=True) as simulators:
            event = await first(ws(simulators.origin, self.PATH), additional_headers=headers)
            assert "output_audio_format" in event["session"]


class TestGemini:
    async def setup(self, url: str, **options: Any) -> Any:
        async with connect(url, compression=None, **options) as socket:
            await socket.send(json.dumps({"setup": {"model": "models/gemini-live"}}))
            return await socket.recv()

    @pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
    @pytest.mark.parametrize("slash", ["", "/"])
    async def test_a_key_comes_in_by_header_or_query(self, stage: Any, version: str, slash: str) -> None:
        url = ws(stage.origin, slash + GEMINI.format(version))
        by_header = await self.setup(url, additional_headers={"x-goog-api-key": GEMINI_API_KEY})
        by_query = await self.setup(f"{url}?key={GEMINI_API_KEY}")
        assert isinstance(by_header, bytes)
        assert json.loads(by_header) == json.loads(by_query) == {"setupComplete": {}}

    async def test_a_token_comes_in_by_header_or_query(self, stage: Any) -> None:
        url = ws(stage.origin, CONSTRAINED.format("v1alpha"))
        await self.setup(f"{url}?access_token={GEMINI_EPHEMERAL}")
        await self.setup(url, additional_headers={"Authorization": f"Token {GEMINI_EPHEMERAL}"})

    @pytest.mark.parametrize(
        ("target", "code", "reason"),
        [
            (GEMINI.format("v1beta") + "?key=wrong", 1007, "API key not valid. Please pass a valid API key."),
            (GEMINI.format("v1beta"), 1008, "unregistered callers"),
            # This endpoint accepts keys only, so it ignores the token.
            (GEMINI.format("v1alpha") + f"?access_token={GEMINI_EPHEMERAL}", 1008, "unregistered callers"),
            (CONSTRAINED.format("v1alpha"), 1008, "access token"),
            (CONSTRAINED.format("v1alpha") + "?access_token=auth_tokens/x", 1008, "access token"),
            (CONSTRAINED.format("v1alpha") + f"?key={GEMINI_API_KEY}", 1008, "access token"),
        ],
    )
    async def test_others_are_closed(self, stage: Any, target: str, code: int, reason: str) -> None:
        said, number, text = await refusal(ws(stage.origin, target))
        assert (said, number) == ([], code)
        assert text is not None
        assert reason in text

    async def test_an_unknown_version_is_not_found(self, stage: Any) -> None:
        assert (await status(ws(stage.origin, GEMINI.format("v2"))))[0] == 404


PUBLISHED = "publishers/google/models/gemini-live"
BEARER = {"Authorization": f"Bearer {VERTEX_ACCESS_TOKEN}"}
KEY = {"x-goog-api-key": VERTEX_API_KEY}


class TestVertex:
    @pytest.mark.parametrize("version", ["v1", "v1beta1"])
    @pytest.mark.parametrize("slash", ["", "/"])
    @pytest.mark.parametrize(
        ("headers", "model"),
        [(BEARER, f"projects/{VERTEX_PROJECT}/locations/eu/{PUBLISHED}"), (KEY, PUBLISHED)],
    )
    async def test_each_credential_has_its_names_of_models(
        self, stage: Any, version: str, slash: str, headers: dict[str, str], model: str
    ) -> None:
        url = ws(stage.origin, slash + VERTEX.format(version))
        async with connect(url, additional_headers=headers, compression=None) as socket:
            await socket.send(json.dumps({"setup": {"model": model}}))
            assert json.loads(await socket.recv()) == {"setupComplete": {}}

    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            ({}, "missing required authentication"),
            ({**BEARER, **KEY}, "missing required authentication"),
            ({"Authorization": "Bearer ya29.other"}, "invalid authentication"),
            ({"Authorization": f"Token {VERTEX_ACCESS_TOKEN}"}, "invalid authentication"),
            ({"x-goog-api-key": GEMINI_API_KEY}, "invalid authentication"),
            ({"x-goog-api-key": VERTEX_ACCESS_TOKEN}, "invalid authentication"),
        ],
    )
    async def test_others_are_closed(self, stage: Any, headers: dict[str, str], reason: str) -> None:
        said, code, text = await refusal(ws(stage.origin, VERTEX.format("v1")), additional_headers=headers)
        assert (said, code) == ([], 1008)
        assert reason in (text or "")

    async def test_an_unknown_version_is_not_found(self, stage: Any) -> None:
        assert (await status(ws(stage.origin, VERTEX.format("v1alpha"))))[0] == 404


async def test_over_tls_everything_is_https_and_wss() -> None:
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)
    async with Simulators(ssl=server_side) as simulators:
        assert urlsplit(simulators.origin).scheme == "https"
        async with httpx.AsyncClient(verify=client_side) as client:
            response = await client.get(
                simulators.origin + SIGN,
                params={"agent_id": ELEVENLABS_AGENT_ID},
                headers={"xi-api-key": ELEVENLABS_API_KEY},
            )
        url = response.json()["signed_url"]
        assert urlsplit(url).scheme == "wss"
        assert (await first(url, ssl=client_side))["type"] == "conversation_initiation_metadata"


@pytest.mark.parametrize("name", ["burst", "playback"])
@pytest.mark.parametrize("value", [0, -1, math.nan])
async def test_a_pace_must_be_positive(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be greater than 0"):
        Simulators(**{name: value})  # type: ignore[arg-type]


async def test_there_is_no_port_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        _ = Simulators().port
