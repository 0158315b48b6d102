"""What the parity matrix needs to know of each provider: its frames, and how an app reaches it."""

from __future__ import annotations

import dataclasses
import importlib
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.apps import CONFIGS, PATHS, token_for
from support.wires import (
    OPENAI_BETA,
    OPENAI_LIVE,
    WIRES,
    XAI,
    Wire,
    elevenlabs_metadata,
    gemini_audio,
    openai_beta_session,
    openai_session,
)
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from mascot_server.providers.registry import PROVIDERS
from mascot_server.simulators import OPENAI_API_KEY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from support.servers import RunningServer
    from websockets.asyncio.server import ServerConnection

    from mascot_server.providers.codec import Frame

__all__ = ["SCENARIOS", "Scenario", "provider_of"]

Call = connect


@dataclass(frozen=True)
class Scenario:
    """One provider in the matrix.

    Attributes:
        wire: Its frames.
        config: ``provider_config`` of a signed URL.
        path: Path that apps connect to.
        parameter: Query parameter that carries the token.
        reformat: Frames after which its audio is 16-bit PCM at 16 kHz.
        reformatted: A frame with such audio, the n-th.
        profile: Profile of the named upstream that it is, if it is one.
        missing: Behaviours that its protocol does not have.
    """

    wire: Wire
    config: dict[str, Any]
    path: str
    parameter: str
    reformat: tuple[Frame, ...]
    reformatted: Callable[[bytes, int], Frame]
    profile: str | None = None
    missing: frozenset[str] = frozenset()

    def settings(self, origin: str) -> dict[str, Any]:
        """Settings of a server beside the providers' origin."""
        if self.profile is None:
            return {}
        return {f"{self.wire.name}_upstreams": {"upstream": {"profile": self.profile, "url": origin}}}

    def call(self, server: RunningServer) -> Call:
        """Connect to a server as an app does."""
        origin = f"ws{server.origin.removeprefix('http')}"
        token = token_for(self.wire.name, **self.config)
        url = f"{origin}{self.path}?{self.parameter}={token}"
        return connect(url, compression=None, proxy=None)


def _shipped(
    name: str,
    reformat: tuple[Frame, ...] = (),
    reformatted: Callable[[bytes, int], Frame] | None = None,
    parameter: str = "token",
) -> Scenario:
    wire = WIRES[name]
    return Scenario(wire, CONFIGS[name], PATHS[name], parameter, reformat, reformatted or wire.audio)


SCENARIOS: dict[str, Scenario] = {
    "elevenlabs": _shipped("elevenlabs", (elevenlabs_metadata("pcm_16000"),)),
    "gemini": _shipped(
        "gemini",
        reformatted=lambda data, n: gemini_audio(data, n, "audio/pcm;rate=16000"),
        parameter="key",
    ),
    "openai": _shipped(
        "openai", (openai_session({"type": "audio/pcm", "rate": 16000}, kind="session.updated"),)
    ),
    # Audio without turns and without interruptions, in the format that the session started with.
    "openai_live": Scenario(
        OPENAI_LIVE,
        {"api": "live", "api_key": OPENAI_API_KEY},
        "/v1/openai-live/ws/live/sessions",
        "token",
        (),
        OPENAI_LIVE.audio,
        missing=frozenset({"turn", "interruption", "format_change"}),
    ),
}
SCENARIOS |= {
    f"openai@{profile}": dataclasses.replace(
        SCENARIOS["openai"],
        wire=wire,
        config={"api_key": "k", "model": "m", "upstream": "upstream"},
        profile=profile,
        reformat=reformat,
    )
    for profile, wire, reformat in (
        ("azure", WIRES["openai"], SCENARIOS["openai"].reformat),
        ("azure-preview", OPENAI_BETA, (openai_beta_session("pcm16_16000hz", "session.updated"),)),
        ("azure-voice-live", OPENAI_BETA, (openai_beta_session("pcm16_16000hz", "session.updated"),)),
        ("litellm", WIRES["openai"], SCENARIOS["openai"].reformat),
        ("speaches", OPENAI_BETA, (openai_beta_session("pcm16_16000hz", "session.updated"),)),
        ("xai", XAI, SCENARIOS["openai"].reformat),
    )
}
# A provider from elsewhere brings its scenario along.
SCENARIOS |= {
    name: importlib.import_module(f"mascot_server.providers.{name}.scenario").SCENARIO
    for name in PROVIDERS
    if name not in SCENARIOS
}


@asynccontextmanager
async def provider_of(
    handler: Callable[[ServerConnection], Awaitable[None]], *, status: int = 101
) -> AsyncIterator[str]:
    """Run a scripted provider, whichever one is asked for.

    Args:
        handler: Speaks for it once a socket is open.
        status: HTTP status of its answers to handshakes, if it is to refuse them.
    """

    def answer(connection: ServerConnection, request: Any) -> Any:
        if status != 101:
            return connection.respond(status, "")
        if "get-signed-url" not in request.path:
            return None
        host = request.headers["Host"]
        return connection.respond(200, json.dumps({"signed_url": f"ws://{host}/v1/convai/conversation"}))

    async with serve(handler, "127.0.0.1", 0, process_request=answer, compression=None) as running:
        yield f"http://127.0.0.1:{next(iter(running.sockets)).getsockname()[1]}"
