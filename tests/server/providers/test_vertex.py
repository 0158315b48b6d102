"""Gemini on Vertex AI: what a configuration must hold, where it leads, and the paths of SDKs in Vertex mode."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.apps import refused, token_for
from support.servers import API_KEY
from support.wires import gemini_audio
from websockets.asyncio.client import connect

from mascot_server import load_settings, simulators
from mascot_server.errors import SettingsError
from mascot_server.providers.codec import Audio
from mascot_server.providers.gemini.config import GeminiConfig
from mascot_server.providers.registry import PROVIDERS, read_handshake

if TYPE_CHECKING:
    from support.servers import RunningServer

    from mascot_server.providers.base import DialTarget, Handshake
    from mascot_server.providers.codec import Codec

VERTEX = "/ws/google.cloud.aiplatform.{}.LlmBidiService/BidiGenerateContent"
DEVELOPER = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
CLOUD = {
    "api": "vertex",
    "project": simulators.VERTEX_PROJECT,
    "location": "europe-west4",
    "access_token": simulators.VERTEX_ACCESS_TOKEN,
}
EXPRESS = {"api": "vertex", "api_key": simulators.VERTEX_API_KEY}
FULL = f"projects/{simulators.VERTEX_PROJECT}/locations/europe-west4/publishers/google/models/gemini-live"
PATHS = [VERTEX.format("v1"), VERTEX.format("v1beta1"), "/" + VERTEX.format("v1beta1"), DEVELOPER]
GOOGLES = "ya29.an-access-token-of-the-app-itself"


def handshake(path: str = VERTEX.format("v1beta1"), **headers: str) -> Handshake:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    read = read_handshake(path, b"", named)
    assert read is not None
    return read


def target(config: dict[str, Any], path: str = VERTEX.format("v1beta1"), **settings: Any) -> DialTarget:
    exchange = PROVIDERS["gemini"].dial(
        GeminiConfig(**config), load_settings(**settings).of_provider("gemini"), handshake(path)
    )
    with pytest.raises(StopIteration) as end:
        next(exchange)
    found: DialTarget = end.value.value
    return found


def codec(config: dict[str, Any], path: str = VERTEX.format("v1beta1"), **headers: str) -> Codec:
    return PROVIDERS["gemini"].codec(GeminiConfig(**config), handshake(path, **headers))


def model_sent(config: dict[str, Any], model: str, path: str = VERTEX.format("v1beta1")) -> Any:
    edited = codec(config, path).see_client(json.dumps({"setup": {"model": model}}))
    return json.loads(edited)["setup"]["model"]


class TestConfig:
    @pytest.mark.parametrize(
        "config",
        [
            CLOUD,
            {**CLOUD, "model": "gemini-live", "location": "global"},
            {**CLOUD, "model": FULL},
            {**CLOUD, "project": "example.com:my-project"},
            EXPRESS,
        ],
    )
    def test_either_credential_is_taken(self, server: RunningServer, config: Any) -> None:
        answer = ask(server, config)
        assert answer.status_code == 200
        assert set(answer.json()) == {"api_key", "base_url"}
        assert simulators.VERTEX_ACCESS_TOKEN not in answer.text

    @pytest.mark.parametrize(
        ("config", "named"),
        [
            ({**CLOUD, "api": "aiplatform"}, ".api: "),
            ({**CLOUD, "access_token": None}, ": give either access_token, with project and location"),
            ({**CLOUD, "api_key": "AQ.x"}, ": give either access_token"),
            ({**CLOUD, "project": None}, ": project is required with access_token"),
            ({**CLOUD, "location": None}, ": location is required with access_token"),
            ({**EXPRESS, "project": "p1"}, ": project goes with access_token"),
            ({**EXPRESS, "location": "eu"}, ": location goes with access_token"),
            (
                {**CLOUD, "ephemeral_token": "auth_tokens/x"},
                ": ephemeral_token is for the Gemini Developer API",
            ),
            (
                {**EXPRESS, "ephemeral_token": "auth_tokens/x"},
                ": ephemeral_token is for the Gemini Developer",
            ),
            ({**CLOUD, "access_token": "AIzaSy"}, ": access_token must be an OAuth access token"),
            ({**EXPRESS, "api_key": "ya29.x"}, ": api_key must be a key of Vertex AI's express mode"),
            ({"api_key": "AIza", "access_token": "ya29.x"}, ": access_token is for Vertex AI; add"),
            ({"access_token": "ya29.x"}, ": access_token is for Vertex AI; add"),
            ({"api_key": "AIza", "project": "p1"}, ": project is for Vertex AI; add"),
            ({"api_key": "AIza", "location": "eu"}, ": location is for Vertex AI; add"),
            ({**CLOUD, "location": "evil.example/"}, ".location: "),
            ({**CLOUD, "location": "eu.evil.example"}, ".location: "),
            ({**CLOUD, "location": "eu@evil"}, ".location: "),
            ({**CLOUD, "location": "-eu"}, ".location: "),
            ({**CLOUD, "location": "eu-"}, ".location: "),
            ({**CLOUD, "location": "EU"}, ".location: "),
            ({**CLOUD, "location": "eu\n"}, ".location: "),
            ({**CLOUD, "location": ""}, ".location: "),
            ({**CLOUD, "location": "a" * 41}, ".location: "),
            ({**CLOUD, "project": "p/locations/x"}, ".project: "),
            ({**CLOUD, "project": "P1"}, ".project: "),
            ({**CLOUD, "access_token": "ya29.x\r\nx-evil: 1"}, ".access_token: "),
            (
                {**CLOUD, "model": "projects/other/locations/eu/publishers/google/models/m"},
                ": model contains another",
            ),
            ({**EXPRESS, "model": FULL}, ": model contains another"),
        ],
    )
    def test_a_bad_one_is_answered_with_the_field_and_the_fix(
        self, server: RunningServer, config: Any, named: str
    ) -> None:
        answer = ask(server, {name: value for name, value in config.items() if value is not None})
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(f"Invalid provider config: config.provider_config{named}")


def ask(server: RunningServer, config: Any) -> httpx.Response:
    body = {"config": {"provider": "gemini", "provider_config": config}}
    return httpx.post(
        f"{server.origin}/v1/get-signed-url", json=body, headers={"Authorization": f"Bearer {API_KEY}"}
    )


class TestTarget:
    @pytest.mark.parametrize(
        ("location", "host"),
        [
            ("global", "aiplatform.googleapis.com"),
            ("eu", "aiplatform.eu.rep.googleapis.com"),
            ("us", "aiplatform.us.rep.googleapis.com"),
            ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ],
    )
    def test_each_location_has_its_host(self, location: str, host: str) -> None:
        found = target({**CLOUD, "location": location})
        assert found.url == f"wss://{host}{VERTEX.format('v1beta1')}"
        assert found.headers == {"Authorization": f"Bearer {simulators.VERTEX_ACCESS_TOKEN}"}

    def test_a_key_of_express_mode_goes_to_the_global_host(self) -> None:
        found = target(EXPRESS)
        assert found.url == f"wss://aiplatform.googleapis.com{VERTEX.format('v1beta1')}"
        assert found.headers == {"x-goog-api-key": simulators.VERTEX_API_KEY}

    def test_the_version_is_the_one_that_the_app_asked_for(self) -> None:
        assert "aiplatform.v1.LlmBidi" in target(CLOUD, VERTEX.format("v1")).url
        assert "aiplatform.v1beta1.LlmBidi" in target(CLOUD, "/" + VERTEX.format("v1beta1")).url
        # Of the Developer API, whose versions are others.
        assert "aiplatform.v1beta1.LlmBidi" in target(CLOUD, DEVELOPER).url

    @pytest.mark.parametrize(
        ("setting", "origin"),
        [
            ("http://127.0.0.1:9100", "ws://127.0.0.1:9100"),
            ("https://{location}.vertex.example.com/x/", "wss://europe-west4.vertex.example.com/x"),
            ("https://proxy.example.com/{location}", "wss://proxy.example.com/europe-west4"),
            (
                "https://{location}-aiplatform-restricted.p.googleapis.com",
                "wss://europe-west4-aiplatform-restricted.p.googleapis.com",
            ),
        ],
    )
    def test_a_setting_replaces_googles_hosts(self, setting: str, origin: str) -> None:
        assert target(CLOUD, gemini_vertex_url=setting).url == origin + VERTEX.format("v1beta1")

    @pytest.mark.parametrize(
        "setting",
        [
            "https://{location}",
            "https://proxy.{location}",
            "https://proxy.example.com{location}",
            # An app could name any host below a public suffix.
            "https://{location}.com",
            "https://{location}-proxy.com:8443",
            "https://{region}.example.com",
            "https://proxy.example.com/{project}",
            "https://proxy.example.com:{location}",
            "proxy.example.com",
            "https://proxy.example.com/?x={location}",
        ],
    )
    def test_a_setting_that_lets_apps_choose_a_host_is_refused(self, setting: str) -> None:
        with pytest.raises(SettingsError, match="MASCOT_GEMINI_VERTEX_URL: "):
            load_settings(gemini_vertex_url=setting)

    def test_the_developer_api_is_reached_from_either_path(self) -> None:
        found = target({"api_key": "AIza"}, VERTEX.format("v1beta1"))
        assert found.url == f"wss://generativelanguage.googleapis.com{DEVELOPER}"


class TestModel:
    @pytest.mark.parametrize(
        "model",
        [
            "gemini-live",
            "models/gemini-live",
            "google/gemini-live",
            "publishers/google/models/gemini-live",
            FULL,
            "projects/of-the-app/locations/us/publishers/google/models/gemini-live",
        ],
    )
    @pytest.mark.parametrize("path", [VERTEX.format("v1beta1"), DEVELOPER])
    def test_vertex_gets_the_full_name_in_the_configured_project(self, model: str, path: str) -> None:
        assert model_sent(CLOUD, model, path) == FULL
        assert model_sent({**CLOUD, "model": "gemini-live"}, "gemini-dearer", path) == FULL
        assert model_sent(EXPRESS, model, path) == "publishers/google/models/gemini-live"

    def test_a_tuned_model_is_an_endpoint(self) -> None:
        prefix = FULL.partition("publishers")[0]
        assert model_sent(CLOUD, "endpoints/123") == f"{prefix}endpoints/123"

    @pytest.mark.parametrize("model", ["models/gemini-live", "publishers/google/models/gemini-live", FULL])
    def test_the_developer_api_gets_its_name_from_an_sdk_in_vertex_mode(self, model: str) -> None:
        assert model_sent({"api_key": "AIza"}, model) == "models/gemini-live"

    @given(model=st.text() | st.from_regex(r"(projects/|publishers/|models/|locations/|[a-z/.])*"))
    def test_whatever_an_app_names_stays_in_the_configured_project(self, model: str) -> None:
        prefix = FULL.partition("publishers")[0]
        sent = model_sent(CLOUD, model)
        assert sent.startswith(prefix)
        assert "/" in sent.removeprefix(prefix)

    def test_nothing_else_is_rewritten(self) -> None:
        text = (
            '{ "setup": {"model":"gemini-live", "generationConfig": {"x": 1.50}, "explicitVadSignal": true} }'
        )
        expected = text.replace('"gemini-live"', f'"{FULL}"')
        assert codec(CLOUD).see_client(text) == expected
        assert codec(CLOUD).see_client(text.encode()) == expected.encode()
        for other in (
            '{"realtimeInput": {"text": "gemini-live"}}',
            '{"setup": {}}',
            '{"setup": 1}',
            "nothing",
        ):
            assert codec(CLOUD).see_client(other) is other


class TestVisemes:
    @pytest.mark.parametrize("headers", [{}, {"x_goog_api_client": "google-genai-sdk/3.3.0 gl-node/22"}])
    @pytest.mark.parametrize("config", [CLOUD, {"api_key": "AIza"}])
    def test_they_are_in_the_metadata_whatever_the_sdk_in_vertex_mode(
        self, config: Any, headers: Any
    ) -> None:
        # Without a rate in the MIME type, which may be missing.
        frame = gemini_audio(bytes(4800), 1, "audio/pcm")
        speaking = codec(config, **headers)
        (audio,) = speaking.see(frame)
        assert isinstance(audio, Audio)
        assert (audio.format.sample_rate, audio.duration_ms) == (24000, 100)
        (sent,) = speaking.attach(frame, audio, '{"visemes":[]}')
        assert isinstance(sent, bytes)
        message = json.loads(sent)
        assert message["mascotVisemes"] == {"visemes": []}
        (part,) = message["serverContent"]["modelTurn"]["parts"]
        assert part["partMetadata"] == {"mascotVisemes": {"visemes": []}}

    def test_text_stays_text(self) -> None:
        frame = gemini_audio(bytes(4800), 1).decode()
        speaking = codec(CLOUD)
        (audio,) = speaking.see(frame)
        assert isinstance(audio, Audio)
        assert all(isinstance(sent, str) for sent in speaking.attach(frame, audio, '{"visemes":[]}'))


def ws(server: RunningServer, path: str) -> str:
    return f"ws{server.origin.removeprefix('http')}{path}"


@pytest.mark.anyio
@pytest.mark.parametrize("config", [CLOUD, EXPRESS], ids=["access token", "express"])
@pytest.mark.parametrize(
    "path", [VERTEX.format("v1"), VERTEX.format("v1beta1"), "/" + VERTEX.format("v1beta1"), DEVELOPER]
)
@pytest.mark.parametrize("place", ["header", "query"])
async def test_a_session_begins_on_each_path(
    server: RunningServer, config: dict[str, str], path: str, place: str
) -> None:
    key = "mascot_ephemeral_" + token_for("gemini", **config)
    url, headers = ws(server, path), {"x-goog-api-key": key}
    if place == "query":
        url, headers = f"{url}?key={key}", {}
    async with connect(url, additional_headers=headers, compression=None, proxy=None) as app:
        await app.send(json.dumps({"setup": {"model": "publishers/google/models/gemini-live"}}))
        reply = await app.recv()
        assert isinstance(reply, bytes)
        assert json.loads(reply) == {"setupComplete": {}}


@pytest.mark.anyio
@pytest.mark.parametrize("path", [VERTEX.format("v1beta1"), "/" + VERTEX.format("v1")])
async def test_googles_own_token_is_refused_and_not_logged(
    server: RunningServer, path: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"Authorization": f"Bearer {GOOGLES}", "x-goog-user-project": "of-the-app"}
    status, body = await refused(ws(server, path), headers)
    assert status == 401
    assert GOOGLES not in str(body)
    server_log = [r.getMessage() for r in caplog.records if not r.name.startswith("websockets.client")]
    assert GOOGLES not in "".join(server_log)
    assert GOOGLES not in "".join(capfd.readouterr())


@pytest.mark.anyio
async def test_googles_own_token_beside_ours_does_not_travel(server: RunningServer) -> None:
    """The simulator would refuse a session with two credentials, and one with another credential."""
    key = "mascot_ephemeral_" + token_for("gemini", **CLOUD)
    headers = {"x-goog-api-key": key, "Authorization": f"Bearer {GOOGLES}"}
    async with connect(ws(server, VERTEX.format("v1beta1")), additional_headers=headers, proxy=None) as app:
        await app.send(json.dumps({"setup": {"model": "gemini-live"}}))
        assert json.loads(await app.recv()) == {"setupComplete": {}}


@pytest.mark.anyio
@pytest.mark.parametrize("path", [VERTEX.format("v2"), VERTEX.format("v1") + "/more", "/ws/x/y"])
async def test_unknown_paths_list_this_one(server: RunningServer, path: str) -> None:
    status, body = await refused(ws(server, path))
    assert status == 404
    assert "/ws/google.cloud.aiplatform.{version}.LlmBidiService/{method}" in body["sockets"]
    async with httpx.AsyncClient() as http:
        assert (await http.get(server.origin + path)).status_code == 404


def test_the_path_is_a_socket_and_documented(server: RunningServer) -> None:
    assert httpx.get(server.origin + VERTEX.format("v1beta1")).status_code == 426
    document = httpx.get(f"{server.origin}/schema/asyncapi.json").json()
    channel = document["channels"]["geminiVertex"]
    assert channel["parameters"]["version"] == {"enum": ["v1", "v1beta1"]}
    assert channel["messages"] == document["channels"]["gemini"]["messages"]
    assert document["operations"]["geminiVertexSend"]["channel"] == {"$ref": "#/channels/geminiVertex"}
