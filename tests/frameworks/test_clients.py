"""Clients of others, each from its own package in an environment of its own: `nox -s frameworks`.

MASCOT_FRAMEWORKS names the folder of these environments. A client whose environment is not in it is skipped.
"""

from __future__ import annotations

import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import jwt
import pytest
from support.servers import API_KEY, API_KEY_ID, SECRET, RunningServer

from mascot_server import simulators
from mascot_server.auth.tokens import Tokens
from mascot_server.providers.gemini import credentials

from .support import certificate, environment_of, run_program, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = Path(__file__).with_name("clients")
OPENAI = {"api_key": simulators.OPENAI_API_KEY}
STARTS_IN_SECONDS = 45
"""How much of the ten minutes is left for LiveKit's first connection, in a process that takes seconds to start."""
RECONNECT_SECONDS = 30
"""How long it keeps a connection: the third one is made later than that in any case."""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server() as server:
        yield server


def sign(
    server: RunningServer, provider: str, config: dict[str, str], trust: ssl.SSLContext | None = None
) -> dict[str, str]:
    answer = httpx.post(
        f"{server.origin}/v1/get-signed-url",
        json={"config": {"provider": provider, "provider_config": config}},
        headers={"Authorization": f"Bearer {API_KEY}"},
        verify=trust or True,
    )
    content: dict[str, str] = answer.raise_for_status().json()
    return content


def openai_url(server: RunningServer) -> str:
    return sign(server, "openai", OPENAI)["signed_url"]


def token_of(url: str) -> str:
    return url.partition("token=")[2]


def run(command: list[str], **settings: str) -> str:
    """Run a client; return what it printed, which is one line."""
    printed = run_program(command, {f"MASCOT_{name.upper()}": value for name, value in settings.items()})
    print(printed.strip())
    (line,) = printed.splitlines()
    return line


def run_python(client: str, **settings: str) -> str:
    python = environment_of(client) / "bin" / "python"
    return run([str(python), str(CLIENTS / f"{client}_client.py")], **settings)


def test_pipecat_with_a_signed_url(server: RunningServer) -> None:
    assert "ms of audio" in run_python("pipecat", signed_url=openai_url(server))


@pytest.mark.parametrize("how", ["signed URL", "base URL and key"])
def test_livekit_agents_connects_again_after_the_ten_minutes(server: RunningServer, how: str) -> None:
    environment_of("livekit")
    started = time.time()
    aged = Tokens([SECRET], clock=lambda: started - 600 + STARTS_IN_SECONDS)
    config = simulators.OPENAI_API_KEY.join(['{"api_key":"', '"}']).encode()
    token = aged.seal("openai", config, key_id=API_KEY_ID, lifetime=7200)
    url = f"{server.origin}/v1/openai-realtime/ws?token={token}"
    line = run_python(
        "livekit",
        base_url=url if how == "signed URL" else f"{server.origin}/v1/realtime",
        token="in-the-signed-url" if how == "signed URL" else token,
        reconnect_seconds=str(RECONNECT_SECONDS),
        how=how,
    )
    assert "3 turns" in line
    # Its last connections were made when the URL started none any more.
    assert time.time() > jwt.decode(token, options={"verify_signature": False})["iat"] + 600


@pytest.mark.parametrize("how", ["signed URL", "base URL and key"])
def test_livekit_agents_for_node(server: RunningServer, tmp_path: Path, how: str) -> None:
    packages = environment_of("node") / "node_modules"
    # Node looks for packages beside the program.
    program = tmp_path / "client.mjs"
    program.write_text((CLIENTS / "livekit_client.mjs").read_text())
    (tmp_path / "node_modules").symlink_to(packages)
    url = openai_url(server)
    line = run(
        ["node", str(program)],
        base_url=url if how == "signed URL" else f"{server.origin}/v1",
        token="in-the-signed-url" if how == "signed URL" else token_of(url),
        plugin=str(packages / "@livekit/agents-plugin-openai"),
        how=how,
    )
    assert "messages with visemes" in line


def test_litellm_with_a_base_url_and_a_key(server: RunningServer) -> None:
    assert "with visemes" in run_python("litellm", origin=server.origin, token=token_of(openai_url(server)))


def test_google_genai_with_vertexai(tmp_path: Path) -> None:
    environment_of("genai")
    key = getattr(credentials, "VERTEX_API_KEY", None)
    if key is None:
        pytest.skip("this server has no configuration for Vertex AI")
    files = certificate(tmp_path)
    with running_server(tls_cert=files.tls_cert, tls_key=files.tls_key) as server:
        trust = ssl.create_default_context(cafile=str(files.authority))
        answer = sign(server, "gemini", {"api": "vertex", "api_key": key}, trust)
        line = run_python(
            "genai",
            origin=answer["base_url"],
            token=answer["api_key"],
            model="gemini-3.8-live",
            authority=str(files.authority),
        )
    assert "with visemes" in line
