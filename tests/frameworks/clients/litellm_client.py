"""LiteLLM: its proxy in front of our server, which it is given as `api_base` and `api_key`."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

STARTS_WITHIN_SECONDS = 120
KEY = f"sk-{secrets.token_hex(32)}"
"""Of the proxy itself, which does not start without one."""


def configuration() -> str:
    """The proxy's own file, as JSON, which is YAML as well."""
    parameters = {
        "model": "openai/gpt-realtime",
        "api_base": os.environ["MASCOT_ORIGIN"],
        "api_key": os.environ["MASCOT_TOKEN"],
    }
    models = [{"model_name": "voice", "litellm_params": parameters}]
    return json.dumps({"model_list": models, "general_settings": {"master_key": KEY}})


async def dial(url: str, proxy: subprocess.Popen[bytes]) -> ClientConnection:
    """Connect as soon as the proxy listens."""
    async with asyncio.timeout(STARTS_WITHIN_SECONDS):
        while True:
            assert proxy.poll() is None, "the proxy has ended"
            try:
                return await connect(url, additional_headers={"Authorization": f"Bearer {KEY}"}, proxy=None)
            except OSError:
                await asyncio.sleep(0.2)


async def first(connection: ClientConnection, kind: str) -> Any:
    async with asyncio.timeout(60):
        while True:
            event = json.loads(await connection.recv())
            assert event["type"] != "error", event
            if event["type"] == kind:
                return event


async def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.yaml"
        file.write_text(configuration())
        command = [
            str(Path(sys.executable).with_name("litellm")),
            "--config",
            str(file),
            "--host",
            "127.0.0.1",
        ]
        proxy = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
            [*command, "--port", str(port)], stdout=sys.stderr.buffer
        )
        try:
            connection = await dial(f"ws://127.0.0.1:{port}/v1/realtime?model=voice", proxy)
            async with connection:
                await first(connection, "session.created")
                item = {
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "Hello"}],
                }
                await connection.send(json.dumps({"type": "conversation.item.create", "item": item}))
                await connection.send('{"type":"response.create"}')
                delta = await first(connection, "response.output_audio.delta")
        finally:
            proxy.terminate()
            proxy.wait()
    duration = delta["mascotVisemes"]["audio_duration"]
    print(
        f"litellm {version('litellm')}: a message of {duration} ms with visemes came through its proxy, "
        "by base URL and key"
    )


asyncio.run(main())
