"""The documents that describe the server: the page to read, and the sockets' AsyncAPI document."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from jsonschema import Draft7Validator
from support.wires import WIRES, b64

from mascot_server.http.asyncapi import asyncapi_document
from mascot_server.inference.predictions import Prediction
from mascot_server.inference.viseme_sets import DEFAULT_SETS, VisemeSets
from mascot_server.inference.weights import WeightRows
from mascot_server.providers.codec import Audio
from mascot_server.providers.elevenlabs.codec import ElevenLabsCodec
from mascot_server.providers.gemini.codec import GeminiCodec
from mascot_server.providers.openai.codec import OpenAICodec
from mascot_server.providers.openai.translation import TranslationCodec
from mascot_server.relay.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.servers import RunningServer
    from support.wires import Wire

    from mascot_server.inference.viseme_sets import VisemeShapes
    from mascot_server.providers.codec import Codec

DOCUMENT = asyncapi_document("https://lips.example.com")
ADDED = {"elevenlabs": "visemes", "openai": "audio", "gemini": "audio"}
CODECS: dict[str, list[Codec]] = {
    "elevenlabs": [ElevenLabsCodec()],
    "openai": [OpenAICodec()],
    "gemini": [GeminiCodec(), GeminiCodec(part_metadata=True)],
}
PCM = bytes(4800)
"""100 ms at 24 kHz."""


class Loaded(HTMLParser):
    """Everything in a page that makes a browser load or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links |= {
            value or "" for name, value in attrs if name in {"href", "src", "srcset", "action", "data"}
        }


def test_the_page_loads_nothing_from_anywhere(server: RunningServer) -> None:
    answer = httpx.get(f"{server.origin}/schema")
    page = Loaded()
    page.feed(answer.text)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert page.links == {"/schema/openapi.json", "/schema/asyncapi.json", "data:,"}
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "form"}
    assert not re.search(r"@import|url\(", answer.text)
    for path in ("/v1/get-signed-url", "/v1/conversation", "/v1/openai-realtime/ws"):
        assert f"<code>{path}</code>" in answer.text


def test_what_the_page_names_is_there(server: RunningServer) -> None:
    assert httpx.get(f"{server.origin}/schema/openapi.json").json()["openapi"].startswith("3.")
    document = httpx.get(f"{server.origin}/schema/asyncapi.json").json()
    assert document == asyncapi_document(server.origin)


@pytest.mark.parametrize("path", ["swagger", "redoc", "elements", "rapidoc"])
def test_pages_that_load_from_a_cdn_are_not_served(server: RunningServer, path: str) -> None:
    assert httpx.get(f"{server.origin}/schema/{path}").status_code == 404


def test_the_server_is_the_public_one() -> None:
    assert DOCUMENT["servers"] == {"this": {"host": "lips.example.com", "protocol": "wss"}}


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name == "$ref":
                yield member
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def follow(reference: str) -> Any:
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    for reference in references(DOCUMENT):
        assert follow(reference) is not None
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)


def schema_of(provider: str) -> Any:
    """The schema of the messages that this server adds visemes to, with all that it refers to."""
    message = DOCUMENT["channels"][provider]["messages"][ADDED[provider]]
    return {**message["payload"], "components": DOCUMENT["components"]}


def released(
    wire: Wire, codec: Codec, prediction: Prediction | None, sets: VisemeSets = DEFAULT_SETS
) -> list[Any]:
    """What the app is sent for one message of audio."""
    session = Session(codec, lambda _: None, sets)  # type: ignore[arg-type,return-value]  # nothing is predicted here
    for frame in wire.opening:
        session.receive(frame)
    received = session.receive(wire.audio(PCM, 3))
    assert isinstance(received.audio, Audio)
    return [json.loads(frame) for frame in session.release(received, prediction)]


