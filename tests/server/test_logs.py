"""What is logged, and what never is."""

from __future__ import annotations

import logging

import pytest
from support.apps import (
    CONFIGS,
    PATHS,
    refused,
    sign,
)
from support.servers import API_KEY, SECRET, Providers, RunningServer, run_server
from websockets.asyncio.client import connect

from mascot_server import simulators
from mascot_server.logs import configure_logging

pytestmark = pytest.mark.anyio


async def test_what_is_logged_holds_no_key_and_no_token(
    providers: Providers, capfd: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    secrets = [API_KEY, SECRET, *(str(value) for config in CONFIGS.values() for value in config.values())]
    secrets.remove(simulators.ELEVENLABS_AGENT_ID)
    try:
        configure_logging()
        with run_server(providers.origin) as server:
            for provider in PATHS:
                url, headers = await sign(server, provider)
                secrets += [*headers.values(), url.partition("token=")[2]]
                async with connect(url, additional_headers=headers, proxy=None) as connection:
                    if provider == "gemini":
                        await connection.send('{"setup":{"model":"models/gemini-2.5-flash-preview"}}')
                    await connection.recv()
                await refused(
                    f"{url}?key={headers['x-goog-api-key']}x" if provider == "gemini" else f"{url}x"
                )
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    printed = "".join(capfd.readouterr())
    assert "provider openai" in printed
    # A refused handshake is no error of the server's.
    assert "ERROR" not in printed
    for secret in filter(None, secrets):
        assert secret not in printed


async def test_an_application_that_logs_its_own_way_logs_no_token_either(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url, _ = await sign(server, "elevenlabs")
    async with connect(url, proxy=None) as connection:
        await connection.recv()
    assert "/v1/conversation?token=[redacted]" in caplog.text
    assert url.partition("token=")[2] not in caplog.text
