"""What is logged, and what never is."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from typing import TYPE_CHECKING, Any

import pytest
from support.apps import (
    CONFIGS,
    PATHS,
    refused,
    sign,
    told,
)
from support.processes import serve_process
from support.servers import API_KEY, SECRET, RunningServer
from websockets.asyncio.client import connect

from mascot_server import simulators
from mascot_server.logs import JsonFormatter, SessionLog, configure_logging
from mascot_server.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.servers import Providers

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("log_format", ["console", "json"])
async def test_nothing_a_whole_run_prints_holds_a_secret(
    log_format: str, providers: Providers, tmp_path: Path
) -> None:
    secrets = {API_KEY, SECRET, "redis-password"}
    for config in CONFIGS.values():
        secrets |= {str(value) for name, value in config.items() if name != "agent_id"}
    assert simulators.ELEVENLABS_AGENT_ID not in secrets
    with serve_process(tmp_path, providers.origin, log_format=log_format, log_level="debug") as server:
        for provider in PATHS:
            url, headers = await sign(server, provider)
            secrets |= {*headers.values(), url.partition("token=")[2]}
            async with connect(url, additional_headers=headers, proxy=None) as connection:
                if provider == "gemini":
                    await connection.send('{"setup":{"model":"models/gemini-2.5-flash-preview"}}')
                await connection.recv()
                await asyncio.gather(connection.close(), told(connection))
            # With a wrong token, and with a wrong key of the provider's inside a good one.
            await refused(f"{url}?key={headers['x-goog-api-key']}x" if provider == "gemini" else f"{url}x")
            wrong = "sk_a_wrong_provider_key"
            secrets.add(wrong)
            name = "api_key" if provider == "elevenlabs" else "ephemeral_token"
            url, headers = await sign(server, provider, **{name: wrong})
            secrets |= {*headers.values(), url.partition("token=")[2]}
            async with connect(url, additional_headers=headers, proxy=None) as connection:
                await told(connection)
        server.process.send_signal(signal.SIGTERM)
        printed, _ = await asyncio.to_thread(server.process.communicate, timeout=20)
        printed += server.logged()
    assert "provider openai" in printed
    # A refused handshake is no error of the server's.
    assert "ERROR" not in printed.upper().replace("UVICORN.ERROR", "")
    for secret in filter(None, secrets):
        assert secret not in printed
    if log_format == "json":
        records = [json.loads(line) for line in server.logged().splitlines()]
        ended = [record for record in records if "closed_by" in record]
        assert {record["provider"] for record in ended} == set(PATHS)
        for record in ended:
            assert record["level"] == "info"
            assert record["message"].startswith(f"session {record['session']}: closed by ")
            assert record["seconds"] > 0
            assert record["chunks"] >= record["chunks_without_visemes"] >= 0
        assert [record["code"] for record in ended if record["closed_by"] == "app"] == [1000, 1000, 1000]


async def test_an_application_that_logs_its_own_way_logs_no_token_either(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url, _ = await sign(server, "elevenlabs")
    async with connect(url, proxy=None) as connection:
        await connection.recv()
    assert "/v1/conversation?token=[redacted]" in caplog.text
    assert url.partition("token=")[2] not in caplog.text


def as_json(**values: Any) -> dict[str, Any]:
    record = logging.makeLogRecord({"name": "a", "levelname": "INFO", "msg": "m", **values})
    parsed = json.loads(JsonFormatter().format(record))
    assert isinstance(parsed, dict)
    return parsed


def test_a_json_line_has_the_fields_it_was_given() -> None:
    line = as_json(msg="took %d", args=(3,), seconds=1.5, code=1000, note=None)
    assert line["message"] == "took 3"
    assert line["level"] == "info"
    assert (line["seconds"], line["code"], line["note"]) == (1.5, 1000, None)
    assert line["time"].endswith("+00:00")


def test_secrets_in_exceptions_and_fields_are_blanked_out_of_json() -> None:
    error = ValueError("GET /?api_key=sk-abc failed for 'Bearer abcdefgh\"ijkl'")
    line = as_json(
        exc_info=(ValueError, error, None), url="wss://h/?token=eyJhbGciOi", where={"key": "ek_123"}
    )
    assert "sk-abc" not in line["exception"]
    assert "abcdefgh" not in line["exception"]
    assert "ValueError: GET /?api_key=[redacted] failed" in line["exception"]
    assert line["url"] == "wss://h/?token=[redacted]"
    assert line["where"] == "{'key': '[redacted]'}"


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("redis://:redis-password@cache:6379/0", "redis://:[redacted]@cache:6379/0"),
        ("rediss://user:p%40ss@cache", "rediss://user:[redacted]@cache"),
        ("https://api.example.com:8443/a@b", "https://api.example.com:8443/a@b"),
        ("Authorization: Token abcdefgh", "Authorization: Token [redacted]"),
    ],
)
def test_what_looks_like_a_secret_is_blanked_out(text: str, blank: str) -> None:
    assert redact(text) == blank


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_the_level_is_that_of_the_settings(root: logging.Logger, capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging("console", "warning")
    log = SessionLog(logging.getLogger("mascot_server.test"), session="s1", provider="openai")
    log.info("not this")
    log.warning("but %s", "this")
    assert capfd.readouterr().err.endswith("WARNING mascot_server.test: session s1: but this\n")
    assert root.level == logging.WARNING