@pytest.mark.parametrize(
    "prediction", [None, Prediction(0, ()), Prediction(4, ((12, 18), (99, 21)))], ids=["none", "same", "some"]
)
def test_what_the_codecs_send_is_as_the_document_says(wire: Wire, prediction: Prediction | None) -> None:
    validator = Draft7Validator(schema_of(wire.name))
    for codec in CODECS[wire.name]:
        added, *_ = released(wire, codec, prediction)
        validator.validate(added)


NAMED = Prediction("sil", ((12, "PP"), (99, "aa")), WeightRows(("sil", "PP"), 3, bytes(20)))


@pytest.mark.parametrize("shapes", ["oculus", "sapi"])
def test_named_visemes_and_weights_are_as_the_document_says(wire: Wire, shapes: VisemeShapes) -> None:
    validator = Draft7Validator(schema_of(wire.name))
    changes = NAMED.changes if shapes == "oculus" else ((12, 18),)
    prediction = Prediction(NAMED.before if shapes == "oculus" else 0, changes, NAMED.weights)
    for codec in CODECS[wire.name]:
        added, *_ = released(wire, codec, prediction, VisemeSets(shapes, "oculus"))
        validator.validate(added)
        payload = added.get("mascotVisemes", added)
        assert payload["weights"]["names"] == ["sil", "PP"]
        for member, wrong in (
            ("visemes", [{"visemeId": 1, "viseme": "PP", "offset": 0}]),
            ("visemes", [{"offset": 0}]),
            ("weights", {"fps": 100, "offset": 0}),
            ("weights", {"fps": 100, "offset": 0, "names": [], "frames": ""}),
        ):
            right = payload[member]
            payload[member] = wrong
            assert not validator.is_valid(added)
            payload[member] = right


def test_the_schema_turns_away_what_no_codec_sends(wire: Wire) -> None:
    validator = Draft7Validator(schema_of(wire.name))
    (added, *_) = released(wire, CODECS[wire.name][0], Prediction(4, ((12, 18),)))
    payload = added.get("mascotVisemes", added)
    for name, wrong in (
        ("visemes", [{"visemeId": 22, "offset": 0}]),
        ("audio_duration", "100"),
        ("total_chunks", 2),
    ):
        right = payload[name]
        payload[name] = wrong
        assert not validator.is_valid(added)
        payload[name] = right
    assert validator.is_valid(added)
    del payload["audio_event_id"]
    assert not validator.is_valid(added)


def test_azures_events_are_as_the_document_says() -> None:
    session = Session(OpenAICodec(viseme_events="azure"), lambda _: None)  # type: ignore[arg-type,return-value]
    received = session.receive(WIRES["openai"].audio(PCM, 3))
    frames = list(session.release(received, Prediction(4, ((12, 18), (99, 21)))))
    ended = session.receive(json.dumps({"type": "response.output_audio.done", "response_id": "resp_1"}))
    frames += session.release(ended, None)
    messages = DOCUMENT["channels"]["openai"]["messages"]
    validators = {
        name: Draft7Validator({**messages[name]["payload"], "components": DOCUMENT["components"]})
        for name in ("visemeDelta", "visemeDone")
    }
    kinds = ["visemeDelta"] * 3 + ["audio", "visemeDone", "fromProvider"]
    for name, frame in zip(kinds, frames, strict=True):
        if name in validators:
            validators[name].validate(json.loads(frame))
            assert not validators[name].is_valid({**json.loads(frame), "event_id": 7})


def test_translated_audio_is_as_the_document_says() -> None:
    session = Session(TranslationCodec(), lambda _: None)  # type: ignore[arg-type,return-value]
    frame = json.dumps({"type": "session.output_audio.delta", "delta": b64(PCM), "sample_rate": 24000})
    (sent,) = session.release(session.receive(frame), Prediction(4, ((12, 18),)))
    message = DOCUMENT["channels"]["openaiTranslation"]["messages"]["audio"]
    Draft7Validator({**message["payload"], "components": DOCUMENT["components"]}).validate(json.loads(sent))
