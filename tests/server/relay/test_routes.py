"""Visemes in whole conversations over real sockets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.apps import (
    dial,
    first_of,
    serving,
)
from support.servers import Providers, RunningServer, run_server
from support.wires import WIRES, elevenlabs_metadata
from websockets.asyncio.server import serve

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection


pytestmark = pytest.mark.anyio


async def test_unusable_audio_passes_bare_and_is_counted() -> None:
    frames = [elevenlabs_metadata("pcm_24000"), *WIRES["elevenlabs"].broken]

    async def speak(upstream: ServerConnection) -> None:
        for frame in frames:
            await upstream.send(frame)
        await upstream.wait_closed()

    async def sign_locally(connection: ServerConnection, request: Any) -> Any:
        if "get-signed-url" not in request.path:
            return None
        host = request.headers["Host"]
        return connection.respond(200, json.dumps({"signed_url": f"ws://{host}/v1/convai/conversation"}))

    async with serve(speak, "127.0.0.1", 0, process_request=sign_locally) as upstream:
        origin = f"http://127.0.0.1:{next(iter(upstream.sockets)).getsockname()[1]}"
        async with serving(origin) as server:
            async with await dial(server, "elevenlabs") as connection:
                assert [await connection.recv() for _ in frames] == frames
            assert server.metrics.chunks_without_visemes["undecodable",] == len(frames) - 1


async def test_over_budget_the_audio_goes_on_with_an_empty_list_and_is_counted(providers: Providers) -> None:
    with run_server(providers.origin, viseme_budget_ms=0) as server:
        async with await dial(server, "elevenlabs") as connection:
            payloads = [await first_of(connection, "visemes") for _ in range(10)]
        late = server.metrics.chunks_without_visemes["late",]
    # With no time at all nearly every prediction is late; one may be as quick as the question whether it is there.
    assert late > 5
    assert [payload["visemes"] for payload in payloads].count([]) > 5
    assert all(payload["audio_duration"] > 0 for payload in payloads)


async def test_the_same_speech_gives_the_same_visemes(server: RunningServer) -> None:
    runs = []
    for _attempt in range(2):
        async with await dial(server, "elevenlabs") as connection:
            runs.append([await first_of(connection, "visemes") for _ in range(10)])
    assert runs[0] == runs[1]
    assert sum(len(payload["visemes"]) for payload in runs[0]) > 5
