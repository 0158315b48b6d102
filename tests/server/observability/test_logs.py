"""What is logged, and what never is."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import subprocess
import sys
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
from mascot_server.observability.logs import JsonFormatter, SessionLog, configure_logging
from mascot_server.observability.redaction import redact

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
        ("a key AQ.Ab8RN6JZ2jYkQ-long_enough of Google's", "a key [redacted] of Google's"),
        ("an access token ya29.a0AfH6SMB_x-y.z", "an access token [redacted]"),
        ("Authorization: Token abcdefgh", "Authorization: [redacted]"),
        ("xi-api-key: 0123456789abcdef", "xi-api-key: [redacted]"),
        ("cookie: a=b; c=d\nhost: x", "cookie: [redacted]\nhost: x"),
        ("sec-websocket-protocol: realtime, a.key", "sec-websocket-protocol: [redacted]"),
        ("{'xi-api-key': 'abc', 'host': 'x'}", "{'xi-api-key': '[redacted]', 'host': 'x'}"),
        ("[(b'xi-api-key', b'abc'), (b'a', b'b')]", "[(b'xi-api-key', b'[redacted]'), (b'a', b'b')]"),
        ('{"api_key":"abc","agent_id":"x"}', '{"api_key":\'[redacted]\',"agent_id":"x"}'),
        ('{"tts_api_key": "abc"}', "{\"tts_api_key\": '[redacted]'}"),
        ("wss://h/?a=1&conversation_signature=abc&b=2", "wss://h/?a=1&conversation_signature=[redacted]&b=2"),
        ("names/auth_tokens%2Fabc", "names/[redacted]"),
        ("realtime, openai-insecure-api-key.abc", "realtime, [redacted]"),
        ("cvtkn_123_abc and ya29.abc", "[redacted] and [redacted]"),
        ("postgres://user:abc@host", "postgres://user:[redacted]@host"),
        ("tts_api_key: must be printable ASCII", "tts_api_key: must be printable ASCII"),
        ("MASCOT_API_KEYS: missing", "MASCOT_API_KEYS: missing"),
        (
            "Invalid or expired token: ask for a new signed URL",
            "Invalid or expired token: ask for a new signed URL",
        ),
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


UNTIDY = """
import asyncio, logging, sys, threading, warnings
from mascot_server import load_settings
from mascot_server.observability.logs import configure_logging, log_uncaught

configure_logging(level="debug", secrets=[load_settings(api_keys="a-plain-secret", redis_url="redis://:pass%20word@h")])
log_uncaught()

class Unraisable:
    def __del__(self):
        raise ValueError("a-plain-secret")

class Protocol(asyncio.Protocol):
    def fail(self, data):
        raise ValueError("no secret")

async def main():
    asyncio.get_running_loop().call_soon(Protocol().fail, b"what people say")
    await asyncio.sleep(0)

logging.getLogger("mascot_server.x").debug("shown: %s", "a-plain-secret redis://:pass%20word@h pass word")
for name in ("uvicorn.error", "websockets.server", "httpx", "httpcore.http11", "litestar", "any.library"):
    logging.getLogger(name).debug("not shown")
logging.getLogger("any.library").info("%d", "a-plain-secret")
warnings.warn("warned of a-plain-secret")
thread = threading.Thread(target=lambda: {}["a-plain-secret"])
thread.start()
thread.join()
asyncio.run(main())
Unraisable()
sys.stderr.flush()
raise KeyError("a-plain-secret")
"""


def test_what_python_prints_by_itself_is_redacted_too() -> None:
    ran = subprocess.run([sys.executable, "-c", UNTIDY], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    printed = ran.stdout + ran.stderr
    for secret in ("a-plain-secret", "pass word", "pass%20word", "what people say", "not shown"):
        assert secret not in printed
    assert "shown: [redacted]" in printed
    assert "a log record of any.library was lost: TypeError" in printed
    assert "UserWarning: warned of [redacted]" in printed
    assert printed.count("KeyError: '[redacted]'") == 2
    assert "ValueError: [redacted]" in printed
    assert "ValueError: no secret" in printed
