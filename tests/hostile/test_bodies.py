"""JSON and forms that are small to send and expensive to read."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
from support.hostile import cpu_seconds, memory_mb
from support.rest import AUTHORIZED, wav

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.conftest import Figures
    from support.processes import ServerProcess

SIZE = 8_000_000
GIVE_UP_SECONDS = 15.0

BOMBS = {
    "arrays": b"[],",
    "strings": b'"",',
    "objects": b"{},",
    "members": b'"a":1,',
    "numbers": b"1,",
    "escapes": b"\\u0041",
}


def _bomb(unit: bytes) -> Iterator[bytes]:
    opening = {b"\\u0041": b'{"audio":"', b'"a":1,': b"{"}.get(unit, b'{"other":[')
    yield opening
    block = unit * (1 << 15)
    yield from itertools.repeat(block, SIZE // len(block))


def _post(server: ServerProcess, content: Iterator[bytes] | bytes, kind: str = "application/json") -> int:
    """Return the status; 0 if the server closed the connection, 599 if it did not answer in time."""
    headers = {**AUTHORIZED, "Content-Type": kind}
    try:
        with httpx.Client(timeout=GIVE_UP_SECONDS) as client:
            return client.post(f"{server.origin}/v1/visemes", content=content, headers=headers).status_code
    except httpx.TimeoutException:
        return 599
    except httpx.TransportError:
        return 0


@pytest.mark.parametrize("kind", BOMBS)
def test_json_bomb(server: ServerProcess, figure: Figures, kind: str) -> None:
    used, memory = cpu_seconds(server), memory_mb(server)
    status = _post(server, _bomb(BOMBS[kind]))
    time.sleep(0.1)
    figure("processor time", cpu_seconds(server) - used, "s", at_most=0.6)
    figure("peak of memory", memory_mb(server, "VmHWM") - memory, "MB", at_most=40)
    figure("status", status, at_least=400, at_most=413)
    assert httpx.get(f"{server.origin}/healthz", timeout=20).is_success


def test_form_of_many_parts(server: ServerProcess, figure: Figures) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n\r\n'
    used = cpu_seconds(server)
    status = _post(server, itertools.repeat(part * 500, 200), "multipart/form-data; boundary=x")
    time.sleep(0.1)
    figure("processor time", cpu_seconds(server) - used, "s", at_most=0.6)
    figure("status", status, at_least=400, at_most=413)


def test_form_of_long_headers(server: ServerProcess, figure: Figures) -> None:
    heads = ('form-data; name="audio"; filename' + " " * 4000, 'form-data; name="audio"' + "; filename" * 400)
    for name, head in zip(("blanks", "repetitions"), heads, strict=True):
        body = f"--x\r\nContent-Disposition: {head}\r\n\r\n\r\n".encode() * 30 + b"--x--\r\n"
        used = cpu_seconds(server)
        status = _post(server, body, "multipart/form-data; boundary=x")
        time.sleep(0.1)
        figure(f"processor time for {name}", cpu_seconds(server) - used, "s", at_most=0.4)
        figure(f"status for {name}", status, at_least=400, at_most=400)


def test_deeply_nested_json(server: ServerProcess, figure: Figures) -> None:
    for path in ("/v1/get-signed-url", "/v1/visemes", "/v1/visemes-audio"):
        for unit in ("[", '{"a":'):
            answer = httpx.post(
                f"{server.origin}{path}", content=unit * 20_000, headers=AUTHORIZED, timeout=15
            )
            figure(f"status of {path} for {unit}", answer.status_code, at_most=400)
    figure("tracebacks", server.logged().count("Traceback"), at_most=0)


def test_file_names_of_rfc_2231(server: ServerProcess, figure: Figures) -> None:
    file = wav(np.random.default_rng(1).integers(-9000, 9000, 16000).astype(np.int16))
    names = (
        "filename*=UTF-8''%E2%82%AC%20rates.wav",
        "filename*0*=UTF-8''%E2%82; filename*1=rates.wav",
        'filename="a.wav"',
    )
    for name in names:
        head = f'Content-Disposition: form-data; name="audio"; {name}'.encode()
        status = _post(
            server, b"--x\r\n%b\r\n\r\n%b\r\n--x--\r\n" % (head, file), "multipart/form-data; boundary=x"
        )
        figure(f"status of {name}", status, at_most=200)
    figure("tracebacks", server.logged().count("Traceback"), at_most=0)


def test_odd_parts_of_forms(server: ServerProcess, figure: Figures) -> None:
    heads = (
        "form-data; name*=UTF-8''audio",
        "form-data",
        "attachment",
        'form-data; name="audio"; filename="a\\',
        'form-data; name="sample_rate"',
    )
    for head in heads:
        body = (
            f"--x\r\nContent-Disposition: {head}\r\nContent-Type: text/plain; charset=no-such".encode()
            + b"\r\n\r\n\xff\r\n--x--\r\n"
        )
        figure(f"status of {head}", _post(server, body, "multipart/form-data; boundary=x"), at_most=400)
    figure("tracebacks", server.logged().count("Traceback"), at_most=0)


def test_wav_of_empty_chunks(server: ServerProcess, figure: Figures) -> None:
    body = b"RIFF\xff\xff\xff\x7fWAVE" + b"junk\0\0\0\0" * 3_000_000
    headers = {**AUTHORIZED, "Content-Type": "audio/wav"}
    # The upload of 24 MB has a cost of its own. Only the additional cost of the chunks counts.
    used = cpu_seconds(server)
    httpx.post(f"{server.origin}/v1/visemes", content=bytes(len(body)), headers=headers, timeout=15)
    plain, used = cpu_seconds(server) - used, cpu_seconds(server)
    status = httpx.post(f"{server.origin}/v1/visemes", content=body, headers=headers, timeout=15).status_code
    figure("processor time beyond the upload", cpu_seconds(server) - used - plain, "s", at_most=0.2)
    figure("status", status, at_least=400, at_most=400)
