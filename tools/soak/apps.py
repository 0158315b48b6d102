"""Simulate apps: honest ones check every message that they receive; the others fail like real apps."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from bench.relay.pacing import CHUNK_S
from bench.relay.wires import read_tag
from tools.soak.provider import ORDER, message

if TYPE_CHECKING:
    from random import Random

    from websockets.asyncio.client import ClientConnection

    from bench.relay.wires import Wire

__all__ = ["Apps", "Hurt", "NoRoomError"]

_PATIENCE: Final = 60.0
"""Seconds that an app waits for a handshake, enough to restart a killed worker."""


class NoRoomError(Exception):
    """The server is overloaded (503), or the key is at its limit (429).

    Attributes:
        status: Which of the two.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Hurt:
    """An honest conversation that went wrong.

    Attributes:
        provider: Name of the provider.
        port: The app's local port; 0 without a connection.
        began: Start time of the monotonic clock.
        why: The error.
    """

    provider: str
    port: int
    began: float
    why: str


@dataclass
class Apps:
    """All apps that connect to the server.

    Attributes:
        origin: Origin of the server.
        keys: API keys by purpose.
        wires: The wires by provider.
        random: Source of all choices.
        http: Client for signed URLs.
        done: Number of runs by kind of app.
        hurt: Honest conversations that failed.
        messages: Audio messages that honest apps received and checked.
        bare: Audio messages without visemes.
    """

    origin: str
    keys: dict[str, str]
    wires: dict[str, Wire]
    random: Random
    http: httpx.AsyncClient
    done: Counter[str] = field(default_factory=Counter)
    hurt: list[Hurt] = field(default_factory=list)
    messages: int = 0
    bare: int = 0

    async def dial(self, spoken: Wire, *, key: str = "load") -> ClientConnection:
        """Ask for a signed URL and connect.

        Raises:
            NoRoomError: The server rejected it temporarily.
        """
        body = {"config": {"provider": spoken.provider, "provider_config": spoken.provider_config}}
        answer = await self.http.post(
            f"{self.origin}/v1/get-signed-url",
            json=body,
            headers={"Authorization": f"Bearer {self.keys[key]}"},
        )
        if answer.status_code in {429, 503}:
            raise NoRoomError(answer.status_code)
        signed: dict[str, str] = answer.raise_for_status().json()
        headers = {}
        url = signed.get("signed_url")
        if url is None:
            url = f"ws{signed['base_url'].removeprefix('http')}{spoken.path}"
            headers = {"x-goog-api-key": signed["api_key"]}
        try:
            return await connect(
                url,
                additional_headers=headers,
                compression=None,
                proxy=None,
                open_timeout=_PATIENCE,
                max_size=None,
            )
        except InvalidStatus as refusal:
            if refusal.response.status_code in {429, 503}:
                raise NoRoomError(refusal.response.status_code) from None
            raise

    async def honest(self) -> None:
        """Hold a conversation and check that each message of audio comes, in order and as it was sent."""
        spoken = self._any_wire()
        port, began = 0, time.monotonic()
        try:
            socket = await self.dial(spoken)
            port = socket.local_address[1]
            async with socket:
                if spoken.hello is not None:
                    await socket.send(spoken.hello, text=True)
                talking = asyncio.create_task(self._talk(socket, spoken))
                try:
                    async with asyncio.timeout(self.random.uniform(5, 20)):
                        await self._check(socket, spoken)
                except TimeoutError:
                    """It has sent all its messages."""
                finally:
                    talking.cancel()
                    await asyncio.gather(talking, return_exceptions=True)
        except NoRoomError:
            self.done["honest, rejected for now"] += 1
            await asyncio.sleep(0.5)
            return
        except (ConnectionClosed, InvalidHandshake, OSError, httpx.HTTPError, ValueError) as error:
            self.hurt.append(Hurt(spoken.provider, port, began, f"{type(error).__name__}: {error}"))
            return
        self.done["honest"] += 1

    async def _check(self, socket: ClientConnection, spoken: Wire) -> None:
        speaker = expected = -1
        payload_came = False
        async for frame in socket:
            data = frame.encode() if isinstance(frame, str) else frame
            tagged = read_tag(data)
            if tagged is None:
                payload_came = b'"visemes"' in data[:40]
                continue
            speaker = tagged[0] if speaker < 0 else speaker
            expected += 1
            if tagged != (speaker, expected):
                raise ValueError(f"message {expected} of speaker {speaker} expected, {tagged} came")
            sent = message(spoken.agent, speaker, expected)
            if not data.startswith(sent if spoken.provider == "elevenlabs" else sent[:-1]):
                raise ValueError(f"message {expected} was changed")
            self.messages += 1
            self.bare += not (payload_came or b'"mascotVisemes"' in data[len(sent) - 1 :])
            payload_came = False

    async def _talk(self, socket: ClientConnection, spoken: Wire) -> None:
        number = 0
        while True:
            await socket.send(message(spoken.microphone, 0, number), text=True)
            number += 1
            if self.random.random() < 0.02:  # noqa: PLR2004 - about every five seconds
                await self.order(socket, "interrupt")
                self.done["interruption"] += 1
            await asyncio.sleep(CHUNK_S)

    async def use_limits(self, count: int) -> None:
        """Open and close conversations of the key with limits, so that workers open their stores."""
        for _ in range(count):
            with suppress(NoRoomError):
                await (await self.dial(self._any_wire(), key="limited")).close()

    async def order(self, socket: ClientConnection, what: str) -> None:
        """Send the provider a command."""
        await socket.send(json.dumps({ORDER: what}))

    async def begun(self) -> ClientConnection:
        """Begin a conversation that will fail."""
        spoken = self._any_wire()
        socket = await self.dial(spoken)
        if spoken.hello is not None:
            await socket.send(spoken.hello, text=True)
        await socket.recv()
        return socket

    def _any_wire(self) -> Wire:
        return self.wires[self.random.choice(sorted(self.wires))]

    def address(self) -> tuple[str, int]:
        """Return host and port of the server."""
        url: Any = httpx.URL(self.origin)
        return url.host, url.port
