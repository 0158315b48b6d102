"""`mascot-server check`."""

from __future__ import annotations

import json
import logging
import os
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import trustme
from click.testing import CliRunner
from support.servers import API_KEY, SECRET

from mascot_server.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.servers import Providers

URLS = ("ELEVENLABS_URL", "OPENAI_URL", "GEMINI_URL", "CARTESIA_URL")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In a folder without `.env`, and with the logging of these tests put back."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MASCOT_")]:
        monkeypatch.delenv(name)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def check(*arguments: str, upstream: str | None = None, **settings: str) -> tuple[int, list[str]]:
    """Runs the command; returns its exit status and its lines."""
    given = {"SECRET": SECRET, "API_KEYS": API_KEY} | settings
    if upstream is not None:
        given = dict.fromkeys(URLS, upstream) | given
    environment = {f"MASCOT_{name}": value for name, value in given.items() if value}
    ran = CliRunner().invoke(main, ["check", *arguments], env=environment)
    return ran.exit_code, ran.output.splitlines()


def test_all_is_well(providers: Providers) -> None:
    status, lines = check(upstream=providers.origin)
    assert status == 0
    assert {line.split()[0] for line in lines} == {"ok"}
    assert any("viseme models: default, indonesian, lite loaded" in line for line in lines)
    assert sum(f"{providers.origin}: connected" in line for line in lines) == len(URLS)


def test_the_models_that_are_asked_for_are_loaded() -> None:
    _, lines = check("--offline", LIVE_MODEL="default")
    assert any("viseme models: default, indonesian loaded" in line for line in lines)


def test_misspelt_settings_are_named() -> None:
    status, lines = check("--offline", SECERT="x", LOG_FROMAT="json")
    assert status == 0
    assert [line for line in lines if line.startswith("note")] == [
        "note     MASCOT_LOG_FROMAT: unknown setting; did you mean MASCOT_LOG_FORMAT?",
        "note     MASCOT_SECERT: unknown setting; did you mean MASCOT_SECRET?",
    ]


def test_missing_settings_are_named_beside_wrong_ones() -> None:
    status, lines = check(PORT="eighty", SECRET="", API_KEYS="", TLS_KEY="no.key", SECERT="x")
    assert status == 1
    assert [line.split()[:2] for line in lines] == [
        ["note", "MASCOT_SECERT:"],
        ["problem", "MASCOT_PORT:"],
        ["problem", "MASCOT_API_KEYS:"],
        ["problem", "MASCOT_SECRET:"],
        ["problem", "MASCOT_TLS_CERT:"],
    ]


def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    certificate = trustme.CA().issue_cert("localhost", not_after=datetime(2020, 2, 3, tzinfo=UTC))
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    status, lines = check("--offline", TLS_CERT="cert.pem", TLS_KEY="key.pem")
    assert status == 1
    assert "problem  MASCOT_TLS_CERT: the certificate expired on 2020-02-03; renew it" in lines


def test_wrong_settings_are_all_named() -> None:
    status, lines = check(PORT="eighty", OPENAI_URL="nowhere")
    assert status == 1
    assert [line.split()[:2] for line in lines] == [
        ["problem", "MASCOT_OPENAI_URL:"],
        ["problem", "MASCOT_PORT:"],
    ]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"SECRET": ""}, "problem  MASCOT_SECRET: missing; generate one with: openssl rand -hex 32"),
        ({"TLS_CERT": "no.pem"}, "problem  MASCOT_TLS_CERT: must be the path of a PEM file"),
        ({"KOKORO_MODEL": "no.onnx"}, "problem  MASCOT_KOKORO_MODEL: there is no no.onnx"),
        ({"HOST": "0.0.0.0"}, "note     MASCOT_PUBLIC_URL: not set"),  # noqa: S104
        ({"WORKERS": "2"}, "note     MASCOT_REDIS_URL: not set; each worker"),
        ({"KEY_STORE": "keys.db"}, "ok       key store: 0 keys"),
        ({"KEY_STORE": "no/keys.db"}, "problem  MASCOT_KEY_STORE: "),
    ],
)
def test_what_is_wrong_is_said_without_the_network(settings: dict[str, str], line: str) -> None:
    status, lines = check("--offline", upstream="http://127.0.0.1:1", **settings)
    assert [found for found in lines if found.startswith(line)]
    assert status == line.startswith("problem")
    assert not any("127.0.0.1:1" in found for found in lines)


@pytest.mark.parametrize("arguments", [(), ("--offline",)])
def test_it_connects_to_the_providers_without_a_request_and_not_at_all_offline(
    arguments: tuple[str, ...],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        status, _ = check(*arguments, upstream=f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert status == 0
        listener.settimeout(0)
        received: list[bytes] = []
        with suppress(BlockingIOError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(5)
                    received.append(connection.recv(100))
    assert received == ([] if arguments else [b""] * len(URLS))


def test_named_upstreams_are_looked_at(providers: Providers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = f"http://127.0.0.1:{listener.getsockname()[1]}"
    upstreams = {
        "here": {"profile": "localai", "url": f"{providers.origin}/localai"},
        "gone": {"profile": "speaches", "url": gone},
    }
    status, lines = check(upstream=providers.origin, OPENAI_UPSTREAMS=json.dumps(upstreams))
    assert status == 1
    assert any(f"{providers.origin}/localai: connected" in line for line in lines)
    (problem,) = (line for line in lines if line.startswith("problem"))
    assert problem.startswith(f"problem  MASCOT_OPENAI_UPSTREAMS, gone: {gone} cannot be reached")


def test_a_provider_and_a_redis_that_are_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    status, lines = check(upstream=f"http://127.0.0.1:{port}", REDIS_URL=f"redis://:pass@127.0.0.1:{port}/0")
    assert status == 1
    problems = [line for line in lines if line.startswith("problem")]
    assert problems[0].startswith("problem  MASCOT_REDIS_URL: ")
    assert f"problem  MASCOT_OPENAI_URL: http://127.0.0.1:{port} cannot be reached" in "\n".join(problems)
    assert len(problems) == 1 + len(URLS)
    assert "pass@" not in "\n".join(lines)


@contextmanager
def foreign_tls() -> Iterator[str]:
    """A server with a certificate that nobody trusts."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                        secured.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"https://localhost:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_a_certificate_that_is_not_trusted_is_told() -> None:
    with foreign_tls() as origin:
        status, lines = check(upstream=origin)
    assert status == 1
    assert f"problem  MASCOT_GEMINI_URL: {origin}: TLS failed: CERTIFICATE_VERIFY_FAILED" in lines
