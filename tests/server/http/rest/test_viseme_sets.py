"""`viseme_shapes` and `viseme_weights` of both REST endpoints."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from support.rest import RATE, events, visemes, wav

import mascot_visemes as mv

if TYPE_CHECKING:
    import httpx
    from numpy.typing import NDArray

SPOKEN = {"text": "Hello there, welcome back.", "voice": "en-us"}
PATHS = ["/v1/visemes", "/v1/visemes-audio"]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def rows_of(found: list[Any]) -> tuple[list[str], NDArray[np.uint8]]:
    """Names and rows of the weights of an answer, which follow each other without a gap."""
    weights = [event["weights"] for event in found if "weights" in event]
    assert ["names" in its for its in weights] == [True] + [False] * (len(weights) - 1)
    names = weights[0]["names"]
    rows: list[NDArray[np.uint8]] = []
    count = 0
    for its in weights:
        assert (its["fps"], its["offset"]) == (100, 10 * count)
        rows.append(np.frombuffer(base64.b64decode(its["frames"]), np.uint8).reshape(-1, len(names)))
        count += len(rows[-1])
    return names, np.concatenate(rows)


def expected(
    chunks: list[Any], rate: int, shapes: str, weights: mv.Shapes, encoding: mv.Encoding = "pcm16"
) -> tuple[list[Any], tuple[Any, ...], NDArray[np.float32]]:
    engine = mv.load("default", shapes=shapes)
    stream = engine.create_stream(sample_rate=rate, encoding=encoding, weights=weights)
    changes, rows = [], []
    for chunk in chunks:
        changes += stream.accept_waveform(chunk)
        rows.append(stream.weights)
    changes += stream.input_finished()
    member = "visemeId" if shapes == "sapi" else "viseme"
    listed = [{member: event.viseme, "offset": event.time_ms} for event in changes]
    return listed, stream.columns, np.rint(np.concatenate(rows) * 255)


@pytest.mark.parametrize(("shapes", "weights"), [("sapi", "arkit"), ("oculus", "oculus"), ("rhubarb", "vrm")])
def test_a_recording(
    client: httpx.Client, speech: NDArray[np.int16], shapes: str, weights: mv.Shapes
) -> None:
    asked = {"viseme_shapes": shapes, "viseme_weights": weights}
    chunks = [speech[start : start + RATE] for start in range(0, len(speech), RATE)]
    changes, columns, rows = expected(chunks, RATE, shapes, weights)
    file = wav(speech)
    answers = [
        client.post("/v1/visemes", json={"audio": b64(file), **asked}),
        client.post("/v1/visemes", content=file, headers={"Content-Type": "audio/wav"}, params=asked),
        client.post("/v1/visemes", files={"audio": ("a.wav", file)}, data=asked),
    ]
    for answer in answers:
        assert answer.status_code == 200
        found = events(answer.text)
        assert visemes(found) == changes
        names, sent = rows_of(found)
        assert tuple(names) == columns
        np.testing.assert_array_equal(sent, rows)
    whole = client.post(
        "/v1/visemes", json={"audio": b64(file), **asked}, headers={"Accept": "application/json"}
    ).json()
    assert list(whole) == ["visemes", "weights"]
    assert whole["visemes"] == changes
    np.testing.assert_array_equal(rows_of([whole])[1], rows)


def test_a_text(client: httpx.Client) -> None:
    asked = {**SPOKEN, "viseme_shapes": "vrm", "viseme_weights": "arkit"}
    found = events(client.post("/v1/visemes-audio", json=asked).text)
    audio = [base64.b64decode(event["data"]) for event in found[::2]]
    changes, columns, rows = expected(audio, found[0]["sample_rate"], "vrm", "arkit")
    names, sent = rows_of(found)
    assert visemes(found) == changes
    assert tuple(names) == columns
    np.testing.assert_array_equal(sent, rows)


@pytest.mark.parametrize("path", PATHS)
def test_answers_are_as_the_document_says(client: httpx.Client, speech: NDArray[np.int16], path: str) -> None:
    operation = client.get("/schema/openapi.json").json()["paths"][path]["post"]
    content = operation["responses"]["200"]["content"]
    schema = content["text/event-stream"]["schema"]["properties"]["data"]["contentSchema"]
    body = {"audio": b64(wav(speech[:RATE]))} if path == PATHS[0] else SPOKEN
    for asked in ({}, {"viseme_shapes": "oculus", "viseme_weights": "oculus"}):
        for event in events(client.post(path, json={**body, **asked}).text):
            Draft202012Validator(schema).validate(event)
        if path == PATHS[0]:
            answer = client.post(path, json={**body, **asked}, headers={"Accept": "application/json"})
            Draft202012Validator(content["application/json"]["schema"]).validate(answer.json())


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", ["azure", "", "OCULUS", 7, True, ["oculus"], {}, "x" * 5000])
@pytest.mark.parametrize(
    ("field", "sets"),
    [("viseme_shapes", "sapi, oculus, vrm, rhubarb"), ("viseme_weights", "oculus, vrm, arkit")],
)
def test_an_unknown_set_is_refused_with_the_sets_there_are(
    client: httpx.Client, path: str, field: str, sets: str, value: object
) -> None:
    body = {"audio": b64(bytes(3200))} if path == PATHS[0] else SPOKEN
    answer = client.post(path, json={**body, field: value})
    assert answer.status_code == 400
    prefix = "Invalid audio data: " if path == PATHS[0] else ""
    assert answer.json() == {"error": f"{prefix}{field}: must be one of {sets}"}


def test_sets_given_twice_or_wrong_beside_a_file(client: httpx.Client) -> None:
    def post(query: str) -> httpx.Response:
        return client.post(f"/v1/visemes?{query}", content=bytes(3200), headers={"Content-Type": "audio/pcm"})

    assert (
        post("viseme_shapes=vrm&viseme_shapes=vrm").json()["error"].endswith("viseme_shapes: is given twice")
    )
    assert post("viseme_weights=sapi").status_code == 400
    form = client.post(
        "/v1/visemes", files={"audio": bytes(3200)}, data={"viseme_weights": "x" * 65, "viseme_shapes": "vrm"}
    )
    assert form.status_code == 400
    assert "viseme_weights is too long" in form.json()["error"]


@pytest.mark.parametrize("path", PATHS)
def test_null_is_as_if_it_were_not_there(client: httpx.Client, path: str) -> None:
    body = {"audio": b64(bytes(3200))} if path == PATHS[0] else SPOKEN
    nothing = {"viseme_shapes": None, "viseme_weights": None}
    assert client.post(path, json={**body, **nothing}).text == client.post(path, json=body).text
