"""What the OpenAPI document says of the REST endpoints, held against what they answer."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from support.rest import events, wav

if TYPE_CHECKING:
    import httpx
    import numpy as np
    from numpy.typing import NDArray


SETS = ["viseme_shapes", "viseme_weights"]


@pytest.fixture(scope="module")
def paths(client: httpx.Client) -> Any:
    return client.get("/schema/openapi.json").json()["paths"]


def event_schema(operation: Any) -> Any:
    return operation["responses"]["200"]["content"]["text/event-stream"]["schema"]["properties"]["data"][
        "contentSchema"
    ]


def test_the_operations_and_their_names(paths: Any) -> None:
    visemes, spoken = paths["/v1/visemes"]["post"], paths["/v1/visemes-audio"]["post"]
    assert set(visemes["requestBody"]["content"]) == {"application/json", "audio/*", "multipart/form-data"}
    fields = visemes["requestBody"]["content"]["application/json"]["schema"]
    assert (set(fields["properties"]), fields["required"]) == (
        {"audio", "sample_rate", "model", *SETS},
        ["audio"],
    )
    assert fields["properties"]["model"]["enum"] == ["default", "indonesian"]
    fields = spoken["requestBody"]["content"]["application/json"]["schema"]
    assert set(fields["properties"]) == {
        "text", "voice", "tts_engine", "tts_api_key", "speed", "model", *SETS,
    }  # fmt: skip
    assert fields["required"] == ["text", "voice"]
    assert fields["properties"]["text"]["maxLength"] == 5000
    assert fields["properties"]["tts_engine"]["enum"] == ["mascotbot-tts", "elevenlabs", "cartesia"]
    assert (fields["properties"]["speed"]["minimum"], fields["properties"]["speed"]["maximum"]) == (0.5, 2.0)
    for operation in (visemes, spoken, paths["/v1/voices"]["get"]):
        assert operation["security"] == [{"BearerAuth": []}]


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/v1/visemes", "400", "Invalid audio data"),
        ("/v1/visemes", "403", "Invalid API key"),
        ("/v1/visemes", "500", "Internal server error"),
        ("/v1/visemes-audio", "400", "Missing required fields: text and voice"),
        ("/v1/visemes-audio", "401", "Invalid API key"),
        ("/v1/visemes-audio", "405", "Method not allowed. Use POST with JSON body."),
        ("/v1/visemes-audio", "500", "Internal server error"),
    ],
)
def test_the_published_errors(paths: Any, path: str, status: str, text: str) -> None:
    schema = paths[path]["post"]["responses"][status]["content"]["application/json"]["schema"]
    assert schema["properties"]["error"]["example"] == text


def test_events_are_as_described(client: httpx.Client, paths: Any, speech: NDArray[np.int16]) -> None:
    text = client.post("/v1/visemes", json={"audio": base64.b64encode(wav(speech)).decode()}).text
    described = Draft202012Validator(event_schema(paths["/v1/visemes"]["post"]))
    assert all(described.is_valid(event) for event in events(text))
    answer = client.post(
        "/v1/visemes",
        content=wav(speech),
        headers={"Accept": "application/json", "Content-Type": "audio/wav"},
    )
    content = paths["/v1/visemes"]["post"]["responses"]["200"]["content"]
    Draft202012Validator(content["application/json"]["schema"]).validate(answer.json())
    text = client.post("/v1/visemes-audio", json={"text": "Well then.", "voice": "en-us"}).text
    described = Draft202012Validator(event_schema(paths["/v1/visemes-audio"]["post"]))
    assert all(described.is_valid(event) for event in events(text))
    assert not described.is_valid(json.loads('{"type": "audio"}'))


def test_voices_are_as_described(client: httpx.Client, paths: Any) -> None:
    schema = paths["/v1/voices"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator(schema).validate(client.get("/v1/voices").json())
