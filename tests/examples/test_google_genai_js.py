"""Google's SDK for JavaScript under Node.js, in both of its modes, through the server."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.servers import API_KEY, run_server, run_simulators, wait_for_room

from examples.web.page import build_page
from mascot_client import GeminiConfig, MascotClient
from mascot_server import simulators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.servers import RunningServer

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("gemini_session.mjs")
SECONDS = 60

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="no npm: install Node.js 20 or newer")

CONFIGS = {
    "cloud": GeminiConfig(
        api="vertex",
        access_token=simulators.VERTEX_ACCESS_TOKEN,
        project=simulators.VERTEX_PROJECT,
        location="eu",
    ),
    "express": GeminiConfig(api="vertex", api_key=simulators.VERTEX_API_KEY),
    "developer": GeminiConfig(api_key=simulators.GEMINI_API_KEY),
}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    # Installs the SDK, too.
    build_page()
    with run_simulators(burst=50, playback=math.inf) as providers, run_server(providers.origin) as server:
        wait_for_room(server.origin)
        yield server


def turn(server: RunningServer, config: GeminiConfig, options: dict[str, bool]) -> Any:
    with MascotClient(api_key=API_KEY, base_url=server.origin) as mascot:
        answer = mascot.get_signed_url(config)
    node = shutil.which("node") or "node"
    given = {"api_key": answer.api_key, "base_url": answer.base_url}
    done = subprocess.run(
        [node, "--input-type=module", "-", json.dumps(given), json.dumps(options)],
        # The program is read from stdin, so that the SDK is found from here.
        cwd=ROOT / "examples" / "web",
        input=PROGRAM.read_text("utf-8"),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("option", ["vertexai", "enterprise"])
def test_in_vertex_mode_visemes_are_in_the_metadata(server: RunningServer, config: str, option: str) -> None:
    seen = turn(server, CONFIGS[config], {option: True})
    assert seen["milliseconds"] == seen["bytes"] / 48 > 0
    assert seen["inMetadata"] > 0
    assert seen["inMessage"] == 0


@pytest.mark.parametrize("config", CONFIGS)
def test_otherwise_they_are_in_the_message(server: RunningServer, config: str) -> None:
    seen = turn(server, CONFIGS[config], {"vertexai": False})
    assert seen["milliseconds"] == seen["bytes"] / 48 > 0
    assert seen["inMessage"] > 0
    assert seen["inMetadata"] == 0
