"""Simulate a provider of all three wire formats; it counts its messages, and misbehaves if an app asks for it."""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import asynccontextmanager
from http import HTTPStatus
from random import Random
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from bench.relay.pacing import CHUNK_S
from bench.relay.wires import PROVIDERS, SIGN_PATH, Messages, Wire, read_tag, sample_rate, tag, wire
from bench.voice import voice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

__all__ = ["ORDER", "Provider", "message", "wires"]

ORDER: Final = "soak_order"
"""Member of an app's frame with a command for this provider: `drop`, `deaf`, `burst` or `interrupt`."""

_BURST_CHUNKS: Final = 300
_DEAF_SECONDS: Final = 4.0
_CHUNKS: Final = 40

_INTERRUPTIONS: Final[dict[str, str]] = {
    "openai": json.dumps(
        {"type": "input_audio_buffer.speech_started", "item_id": "item_soak", "audio_start_ms": 0}
    ),
    "gemini": json.dumps({"serverContent": {"interrupted": True}}),
    "elevenlabs": json.dumps({"type": "interruption", "interruption_event": {"event_id": 1}}),
}


def wires() -> dict[str, Wire]:
    """Return the wire of each provider, with a few seconds of speech cut into chunks."""
    made = {}
    for name in PROVIDERS:
        rate = sample_rate(name)
        pcm, _ = voice(rate)
        size = int(rate * CHUNK_S)
        made[name] = wire(name, [pcm[at : at + size].tobytes() for at in range(0, _CHUNKS * size, size)])
    return made


def message(messages: Messages, speaker: int, number: int) -> bytes:
    """Return a speaker's n-th audio message."""
    return messages.head + tag(speaker, number) + messages.tails[number % len(messages.tails)]


class Provider:
    """A provider that talks to every app, in turns with pauses between them.

    Args:
        spoken: The wires by name.
        seed: Seed of the lengths of turns.

    Attributes:
        lost: Messages of apps that were lost or out of order.
    """

    def __init__(self, spoken: dict[str, Wire], seed: int) -> None:
        self.lost = 0
        self._wires = spoken
        self._random = Random(seed)  # noqa: S311 - a load, not a secret
        self._speakers = itertools.count()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Listen, and return the origin."""
        async with serve(
            self._converse, "127.0.0.1", 0, process_request=self._request, compression=None, max_size=None
        ) as server:
            yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        if not request.path.startswith(SIGN_PATH):
            return None
        url = f"ws://{request.headers['Host']}{self._wires['elevenlabs'].path}"
        answer = connection.respond(HTTPStatus.OK, json.dumps({"signed_url": url}))
        del answer.headers["Content-Type"]
        answer.headers["Content-Type"] = "application/json"
        return answer

    async def _converse(self, app: ServerConnection) -> None:
        assert app.request is not None  # noqa: S101 - there is one after the handshake
        path = urlsplit(app.request.path)
        spoken = next(
            w for w in self._wires.values() if urlsplit(w.path).path.rpartition("/")[2] in path.path
        )
        agent = _Agent(app, spoken, next(self._speakers) % 100_000, Random(self._random.random()))  # noqa: S311
        try:
            await agent.run()
        except ConnectionClosed:
            pass
        finally:
            self.lost += agent.lost


class _Agent:
    """One conversation, from the provider's side."""

    def __init__(self, app: ServerConnection, spoken: Wire, speaker: int, random: Random) -> None:
        self.lost = 0
        self._app = app
        self._wire = spoken
        self._speaker = speaker
        self._random = random
        self._number = 0
        self._heard = 0

    async def run(self) -> None:
        """Send the greeting, then send and receive until the app disconnects."""
        if self._wire.waits:
            await self._app.recv()
        await self._say(self._wire.greeting)
        talking = asyncio.create_task(self._talk())
        try:
            await self._listen()
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)

    async def _talk(self) -> None:
        while True:
            if self._wire.begin is not None:
                await self._say(self._wire.begin)
            for _ in range(self._random.randint(10, 50)):
                await self._say_chunk()
                await asyncio.sleep(CHUNK_S)
            if self._wire.end is not None:
                await self._say(self._wire.end)
            await asyncio.sleep(self._random.uniform(0.2, 1.5))

    async def _listen(self) -> None:
        async for frame in self._app:
            data = frame.encode() if isinstance(frame, str) else frame
            if ORDER.encode() in data:
                await self._obey(json.loads(data)[ORDER])
            elif (found := read_tag(data)) is not None:
                self.lost += found[1] != self._heard
                self._heard = found[1] + 1

    async def _obey(self, order: str) -> None:
        match order:
            case "drop":
                self._app.transport.abort()
            case "deaf":
                self._app.transport.pause_reading()
                await asyncio.sleep(_DEAF_SECONDS)
                self._app.transport.abort()
            case "burst":
                for _ in range(_BURST_CHUNKS):
                    await self._say_chunk()
            case "interrupt":
                await self._say(_INTERRUPTIONS[self._wire.provider].encode())

    async def _say_chunk(self) -> None:
        number, self._number = self._number, self._number + 1
        await self._say(message(self._wire.agent, self._speaker, number))

    async def _say(self, data: bytes) -> None:
        await self._app.send(data, text=not self._wire.agent.binary)
