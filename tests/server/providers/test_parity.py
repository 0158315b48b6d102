"""The parity matrix: each behaviour of a conversation, on every provider, through a real server and real sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from server.providers.scenarios import SCENARIOS, Scenario, provider_of
from support.apps import serving, told

from mascot_server.providers.codec import Audio
from mascot_server.simulators.core.voice import chunks, greeting

if TYPE_CHECKING:
    from support.servers import RunningServer
    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import ServerConnection

    from mascot_server.providers.codec import Frame

pytestmark = pytest.mark.anyio


@pytest.fixture(params=sorted(SCENARIOS))
def scenario(request: pytest.FixtureRequest) -> Scenario:
    """Each provider in turn, for the behaviours that it has."""
    scenario = SCENARIOS[request.param]
    if request.function.__name__.removeprefix("test_") in scenario.missing:
        pytest.skip("n/a: the provider's protocol does not have this")
    return scenario


def speech(start_ms: int, end_ms: int, rate: int = 24000) -> bytes:
    """A stretch of a recorded greeting, as 16-bit PCM."""
    recording = b"".join(chunk.data for chunk in chunks(greeting("en"), rate, "pcm16"))
    return recording[start_ms * rate // 1000 * 2 : end_ms * rate // 1000 * 2]


class Script:
    """A provider that sends frames when the test asks for them."""

    def __init__(self) -> None:
        self.connections: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.done = asyncio.Event()

    async def __call__(self, connection: ServerConnection) -> None:
        """Speak for the provider on one socket."""
        await self.connections.put(connection)
        waiting = asyncio.create_task(self.done.wait())
        closing = asyncio.create_task(connection.wait_closed())
        await asyncio.wait((waiting, closing), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        closing.cancel()

    async def send(self, *frames: Frame) -> ServerConnection:
        """Send frames on the newest socket."""
        connection = await self.connections.get()
        await self.connections.put(connection)
        for frame in frames:
            await connection.send(frame)
        return connection


async def heard(scenario: Scenario, app: ClientConnection, frame: Frame) -> dict[str, Any]:
    """The payload that comes with an audio frame, which itself arrives unchanged."""
    count = len(_sent(scenario, frame))
    payload, bare = scenario.wire.payload(tuple([await app.recv() for _ in range(count)]))
    assert bare == frame
    return payload


def _sent(scenario: Scenario, frame: Frame) -> tuple[Frame, ...]:
    """What the server makes of an audio frame, to know how many messages that is."""
    codec = scenario.wire.codec()
    for opening in scenario.wire.opening:
        codec.see(opening)
    audio = next(event for event in codec.see(frame) if isinstance(event, Audio))
    return codec.attach(frame, audio, '{"visemes":[]}')


async def opened(scenario: Scenario, script: Script, app: ClientConnection) -> None:
    """Send the frames before any audio, and see them arrive as they are."""
    await script.send(*scenario.wire.opening)
    for frame in scenario.wire.opening:
        assert await app.recv() == frame


async def test_turn(scenario: Scenario) -> None:
    """Each audio message has visemes, and a new turn begins with a closed mouth."""
    script = Script()
    async with (
        provider_of(script) as origin,
        serving(origin, **scenario.settings(origin)) as server,
        scenario.call(server) as app,
    ):
        await opened(scenario, script, app)
        frames = [scenario.wire.audio(speech(200 * n, 200 * n + 200), n) for n in range(1, 4)]
        await script.send(*frames)
        payloads = [await heard(scenario, app, frame) for frame in frames]
        assert all(payload["audio_duration"] == 200 for payload in payloads)
        assert any(payload["visemes"] for payload in payloads)
        await script.send(*scenario.wire.turn_end)
        for frame in scenario.wire.turn_end:
            assert await app.recv() == frame
        silence = scenario.wire.audio(bytes(9600), 4)
        await script.send(silence)
        changes = (await heard(scenario, app, silence))["visemes"]
        assert changes[:1] == [{"visemeId": 0, "offset": 0}]


async def test_interruption(scenario: Scenario) -> None:
    """After an interruption the mouth's shape is said anew with the next audio."""
    script = Script()
    async with (
        provider_of(script) as origin,
        serving(origin, **scenario.settings(origin)) as server,
        scenario.call(server) as app,
    ):
        await opened(scenario, script, app)
        before = scenario.wire.audio(speech(200, 400), 1)
        await script.send(before)
        await heard(scenario, app, before)
        await script.send(*scenario.wire.interruption)
        for frame in scenario.wire.interruption:
            assert await app.recv() == frame
        after = scenario.wire.audio(bytes(4800), 9)
        await script.send(after)
        assert (await heard(scenario, app, after))["visemes"] == [{"visemeId": 0, "offset": 0}]


async def test_format_change(scenario: Scenario) -> None:
    """Audio of another sample rate in mid-conversation is timed by that rate."""
    script = Script()
    async with (
        provider_of(script) as origin,
        serving(origin, **scenario.settings(origin)) as server,
        scenario.call(server) as app,
    ):
        await opened(scenario, script, app)
        first = scenario.wire.audio(speech(200, 300), 1)
        await script.send(first, *scenario.reformat)
        assert (await heard(scenario, app, first))["audio_duration"] == 100
        for frame in scenario.reformat:
            assert await app.recv() == frame
        second = scenario.reformatted(speech(300, 400, rate=16000), 2)
        await script.send(second)
        assert (await heard(scenario, app, second))["audio_duration"] == 100


async def test_close_code(scenario: Scenario) -> None:
    """The provider's close code and reason reach the app."""
    script = Script()
    async with (
        provider_of(script) as origin,
        serving(origin, **scenario.settings(origin)) as server,
        scenario.call(server) as app,
    ):
        await opened(scenario, script, app)
        connection = await script.send()
        await connection.close(4321, "out of credit")
        assert await told(app) == (4321, "out of credit")


async def test_refusal(scenario: Scenario) -> None:
    """A provider that answers the handshake with an HTTP error is named in the close reason."""
    async with (
        provider_of(Script(), status=401) as origin,
        serving(origin, **scenario.settings(origin)) as server,
        scenario.call(server) as app,
    ):
        code, reason = await told(app)
        assert code == 1008
        assert reason == (
            f"{scenario.wire.name} refused the connection with HTTP 401: check the API key or token"
        )


async def test_undecodable_audio(scenario: Scenario) -> None:
    """Audio that cannot be read is forwarded as it came, and counted."""
    script = Script()
    async with (
        provider_of(script) as origin,
        serving(origin, **scenario.settings(origin)) as server,
        scenario.call(server) as app,
    ):
        await opened(scenario, script, app)
        await script.send(*scenario.wire.broken)
        for frame in scenario.wire.broken:
            assert await app.recv() == frame
        assert server.metrics.chunks_without_visemes["undecodable",] == len(scenario.wire.broken)


async def test_reconnect(scenario: Scenario) -> None:
    """The same signed URL starts a second conversation, which knows nothing of the first."""
    script = Script()

    async def one(server: RunningServer) -> list[Any]:
        async with scenario.call(server) as app:
            await opened(scenario, script, app)
            frames = [scenario.wire.audio(speech(200 * n, 200 * n + 200), n) for n in range(1, 4)]
            await script.send(*frames)
            payloads = [await heard(scenario, app, frame) for frame in frames]
        await script.connections.get()
        return [payload["visemes"] for payload in payloads]

    async with provider_of(script) as origin, serving(origin, **scenario.settings(origin)) as server:
        assert await one(server) == await one(server)
