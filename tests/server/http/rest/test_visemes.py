"""`POST /v1/visemes`."""

from __future__ import annotations

import base64
import io
import json
import math
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import soundfile
from support.rest import AUTHORIZED, RATE, events, visemes, wav
from support.servers import Providers, RunningServer, run_server

import mascot_visemes
from mascot_server.simulators.core.voice import answer as spoken_answer

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).parents[4]
LIST = {"Accept": "application/json"}
AUDIO_WAV = {"Content-Type": "audio/wav"}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def post(client: httpx.Client, data: bytes, kind: str = "audio/wav", **params: Any) -> httpx.Response:
    return client.post("/v1/visemes", content=data, headers={"Content-Type": kind}, params=params)


def test_events_are_those_of_the_contract(client: httpx.Client, speech: NDArray[np.int16]) -> None:
    response = client.post("/v1/visemes", json={"audio": b64(wav(speech)), "sample_rate": 8000})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    blocks = response.text.removesuffix("\n\n").split("\n\n")
    first = json.loads(blocks[0].removeprefix("data: "))
    assert blocks[0] == f"data: {json.dumps(first, separators=(',', ':'))}"
    assert list(first) == ["visemes", "chunk_progress", "chunk_duration_ms"]
    assert all(list(viseme) == ["visemeId", "offset"] for viseme in first["visemes"])
    found = events(response.text)
    seconds = len(speech) / RATE
    total = math.ceil(seconds)
    assert [event["chunk_progress"] for event in found] == [f"{n + 1}/{total}" for n in range(total)]
    assert sum(event["chunk_duration_ms"] for event in found) == pytest.approx(seconds * 1000, abs=1)


def test_visemes_are_those_of_the_model_chunk_by_chunk(
    client: httpx.Client, speech: NDArray[np.int16]
) -> None:
    stream = mascot_visemes.load().create_stream(sample_rate=RATE)
    expected = []
    for start in range(0, len(speech), RATE):
        expected += stream.accept_waveform(speech[start : start + RATE])
    expected += stream.input_finished()
    found = visemes(events(post(client, wav(speech)).text))
    assert found == [{"visemeId": event.viseme, "offset": event.time_ms} for event in expected]
    assert len(found) > 10


@pytest.mark.parametrize("page", ["docs/rest.md", "packages/mascot-server/README.md"])
def test_pages_show_what_comes(client: httpx.Client, speech: NDArray[np.int16], page: str) -> None:
    lines = [line.strip() for line in (ROOT / page).read_text("utf-8").splitlines()]
    shown = [line for line in lines if line.startswith('data: {"visemes":')]
    assert shown
    answer = post(client, wav(speech)).text.split("\n\n")
    for event, line in zip(answer, shown, strict=False):
        start, end = line.split(",…")
        assert event.startswith(start)
        assert event.endswith(end)


def test_every_way_to_send_a_recording_gives_the_same(
    client: httpx.Client, speech: NDArray[np.int16]
) -> None:
    file, pcm = wav(speech), speech.astype("<i2").tobytes()
    flac, stereo = io.BytesIO(), io.BytesIO()
    soundfile.write(flac, speech, RATE, format="flac")
    soundfile.write(stereo, np.stack((speech, speech), axis=1), RATE, format="wav", subtype="PCM_24")
    rate = {"sample_rate": RATE}
    answers = [
        post(client, file),
        post(client, file, "audio/x-wav", sample_rate=8000),
        post(client, flac.getvalue(), "audio/flac"),
        post(client, stereo.getvalue()),
        post(client, pcm, "audio/pcm;rate=1", **rate),
        client.post("/v1/visemes", json={"audio": b64(file)}),
        client.post("/v1/visemes", content=json.dumps({"audio": b64(pcm), **rate})),
        client.post("/v1/visemes", json={"audio": base64.encodebytes(pcm).decode(), **rate}),
        # A whole number, too: some languages write all numbers with a point.
        client.post("/v1/visemes", json={"audio": b64(pcm), "sample_rate": float(RATE)}),
        client.post("/v1/visemes", files={"audio": ("a.wav", file)}),
        client.post("/v1/visemes", files={"audio": pcm}, data={"sample_rate": str(RATE)}),
    ]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    found = [visemes(events(answer.text)) for answer in answers]
    assert all(each == found[0] for each in found)


@pytest.mark.parametrize("suffix", ["mp3", "ogg"])
def test_lossy_files_are_decoded(client: httpx.Client, speech: NDArray[np.int16], suffix: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, speech, RATE, format=suffix)
    found = events(post(client, file.getvalue(), f"audio/{suffix}").text)
    n, total = found[-1]["chunk_progress"].split("/")
    assert n == total
    expected = visemes(events(post(client, wav(speech)).text))
    assert len(visemes(found)) == pytest.approx(len(expected), rel=0.3)


def test_a_list_instead_of_events(client: httpx.Client, speech: NDArray[np.int16]) -> None:
    response = client.post("/v1/visemes", json={"audio": b64(wav(speech))}, headers=LIST)
    assert response.headers["content-type"] == "application/json"
    assert response.json() == visemes(events(post(client, wav(speech)).text))


