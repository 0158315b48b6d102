"""Named upstreams: which settings are taken, what apps may ask for, and a conversation with each kind of service."""

from __future__ import annotations

import base64
import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.apps import first_of, scripted, serving, sign, token_for, told
from support.servers import API_KEY, run_server, run_simulators
from websockets.asyncio.client import connect

from mascot_server.errors import SettingsError
from mascot_server.providers.openai.simulator.services import SERVICES
from mascot_server.providers.openai.upstreams import PROFILES, parse_upstreams
from mascot_server.settings import load_settings
from mascot_server.simulators import OPENAI_API_KEY, OPENAI_EPHEMERAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.servers import RunningServer
    from websockets.asyncio.connection import Connection
    from websockets.asyncio.server import ServerConnection

pytestmark = pytest.mark.anyio

AZURE = {"profile": "azure", "url": "https://example.openai.azure.com"}
NAMED = {name: {"profile": name} for name in SERVICES}
DONE = ("response.output_audio.done", "response.audio.done")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A server whose upstreams are all simulated."""
    with run_simulators(burst=math.inf, playback=math.inf) as providers:
        upstreams = {name: {**entry, "url": f"{providers.origin}/{name}"} for name, entry in NAMED.items()}
        with run_server(providers.origin, openai_upstreams=json.dumps(upstreams)) as running:
            yield running


def problem(value: object) -> str:
    """What the server says of a setting that it does not start with."""
    with pytest.raises(SettingsError) as refused:
        load_settings(openai_upstreams=value if isinstance(value, str) else json.dumps(value))
    return str(refused.value)


class TestSettings:
    def test_every_profile_needs_at_most_a_url(self) -> None:
        entries = {name: {"profile": name, "url": "https://example.com/prefix/"} for name in PROFILES}
        upstreams = parse_upstreams(json.dumps(entries))
        assert {upstream.url for upstream in upstreams.values()} == {"https://example.com/prefix"}
        assert parse_upstreams({"x": {"profile": "xai"}})["x"].url == "https://api.x.ai"

    def test_a_profile_can_be_changed_and_done_without(self) -> None:
        own = {
            "url": "wss://example.com:8443",
            "path": "/speech/v2",
            "query": {"region": "eu"},
            "model_parameter": "engine",
            "model": "small",
            "auth_header": "x-service-key",
            "auth_scheme": None,
            "events": "beta",
        }
        upstream = parse_upstreams({"own": own})["own"]
        assert upstream.url == "https://example.com:8443"
        assert upstream.target_query(None) == {"region": "eu", "engine": "small"}
        assert upstream.target_query("large") == {"region": "eu", "engine": "large"}
        headers = upstream.headers(api_key="k", ephemeral_token=None)
        assert headers == {"x-service-key": "k", "OpenAI-Beta": "realtime=v1"}

    def test_exactly_one_credential_is_sent(self) -> None:
        upstream = parse_upstreams({"a": AZURE})["a"]
        assert upstream.headers(api_key="k", ephemeral_token=None) == {"api-key": "k"}
        assert upstream.headers(api_key="k", ephemeral_token="t") == {"Authorization": "Bearer t"}
        keyless = parse_upstreams({"h": {"profile": "hf", "url": "http://localhost:1"}})["h"]
        assert keyless.headers(api_key="k", ephemeral_token="t") == {}

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("[]", "must be a JSON object such as"),
            ("{", "must be a JSON object such as"),
            ("[" * 100_000, "must be a JSON object such as"),
            ({"a b": AZURE}, "a name must have at most 64 letters"),
            ({"a": 1}, "a: must be an object"),
            ({"a": {"profile": "azur"}}, f"a.profile: must be one of {', '.join(PROFILES)}"),
            ({"a": {"profile": ["azure"]}}, "a.profile: must be one of"),
            ({"a": {"profile": "azure"}}, "a.url: is required with the profile azure"),
            ({"a": {**AZURE, "url": "example.com"}}, "a.url: must be a URL such as"),
            ({"a": {**AZURE, "url": "https://x/?key=1"}}, "a.url: must be a URL without query"),
            ({"a": {**AZURE, "uri": "x"}}, "a.uri: is no field; the fields are profile, url, path"),
            ({"a": {**AZURE, "api_key": "s3cret"}}, "a.api_key: remove it; credentials come from apps"),
            ({"a": {**AZURE, "query": {"api-key": "s3cret"}}}, "a.query.api-key: remove it; credentials"),
            ({"a": {**AZURE, "query": {"api-version": "1"}}}, "a.query.api-version: the GA API refuses it"),
            ({"a": {**AZURE, "query": {"model": "m"}}}, "a.query.model: use model"),
            ({"a": {**AZURE, "query": {"a b": "m"}}}, "a.query.a b: "),
            ({"a": {**AZURE, "path": "/a/../b"}}, "a.path: "),
            ({"a": {**AZURE, "path": "a"}}, "a.path: "),
            ({"a": {**AZURE, "path": "/a?b"}}, "a.path: "),
            ({"a": {**AZURE, "auth_header": "Host"}}, "a.auth_header: must not be Host"),
            ({"a": {**AZURE, "auth_header": "a b"}}, "a.auth_header: "),
            ({"a": {**AZURE, "auth_scheme": "Bearer\r\nx"}}, "a.auth_scheme: "),
            ({"a": {**AZURE, "events": "alpha"}}, "a.events: "),
            ({"a": {**AZURE, "model": "a b"}}, "a.model: "),
        ],
    )
    def test_what_is_wrong_is_named_and_never_shown(self, value: object, text: str) -> None:
        said = problem(value)
        assert said.startswith(f"MASCOT_OPENAI_UPSTREAMS: {text}")
        assert "s3cret" not in said

    def test_the_entries_of_the_guide_are_taken(self) -> None:
        guide = (Path(__file__).parents[3] / "docs" / "guides" / "upstreams.md").read_text("utf-8")
        entries = re.findall(r'^\|[^|]*\| `("[\w-]+": \{[^`]*\})`', guide, re.MULTILINE)
        upstreams = parse_upstreams("{" + ", ".join(entries) + "}")
        profiles = re.findall(r'"profile": "([\w-]+)"', "".join(entries))
        assert set(profiles) == PROFILES.keys()
        assert len(upstreams) == len(entries)
        (own,) = re.findall(r"```json\n(\{\n.*?)```", guide, re.DOTALL)
        assert parse_upstreams(own)["own"].model_parameter == "engine"

    def test_the_environment_sets_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MASCOT_OPENAI_UPSTREAMS", json.dumps({"azure-eu": AZURE}))
        assert list(load_settings().of_provider("openai")["upstreams"]) == ["azure-eu"]


class TestRequests:
    @pytest.mark.parametrize(
        ("config", "text"),
        [
            ({"upstream": "other"}, f"upstream: must be one of {', '.join(NAMED)}"),
            ({"upstream": "https://evil.example"}, "upstream: must be one of"),
            ({"upstream": 7}, "upstream: "),
            ({"upstream": "azure"}, "model: is required with the upstream azure"),
            ({"viseme_events": "other"}, "viseme_events: "),
            ({"voice": {"name": "x"}}, "voice: must be a name"),
            ({"voice": {"id": "a b"}}, "voice: must be a name"),
            ({"voice": ["marin"]}, "voice: must be a name"),
        ],
    )
    def test_wrong_ones_are_told_what_there_is(
        self, server: RunningServer, config: dict[str, Any], text: str
    ) -> None:
        body = {"config": {"provider": "openai", "provider_config": {"api_key": "k", **config}}}
        headers = {"Authorization": f"Bearer {API_KEY}"}
        response = httpx.post(f"{server.origin}/v1/get-signed-url", json=body, headers=headers)
        assert response.status_code == 400
        error = response.json()["error"]
        assert error.startswith(f"Invalid provider config: config.provider_config.{text}")

    async def test_a_server_without_upstreams_says_so(self) -> None:
        with run_server("http://127.0.0.1:1") as server, pytest.raises(httpx.HTTPStatusError) as refused:
            await sign(server, "openai", upstream="azure")
        assert "this server has none" in refused.value.response.json()["error"]

    async def test_one_that_is_gone_since_the_url_was_signed(self) -> None:
        with run_server("http://127.0.0.1:1") as server:
            token = token_for("openai", api_key="k", upstream="gone", model="m")
            url = f"ws{server.origin.removeprefix('http')}/v1/openai-realtime/ws?token={token}"
            async with connect(url, compression=None, proxy=None) as app:
                code, reason = await told(app)
        assert code == 1011
        assert reason == "openai is unreachable: its upstream is no longer in MASCOT_OPENAI_UPSTREAMS"


async def opened(server: RunningServer, name: str, **config: Any) -> Connection:
    """Start a conversation with one of the upstreams."""
    config = {"ephemeral_token": None, "api_key": OPENAI_API_KEY, "model": "some-model", **config}
    url, _ = await sign(server, "openai", upstream=name, **config)
    return await connect(url, compression=None, proxy=None)


async def turn(app: Connection, **response: Any) -> list[Any]:
    """The messages of a response up to the end of its audio; binary ones as bytes."""
    await app.send(json.dumps({"type": "response.create", "response": response}))
    events: list[Any] = []
    while not (events and isinstance(events[-1], dict) and events[-1]["type"] in DONE):
        message = await app.recv()
        events.append(json.loads(message) if isinstance(message, str) else message)
    return events


def audio_of(events: list[Any]) -> list[dict[str, Any]]:
    """The audio events among some."""
    return [event for event in events if isinstance(event, dict) and event["type"].endswith("audio.delta")]


def check_payloads(events: list[Any], bytes_per_ms: int) -> None:
    """Check that each audio event has its visemes, and that the mouth moves."""
    audio = audio_of(events)
    for event in audio:
        size = len(base64.b64decode(event["delta"]))
        assert event["mascotVisemes"]["audio_duration"] == size / bytes_per_ms
    assert sum(len(event["mascotVisemes"]["visemes"]) for event in audio) > 10


class TestServices:
    @pytest.mark.parametrize("name", sorted(SERVICES))
    @pytest.mark.parametrize("credential", ["api_key", "ephemeral_token"])
    async def test_two_turns_with_visemes(self, server: RunningServer, name: str, credential: str) -> None:
        secret = {"api_key": OPENAI_API_KEY, "ephemeral_token": OPENAI_EPHEMERAL}[credential]
        async with await opened(server, name, **{"api_key": None, credential: secret}) as app:
            session = (await first_of(app, "session.created"))["session"]
            assert session["model"] == ("local" if name == "hf" else "some-model")
            for _ in range(2):
                check_payloads(await turn(app), 48)
                if name == "xai":
                    continue
                await first_of(app, "response.done")

    @pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"hf"}))
    async def test_a_wrong_key_is_refused(self, server: RunningServer, name: str) -> None:
        async with await opened(server, name, api_key="wrong") as app:
            assert (await told(app))[0] == 1008

    async def test_the_default_model_of_a_profile(self, server: RunningServer) -> None:
        async with await opened(server, "xai", model=None) as app:
            assert (await first_of(app, "session.created"))["session"]["model"] == "grok-voice-latest"

    @pytest.mark.parametrize("name", ["localai", "speaches"])
    async def test_a_voice_is_asked_for_in_either_dialect(self, server: RunningServer, name: str) -> None:
        async with await opened(server, name, voice="sage") as app:
            session = (await first_of(app, "session.updated"))["session"]
            assert "sage" in (session.get("voice"), session.get("audio", {}).get("output", {}).get("voice"))

    async def test_a_custom_voice_is_an_object(self, server: RunningServer) -> None:
        async with await opened(server, "localai", voice={"id": "voice_7"}) as app:
            session = (await first_of(app, "session.updated"))["session"]
            assert session["audio"]["output"]["voice"] == {"id": "voice_7"}

    async def test_xai_begins_with_the_conversation_and_a_ping(self, server: RunningServer) -> None:
        async with await opened(server, "xai") as app:
            kinds = [json.loads(await app.recv())["type"] for _ in range(3)]
        assert kinds == ["conversation.created", "ping", "session.created"]

    @pytest.mark.parametrize("rate", [16000, 48000])
    async def test_xai_at_other_rates(self, server: RunningServer, rate: int) -> None:
        async with await opened(server, "xai") as app:
            await self.update(app, {"format": {"type": "audio/pcm", "rate": rate}})
            check_payloads(await turn(app), 2 * rate // 1000)

    async def test_opus_passes_without_visemes(self, server: RunningServer) -> None:
        async with await opened(server, "xai") as app:
            await self.update(app, {"format": {"type": "audio/opus"}})
            audio = audio_of(await turn(app))
        assert audio
        assert not any("mascotVisemes" in event for event in audio)

    async def test_binary_audio_passes_as_it_is(self, server: RunningServer) -> None:
        async with await opened(server, "xai") as app:
            await self.update(app, {"transport": "binary"})
            events = await turn(app)
        assert sum(isinstance(event, bytes) for event in events) > 5
        assert audio_of(events) == []

    async def test_voice_live_at_16_khz(self, server: RunningServer) -> None:
        async with await opened(server, "azure-voice-live") as app:
            await app.send(
                json.dumps({"type": "session.update", "session": {"output_audio_format": "pcm16_16000hz"}})
            )
            await first_of(app, "session.updated")
            check_payloads(await turn(app), 32)

    @staticmethod
    async def update(app: Connection, output: dict[str, Any]) -> None:
        session = {"type": "realtime", "audio": {"output": output}}
        await app.send(json.dumps({"type": "session.update", "session": session}))
        await first_of(app, "session.updated")


async def test_a_handshake_says_what_the_settings_say() -> None:
    asked: list[tuple[str, dict[str, str]]] = []

    async def upstream(connection: ServerConnection) -> None:
        assert connection.request is not None
        headers = {name.lower(): value for name, value in connection.request.headers.raw_items()}
        asked.append((connection.request.path, headers))

    async with scripted(upstream) as origin:
        entry = {"profile": "azure-preview", "url": f"{origin}/eu", "query": {"api-version": "2099-01-01"}}
        async with serving(origin, openai_upstreams={"a": entry}, openai_url=f"{origin}/gateway") as server:
            for config in ({"upstream": "a", "model": "my/deployment"}, {}):
                url, _ = await sign(server, "openai", ephemeral_token=None, api_key="the-key", **config)
                async with connect(f"{url}&deployment=other&api-version=0", proxy=None) as app:
                    await told(app)
    (path, headers), (plain, plain_headers) = asked
    assert path == "/eu/openai/realtime?api-version=2099-01-01&deployment=my%2Fdeployment"
    assert headers["api-key"] == "the-key"
    assert headers["openai-beta"] == "realtime=v1"
    assert "authorization" not in headers
    assert plain == "/gateway/v1/realtime?model=gpt-realtime-2.1"
    assert plain_headers["authorization"] == "Bearer the-key"
    assert "openai-beta" not in plain_headers
