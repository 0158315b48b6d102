"""Bodies of requests with audio: what may be long in them, how slowly they may come, how many of a key at once."""

from __future__ import annotations

import itertools
import json
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rest import AUTHORIZED, wav
from support.servers import API_KEY, Providers, run_server

from mascot_server.errors import TooManyRequests, Unavailable
from mascot_server.http.rest.background import Background
from mascot_server.http.rest.form import FormReader
from mascot_server.http.rest.json_audio import MAX_OTHER_BYTES, JsonAudioReader, OtherFieldsTooLongError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORM = {"Content-Type": "multipart/form-data; boundary=x"}

HEAD = f"POST /v1/visemes HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {API_KEY}\r\ncontent-length: 99\r\n"


def part(disposition: str, body: bytes) -> bytes:
    return f"--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + body + b"\r\n"


def fed(reader: FormReader, body: bytes, cuts: list[int]) -> bytes:
    edges = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    data = b"".join(reader.feed(body[start:end]) for start, end in itertools.pairwise(edges))
    reader.finish()
    return data


@given(
    data=st.binary(max_size=200) | st.just(b"\r\n--x\r\r\n-"),
    name=st.sampled_from(
        ['filename="a.wav"', "filename*=UTF-8''%E2%82%AC.wav", "filename*0=a; filename*1=.wav"]
    ),
    cuts=st.lists(st.integers(1, 400), max_size=8),
)
def test_a_form_is_the_same_wherever_it_is_cut(data: bytes, name: str, cuts: list[int]) -> None:
    data = data.replace(b"\r\n--x", b"")
    body = part(f'name="audio"; {name}', data) + part('name="sample_rate"', b"24000") + b"--x--\r\n"
    reader = FormReader("x")
    assert fed(reader, body, cuts) == data
    assert (reader.found, reader.fields) == (1, {"sample_rate": "24000"})


@pytest.mark.parametrize(
    "body",
    [
        part('name="model"', b"default") * 2 + b"--x--\r\n",
        part('name="model"', b"d" * 100) + b"--x--\r\n",
        part('name="other"', b"") * 100 + b"--x--\r\n",
        part('name="audio"; filename="a"', b"cut")[:-2],
        b"--x\r\nX-Long: " + b"a" * 10_000 + b"\r\n\r\n",
    ],
)
def test_forms_that_are_refused(body: bytes) -> None:
    reader = FormReader("x")
    with pytest.raises(ValueError, match=r"."):
        fed(reader, body, [])


@given(st.binary(max_size=300))
def test_any_bytes_are_read_as_a_form_or_refused(body: bytes) -> None:
    try:
        reader = FormReader("x")
        fed(reader, body, [])
    except ValueError:
        return
    assert body.endswith(b"--") or b"--x--" in body


@pytest.mark.parametrize("unit", ["[],", '"",', '"a":1,', "    ", '"audio":"",'])
def test_what_stands_beside_the_audio_is_refused_when_it_is_long(unit: str) -> None:
    body = ('{"audio":"AAAA","other":[' + unit * MAX_OTHER_BYTES).encode()
    reader = JsonAudioReader()
    with pytest.raises(OtherFieldsTooLongError):
        reader.feed(body)


def test_other_fields_of_a_usual_length_are_let_pass(client: httpx.Client) -> None:
    fields = {"note": "x" * 8000, "audio": "AAA=", "nested": [[{"a": []}]] * 100}
    assert client.post("/v1/visemes", json=fields).status_code == 200


def test_the_answer_says_what_is_too_long(client: httpx.Client) -> None:
    response = client.post("/v1/visemes", content='{"audio":"AAA=","other":[' + "[]," * 500_000)
    assert response.status_code == 400
    assert response.json()["error"].startswith(
        "Invalid audio data: audio: the other JSON fields are longer than"
    )


def test_a_file_name_in_the_form_of_rfc_2231(client: httpx.Client, speech: NDArray[np.int16]) -> None:
    body = part("name=\"audio\"; filename*=UTF-8''%E2%82%AC.wav", wav(speech)) + b"--x--\r\n"
    assert client.post("/v1/visemes", content=body, headers=FORM).status_code == 200


def test_two_files(client: httpx.Client) -> None:
    body = part('name="audio"; filename="a"', bytes(4)) * 2 + b"--x--\r\n"
    response = client.post("/v1/visemes", content=body, headers=FORM)
    assert (response.status_code, response.json()) == (
        400, {"error": "Invalid audio data: audio: is given twice"},
    )  # fmt: skip


def test_one_key_has_half_of_the_places() -> None:
    background = Background(3)
    with ExitStack() as taken:
        taken.enter_context(background.slot("a"))
        second = taken.enter_context(ExitStack())
        second.enter_context(background.slot("a"))
        with pytest.raises(TooManyRequests, match="at most 2"), background.slot("a"):
            pass
        second.close()
        taken.enter_context(background.slot("a"))
        taken.enter_context(background.slot("b"))
        with pytest.raises(Unavailable), background.slot("c"):
            pass
    with background.slot("c"):
        pass


@pytest.mark.parametrize("body", [b'{"audio":"', b'{"audio":"AAAA', b""])
def test_a_body_that_does_not_come_is_answered_and_its_connection_closed(
    providers: Providers, body: bytes
) -> None:
    with run_server(providers.origin, upload_seconds=0.3) as server:
        url = httpx.URL(server.origin)
        with socket.create_connection((url.host, url.port), timeout=20) as connection:
            connection.sendall(f"{HEAD}\r\n".encode() + body)
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    headers, _, content = answer.partition(b"\r\n\r\n")
    assert headers.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in headers.lower()
    assert json.loads(content) == {"error": "The request body arrives too slowly (MASCOT_UPLOAD_SECONDS)"}


def test_slow_bodies_of_one_key_leave_places_to_others(providers: Providers) -> None:
    keys = f"{API_KEY},another-key"
    with run_server(providers.origin, api_keys=keys, rest_concurrency=4) as server, ExitStack() as slow:
        url = httpx.URL(server.origin)
        for _ in range(2):
            connection = slow.enter_context(socket.create_connection((url.host, url.port)))
            # Once the server asks for the body, the request has its place.
            connection.sendall(f"{HEAD}expect: 100-continue\r\n\r\n".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 100")
        statuses = [
            httpx.post(f"{server.origin}/v1/visemes", json={"audio": "AAA="}, headers=headers).status_code
            for headers in (AUTHORIZED, {"Authorization": "Bearer another-key"})
        ]
    assert statuses == [429, 200]