@pytest.mark.parametrize(
    "accept", ["*/*", "text/event-stream", "text/event-stream, application/json;q=0.5", "image/png"]
)
def test_events_unless_a_list_is_asked_for(client: httpx.Client, accept: str) -> None:
    response = client.post("/v1/visemes", json={"audio": b64(bytes(3200))}, headers={"Accept": accept})
    assert response.headers["content-type"].startswith("text/event-stream")


def test_the_model_is_the_one_asked_for(client: httpx.Client) -> None:
    models, speech = (
        {},
        spoken_answer(0).samples,
    )  # the models differ on few sounds: the greeting has none of them
    for model in ("default", "indonesian"):
        response = client.post("/v1/visemes", json={"audio": b64(wav(speech)), "model": model})
        models[model] = visemes(events(response.text))
        assert visemes(events(post(client, wav(speech), model=model).text)) == models[model]
    assert models["default"] != models["indonesian"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "audio: is missing"),
        ({"audio": None}, "audio: is missing"),
        ({"audio": 7}, "audio: is missing"),
        ({"audio": ""}, "audio: is empty"),
        ({"audio": "é"}, "audio: is not base64"),
        ({"audio": "AAA"}, "audio: is not base64"),
        ({"audio": "data:audio/wav;base64,UklGRg=="}, "audio: is a data: URI; send only the base64 text behind"),
        ({"audio": "data:audio/mp4;base64,AAAA"}, "audio: is a data: URI; send only the base64 text behind"),
        ({"audio": "AA-_"}, "audio: is not base64"),
        ({"audio": "AA=="  + "A" * 70000}, "audio: is not base64"),
        ({"audio": b64(b"abc")}, "audio: must be a WAV, MP3, FLAC or Ogg file, or PCM16"),
        ({"audio": b64(b"RIFF" + bytes(40))}, "audio: is not a readable WAV file"),
        ({"audio": b64(b"fLaC" + bytes(100))}, "audio: is not readable audio"),
        ({"audio": b64(wav(np.zeros(100, np.int16), 96000))}, "audio: its sample rate is 96000 Hz"),
        ({"audio": b64(wav(np.zeros(0, np.int16)))}, "audio: contains no audio"),
        ({"audio": b64(b"\0\0\0\x1cftypM4A " + bytes(100))}, "audio: MP4 (M4A) cannot be read; convert it"),
        ({"audio": b64(b"\x1aE\xdf\xa3" + bytes(100))}, "audio: WebM (Matroska) cannot be read; convert"),
        ({"audio": {"audio": "AAAA"}}, "audio: is missing"),
        ([{"audio": "AAAA"}], "audio: is missing"),
        ({"audio": "AAAA", "sample_rate": 7999}, "sample_rate: must be a whole number from 8000 to 48000"),
        ({"audio": "AAAA", "sample_rate": True}, "sample_rate: must be"),
        ({"audio": "AAAA", "sample_rate": 16000.5}, "sample_rate: must be"),
        ({"audio": "AAAA", "sample_rate": [16000]}, "sample_rate: must be"),
        ({"audio": "AAAA", "model": "klingon"}, "model: must be one of default, indonesian"),
        ({"audio": "AAAA", "model": ["default"]}, "model: must be"),
    ],
)  # fmt: skip
def test_bad_fields_are_named(client: httpx.Client, fields: Any, problem: str) -> None:
    response = client.post("/v1/visemes", json=fields)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    assert response.json()["error"].startswith(f"Invalid audio data: {problem}")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"audio": NaN}',
        b"7",
        b'{"audio": "AAA=", "audio": "AAA="}',
        b'{"audio": "AAA=',
    ],
)
def test_a_body_of_another_kind(client: httpx.Client, body: bytes) -> None:
    response = client.post("/v1/visemes", content=body)
    assert response.status_code == 400
    assert response.json()["error"].startswith("Invalid audio data: audio: ")


def test_a_body_that_says_it_is_a_file_and_is_none(client: httpx.Client) -> None:
    for kind in ("audio/mpeg", "audio/wav"):
        response = post(client, bytes(1000), kind)
        assert response.status_code == 400
        assert response.json()["error"].startswith("Invalid audio data: audio: is not readable audio")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="audio"\r\n\r\ntext\r\n--x--\r\n',
        ),
    ],
)
def test_forms_without_a_file(client: httpx.Client, kind: str, body: bytes) -> None:
    response = post(client, body, kind)
    assert response.status_code == 400
    assert response.json()["error"].startswith("Invalid audio data: audio: ")


def test_floats_that_are_no_numbers(client: httpx.Client) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.full(100, np.nan), 16000, format="wav", subtype="FLOAT")
    response = post(client, file.getvalue())
    assert response.status_code == 400
    assert "NaN" in response.json()["error"]


