"""`POST /v1/get-signed-url` and the document that describes it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest
from litestar.testing import TestClient

from mascot_server import create_app, load_settings
from mascot_server.auth.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar import Litestar

KEY = "a-key-of-an-app"
SECRET = "a-secret-of-the-tests-of-more-than-32-bytes"
AUTHORIZED = {"Authorization": f"Bearer {KEY}"}

ELEVENLABS = {"api_key": "sk_private", "agent_id": "agent_1"}
GEMINI = {"ephemeral_token": "auth_tokens/private"}
OPENAI = {"ephemeral_token": "ek_private"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    with TestClient(create_app(load_settings(secret=SECRET, api_keys=KEY))) as client:
        yield client


def ask(client: TestClient[Litestar], provider: object, config: object, **extra: object) -> httpx.Response:
    body = {"config": {"provider": provider, "provider_config": config, **extra}}
    return client.post("/v1/get-signed-url", json=body, headers=AUTHORIZED)


@pytest.mark.parametrize(
    ("provider", "config", "path"),
    [("elevenlabs", ELEVENLABS, "/v1/conversation"), ("openai", OPENAI, "/v1/openai-realtime/ws")],
)
def test_a_signed_url_opens_to_what_was_asked(
    client: TestClient[Litestar], provider: str, config: dict[str, str], path: str
) -> None:
    response = ask(client, provider, config)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert list(response.json()) == ["signed_url"]
    url = httpx.URL(response.json()["signed_url"])
    assert (url.scheme, url.path, list(url.params)) == ("ws", path, ["token"])
    sealed = json.loads(Tokens([SECRET]).open(provider, url.params["token"]).config)
    assert sealed.items() >= config.items()


def test_gemini_is_answered_a_key_and_a_base_url(client: TestClient[Litestar]) -> None:
    answer = ask(client, "gemini", GEMINI).json()
    assert set(answer) == {"api_key", "base_url"}
    assert answer["base_url"] == str(client.base_url).rstrip("/")
    prefix, token = answer["api_key"][:17], answer["api_key"][17:]
    assert prefix == "mascot_ephemeral_"
    assert json.loads(Tokens([SECRET]).open("gemini", token).config) == GEMINI


def test_answers_are_valid_for_ten_minutes_and_show_no_key_of_the_provider(
    client: TestClient[Litestar],
) -> None:
    text = ask(client, "elevenlabs", ELEVENLABS).text
    assert "sk_private" not in text
    token = httpx.URL(json.loads(text)["signed_url"]).params["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 600


def test_a_public_url_is_what_answers_are_built_from() -> None:
    settings = load_settings(secret=SECRET, api_keys=KEY, public_url="https://lips.example.com/")
    with TestClient(create_app(settings)) as client:
        url = ask(client, "openai", OPENAI).json()["signed_url"]
        assert url.startswith("wss://lips.example.com/v1/openai-realtime/ws?token=")
        assert ask(client, "gemini", GEMINI).json()["base_url"] == "https://lips.example.com"


@pytest.mark.parametrize(
    ("provider", "config"),
    [
        ("elevenlabs", {**ELEVENLABS, "sample_rate": 16000, "viseme_model": "indonesian"}),
        ("elevenlabs", {**ELEVENLABS, "sample_rate": 16000.0}),
        (
            "elevenlabs",
            {**ELEVENLABS, "dynamic_variables": {"name": "Ada", "age": 36, "score": 0.5, "vip": True}},
        ),
        ("gemini", {"api_key": "AIza", "model": "gemini-2.5-flash-preview", "viseme_model": "default"}),
        ("openai", {"api_key": "sk-x", "model": "gpt-realtime", "voice": "marin", "someday": {"new": 1}}),
        ("elevenlabs", {**ELEVENLABS, "viseme_shapes": "vrm", "viseme_weights": None}),
        ("gemini", {**GEMINI, "viseme_weights": "arkit"}),
        ("openai", {**OPENAI, "viseme_shapes": "sapi", "viseme_events": "azure"}),
    ],
)
def test_optional_and_unknown_fields_are_taken(
    client: TestClient[Litestar], provider: str, config: Any
) -> None:
    assert ask(client, provider, config, api_key="sent by some clients").status_code == 200


@pytest.mark.parametrize("provider", ["elevenlabs", "gemini", "openai"])
@pytest.mark.parametrize(
    ("field", "sets"),
    [
        ("viseme_shapes", "'sapi', 'oculus', 'vrm' or 'rhubarb'"),
        ("viseme_weights", "'oculus', 'vrm' or 'arkit'"),
    ],
)
@pytest.mark.parametrize(
    "value", ["azure", "", "Oculus", 7, True, ["oculus"], {"oculus": 1}, "oculus\x00", "a" * 9000]
)
def test_an_unknown_set_is_a_bad_request_that_lists_the_sets(
    client: TestClient[Litestar], provider: str, field: str, sets: str, value: object
) -> None:
    config = {"elevenlabs": ELEVENLABS, "gemini": GEMINI, "openai": OPENAI}[provider]
    response = ask(client, provider, {**config, field: value})
    assert response.status_code == 400
    assert response.json() == {
        "error": f"Invalid provider config: config.provider_config.{field}: Input should be {sets}"
    }


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"viseme_shapes": "oculus"}, 'viseme_shapes must be "sapi" with viseme_events "azure"'),
        ({"viseme_weights": "arkit"}, 'viseme_weights cannot be combined with viseme_events "azure"'),
    ],
)
def test_azures_events_carry_sapi_ids_alone(
    client: TestClient[Litestar], asked: dict[str, str], problem: str
) -> None:
    response = ask(client, "openai", {**OPENAI, "viseme_events": "azure", **asked})
    assert response.status_code == 400
    assert problem in response.json()["error"]


@pytest.mark.parametrize(
    ("provider", "config", "field"),
    [
        ("cartesia", {}, "config.provider:"),
        (None, {}, "config.provider:"),
        (["openai"], {}, "config.provider:"),
        ("elevenlabs", None, "config.provider_config:"),
        ("elevenlabs", {"api_key": "x"}, "config.provider_config.agent_id:"),
        ("elevenlabs", {"agent_id": "x"}, "config.provider_config.api_key:"),
        ("elevenlabs", {**ELEVENLABS, "api_key": 7}, "config.provider_config.api_key:"),
        ("elevenlabs", {**ELEVENLABS, "api_key": "a\r\nx-evil: 1"}, "config.provider_config.api_key:"),
        ("elevenlabs", {**ELEVENLABS, "agent_id": "a/../../b?c=d"}, "config.provider_config.agent_id:"),
        ("elevenlabs", {**ELEVENLABS, "agent_id": ""}, "config.provider_config.agent_id:"),
        ("elevenlabs", {**ELEVENLABS, "sample_rate": "fast"}, "config.provider_config.sample_rate:"),
        ("elevenlabs", {**ELEVENLABS, "sample_rate": 96000}, "config.provider_config.sample_rate:"),
        (
            "elevenlabs",
            {**ELEVENLABS, "dynamic_variables": {"a": [1]}},
            "config.provider_config.dynamic_variables.a",
        ),
        ("elevenlabs", {**ELEVENLABS, "dynamic_variables": {"a": "x" * 5000}}, "config.provider_config:"),
        ("elevenlabs", {**ELEVENLABS, "viseme_model": "klingon"}, "config.provider_config.viseme_model:"),
        ("gemini", {}, "config.provider_config: ephemeral_token"),
        ("gemini", {**GEMINI, "model": "x y"}, "config.provider_config.model:"),
        ("openai", {"model": "gpt-realtime"}, "config.provider_config: ephemeral_token"),
        ("openai", {**OPENAI, "voice": "a&b"}, "config.provider_config.voice:"),
    ],
)
def test_bad_requests_name_the_field(
    client: TestClient[Litestar], provider: object, config: object, field: str
) -> None:
    response = ask(client, provider, config)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    assert response.json()["error"].startswith(f"Invalid provider config: {field}")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"config": 1}', b"\xff", b'{"config": NaN}'])
def test_a_body_of_another_kind_is_a_bad_request(client: TestClient[Litestar], body: bytes) -> None:
    response = client.post("/v1/get-signed-url", content=body, headers=AUTHORIZED)
    assert response.status_code == 400
    assert response.json()["error"].startswith("Invalid provider config: ")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
        {"Authorization": "Bearer "},
        {"X-Api-Key": KEY},
    ],
)
def test_without_a_valid_key_nothing_is_answered(
    client: TestClient[Litestar], headers: dict[str, str]
) -> None:
    response = client.post("/v1/get-signed-url", json={"config": {}}, headers=headers)
    assert response.status_code == 401
    assert response.json() == {"error": "Invalid API key"}


def test_keys_may_be_kept_as_hashes() -> None:
    hashed = f"sha256:{hashlib.sha256(KEY.encode()).hexdigest()}"
    with TestClient(create_app(load_settings(secret=SECRET, api_keys=hashed))) as client:
        assert ask(client, "openai", OPENAI).status_code == 200
        # The hash itself opens nothing.
        headers = {"Authorization": f"Bearer {hashed}"}
        assert client.post("/v1/get-signed-url", json={}, headers=headers).status_code == 401


def test_errors_of_the_framework_have_the_same_shape(client: TestClient[Litestar]) -> None:
    assert (client.get("/v1/nothing").status_code, client.get("/v1/nothing").json()["error"]) == (
        404,
        "Not Found",
    )
    wrong_method = client.get("/v1/get-signed-url")
    assert (wrong_method.status_code, list(wrong_method.json())) == (405, ["error"])


def test_an_oversized_body_is_a_bad_request(client: TestClient[Litestar]) -> None:
    response = client.post("/v1/get-signed-url", content=b" " * 1_000_000, headers=AUTHORIZED)
    assert response.status_code == 400
    assert response.json()["error"].startswith("Invalid provider config: config: the body is longer than")


class TestDocument:
    @pytest.fixture
    def document(self, client: TestClient[Litestar]) -> Any:
        return client.get("/schema/openapi.json").json()

    @pytest.fixture
    def operation(self, document: Any) -> Any:
        return document["paths"]["/v1/get-signed-url"]["post"]

    def test_the_operation_is_the_published_one(self, document: Any, operation: Any) -> None:
        assert document["info"]["title"] == "Viseme Prediction API"
        assert document["info"]["version"] == "1.0.0"
        assert operation["operationId"] == "getSignedUrl"
        assert operation["summary"] == "Get signed URL for conversational AI proxy"
        assert operation["security"] == [{"BearerAuth": []}]
        assert document["components"]["securitySchemes"]["BearerAuth"] == {"type": "http", "scheme": "bearer"}

    def test_the_request_has_the_published_fields(self, operation: Any) -> None:
        body = operation["requestBody"]
        schema = body["content"]["application/json"]["schema"]
        config = schema["properties"]["config"]
        assert body["required"] is True
        assert schema["required"] == ["config"]
        assert config["properties"]["provider"]["enum"] == ["elevenlabs", "gemini", "openai"]
        assert config["properties"]["provider"]["example"] == "elevenlabs"
        viseme_model = config["properties"]["provider_config"]["properties"]["viseme_model"]
        assert (viseme_model["default"], viseme_model["enum"]) == ("default", ["default", "indonesian"])

    def test_every_published_example_is_answered(self, client: TestClient[Litestar], operation: Any) -> None:
        examples = operation["requestBody"]["content"]["application/json"]["examples"]
        assert set(examples) == {
            "elevenlabs",
            "elevenlabs_indonesian",
            "gemini",
            "gemini_vertex",
            "openai",
            "openai_live",
        }
        for example in examples.values():
            response = client.post("/v1/get-signed-url", json=example["value"], headers=AUTHORIZED)
            assert response.status_code == 200

    def test_the_answers_are_the_published_ones(self, operation: Any) -> None:
        answers = operation["responses"]
        assert set(answers) == {"200", "400", "401"}
        schemas = {
            status: answer["content"]["application/json"]["schema"] for status, answer in answers.items()
        }
        assert set(schemas["200"]["properties"]) == {"signed_url", "api_key", "base_url"}
        assert schemas["400"]["properties"]["error"]["example"] == "Invalid provider config"
        assert schemas["401"]["properties"]["error"]["example"] == "Invalid API key"


@pytest.mark.parametrize(
    ("provider", "config", "field"),
    [
        ("openai", {"ephemeral_token": "ek_your_client_secret"}, "ephemeral_token"),
        ("openai", {"ephemeral_token": "ek_\u2026"}, "ephemeral_token"),
        ("openai", {"api_key": "sk-..."}, "api_key"),
        ("openai", {"api_key": "<your key>"}, "api_key"),
        ("gemini", {"api_key": "your_gemini_key"}, "api_key"),
        ("gemini", {"api_key": "AIza", "model": "your-model"}, "model"),
        ("elevenlabs", {"api_key": "sk_your_key", "agent_id": "agent_1"}, "api_key"),
        ("elevenlabs", {"api_key": "sk_1", "agent_id": "agent_your_agent"}, "agent_id"),
    ],
)
def test_placeholders_of_the_documentation_are_named(
    client: TestClient[Litestar], provider: str, config: Any, field: str
) -> None:
    answer = ask(client, provider, config)
    assert answer.status_code == 400
    assert answer.json()["error"] == (
        f"Invalid provider config: config.provider_config.{field}: is a placeholder from the documentation; "
        "give your own value instead"
    )


@pytest.mark.parametrize(
    ("provider", "config", "problem"),
    [
        ("openai", {"api_key": "sk 1"}, "api_key: must be printable ASCII characters without spaces"),
        ("openai", {"api_key": ""}, "api_key: String should have at least 1 character"),
        (
            "openai",
            {"api_key": "sk", "model": "gpt realtime"},
            "model: must be a letter or digit, and then letters",
        ),
        (
            "gemini",
            {"api": "vertex", "access_token": "ya29.x", "project": "My Project", "location": "global"},
            "project: must be the id of a Google Cloud project",
        ),
    ],
)
def test_errors_are_in_words_and_not_regular_expressions(
    client: TestClient[Litestar], provider: str, config: Any, problem: str
) -> None:
    error = ask(client, provider, config).json()["error"]
    assert error.startswith(f"Invalid provider config: config.provider_config.{problem}")
    assert "pattern" not in error
    assert "^" not in error