def test_a_failure_in_the_middle_is_told_in_both_ways(client: httpx.Client) -> None:
    samples = np.zeros(40000, np.float32)
    samples[20000] = np.inf
    file = io.BytesIO()
    soundfile.write(file, samples, 16000, format="wav", subtype="FLOAT")
    response = post(client, file.getvalue())
    assert response.status_code == 200
    assert 'error: {"message":"Error processing chunk 2","chunk_id":2}\n\n' in response.text
    done, failed = events(response.text)
    assert done["chunk_progress"] == "1/3"
    assert failed["type"] == "error"
    assert failed["error"].startswith("Error processing chunk 2: ")
    assert (failed["chunk_id"], failed["visemes"]) == (2, [])
    assert client.post("/v1/visemes", content=file.getvalue(), headers=LIST | AUDIO_WAV).status_code == 400


@pytest.mark.parametrize("kind", ["audio/wav", "json", "form"])
def test_too_large(client: httpx.Client, kind: str) -> None:
    # Just over the limit, and far over what is read at all.
    for size in (1_000_001, 3_000_000):
        data = bytes(size)
        if kind == "json":
            response = client.post("/v1/visemes", json={"audio": b64(data)})
        elif kind == "form":
            response = client.post("/v1/visemes", files={"audio": data})
        else:
            response = post(client, data, kind)
        assert response.status_code == 413
        assert response.json() == {
            "error": "Invalid audio data: audio: larger than 1000000 bytes (MASCOT_MAX_AUDIO_BYTES)"
        }


def test_too_long(client: httpx.Client) -> None:
    flac = io.BytesIO()
    soundfile.write(flac, np.zeros(13 * 16000), 16000, format="flac")
    for data in (flac.getvalue(), wav(np.zeros(13 * 16000, np.int16), 16000)):
        response = post(client, data)
        assert response.status_code == 413
        assert response.json()["error"] == (
            "Invalid audio data: audio: longer than 12 seconds (MASCOT_MAX_AUDIO_SECONDS)"
        )


def test_without_a_key_it_is_403_and_nothing_is_read(server: RunningServer) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        response = httpx.post(f"{server.origin}/v1/visemes", content=b"nonsense", headers=headers)
        assert (response.status_code, response.json()) == (403, {"error": "Invalid API key"})


def test_the_first_event_comes_before_the_last_chunk_is_heard(providers: Providers) -> None:
    """Ten minutes of audio take a second or more of work; the first event does not wait for it."""
    with run_server(providers.origin, max_audio_bytes=20_000_000) as server:
        body = wav(np.zeros(600 * 16000, np.int16), 16000)
        url, headers = f"{server.origin}/v1/visemes", AUTHORIZED | AUDIO_WAV
        with httpx.stream("POST", url, content=body, headers=headers, timeout=30) as response:
            times = [time.monotonic() for _ in response.iter_lines()]
    assert len(times) >= 600
    assert times[-1] - times[0] > 0.2


def test_a_client_that_goes_frees_its_place(providers: Providers, speech: NDArray[np.int16]) -> None:
    with run_server(providers.origin, rest_concurrency=1, max_audio_bytes=20_000_000) as server:
        url = httpx.URL(server.origin)
        body = wav(np.tile(speech, 100)[: 590 * RATE // 3])
        head = (
            f"POST /v1/visemes HTTP/1.1\r\nhost: x\r\nauthorization: {AUTHORIZED['Authorization']}\r\n"
            f"content-type: audio/wav\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((url.host, url.port)) as connection:
            connection.sendall(head.encode() + body)
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
            full = httpx.post(f"{server.origin}/v1/visemes", json={"audio": "AAA="}, headers=AUTHORIZED)
            assert full.status_code == 503
            assert full.headers["retry-after"] == "1"
            assert full.json() == {"error": "Too many requests in progress; try again"}
        deadline = time.monotonic() + 5
        status = 503
        while status == 503 and time.monotonic() < deadline:
            time.sleep(0.05)
            answer = httpx.post(f"{server.origin}/v1/visemes", json={"audio": "AAA="}, headers=AUTHORIZED)
            status = answer.status_code
        assert status == 200


def test_browsers_may_ask_first(providers: Providers) -> None:
    page = "https://app.example.com"
    with run_server(providers.origin, cors_origins=page) as server:
        for path in ("/v1/visemes", "/v1/visemes-audio"):
            response = httpx.options(
                f"{server.origin}{path}",
                headers={
                    "Origin": page,
                    "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "authorization, content-type",
                },
            )
            assert response.is_success
            assert response.headers["access-control-allow-origin"] == page
        answer = httpx.post(
            f"{server.origin}/v1/visemes", json={"audio": "AAA="}, headers={**AUTHORIZED, "Origin": page}
        )
        assert answer.headers["access-control-allow-origin"] == page


def test_what_the_query_says_twice_or_wrongly_is_refused_for_any_body(client: httpx.Client) -> None:
    file = wav(np.zeros(1600, np.int16))
    twice = post(client, file, sample_rate=[8000, 16000])
    assert (twice.status_code, twice.json()["error"]) == (
        400,
        "Invalid audio data: sample_rate: is given twice",
    )
    for body in ({"json": {"audio": b64(file)}}, {"files": {"audio": file}}):
        wrong = client.post("/v1/visemes", params={"model": "klingon"}, **body)
        assert wrong.status_code == 400
        assert wrong.json()["error"].startswith("Invalid audio data: model: ")
