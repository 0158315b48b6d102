"""Audio that arrives all at once: neither an interruption nor another conversation waits behind it."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from support.apps import sign
from support.hostile import counted
from support.meanwhile import echo_provider, honest
from support.processes import serve_process
from support.raw import Raw, dial_raw, frame, raw_provider
from support.wires import WIRES
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.protocol import State
from websockets.uri import parse_uri

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.conftest import Figures

pytestmark = pytest.mark.anyio

WIRE = WIRES["openai"]
MESSAGES = 600
CHUNK = bytes((i * i // 5) % 251 for i in range(4800))
TRANSCRIPT = json.dumps({"type": "response.output_audio_transcript.done", "transcript": "A minute."})
INTERRUPTION = json.dumps({"type": "input_audio_buffer.speech_started", "audio_start_ms": 10, "item_id": "i"})


@dataclass
class Played:
    """Result of a burst.

    Attributes:
        got: Messages that the app received.
        held: Seconds that the last message spent in the server.
        bare: Messages without visemes, by the server's count.
    """

    got: list[str]
    held: float
    bare: float


async def play(tmp_path: Path, frames: list[str], then: str, *, after: float) -> Played:
    """Let a provider send frames at once and another one a while later.

    Neither peer reads its messages before the end: on a busy machine that would take longer than the measured
    time.
    """
    burst = b"".join(frame(1, message.encode(), masked=False) for message in frames)
    last = frame(1, then.encode(), masked=False)
    sent = 0.0

    async def speak(peer: Raw) -> None:
        nonlocal sent
        reader, writer = peer
        await reader.read(1 << 16)
        writer.write(burst)
        await writer.drain()
        await asyncio.sleep(after)
        sent = time.monotonic()
        writer.write(last)
        while await reader.read(1 << 16):
            pass

    async with raw_provider(speak) as origin:
        with serve_process(tmp_path, origin) as server:
            url, _ = await sign(server, "openai")
            reader, writer = await dial_raw(url)
            writer.write(frame(1, b"go", masked=True))
            got = bytearray()
            async with asyncio.timeout(30):
                while not got.endswith(last):
                    got += await reader.read(1 << 16)
            held = time.monotonic() - sent
            writer.transport.abort()
            messages: list[Any] = []
            unfold(bytes(got), messages)
            return Played(messages, held, counted(server, "mascot_chunks_without_visemes"))


def unfold(data: bytes, messages: list[Any]) -> None:
    """Read frames of a server as `websockets` does."""
    protocol = ClientProtocol(parse_uri("ws://localhost"), state=State.OPEN, max_size=None)
    protocol.receive_data(data)
    messages += [
        bytes(event.data).decode() for event in protocol.events_received() if isinstance(event, Frame)
    ]


@pytest.mark.parametrize("after", [0.05, 0.3])
async def test_an_interruption_passes_a_minute_of_audio(
    after: float, tmp_path: Path, figure: Figures
) -> None:
    frames = [str(WIRE.audio(CHUNK, i)) for i in range(MESSAGES)]
    played = await play(tmp_path, frames, INTERRUPTION, after=after)
    assert played.got[-1] == INTERRUPTION
    assert [WIRE.payload((message,))[1] for message in played.got[:-1]] == frames
    figure("interruption held for", played.held * 1000, "ms", at_most=50)


async def test_a_minute_of_audio_gets_all_its_visemes(tmp_path: Path, figure: Figures) -> None:
    frames = [str(WIRE.audio(CHUNK, i)) for i in range(MESSAGES)]
    played = await play(tmp_path, frames, TRANSCRIPT, after=0.05)
    assert [WIRE.payload((message,))[1] for message in played.got[:-1]] == frames
    # The first may be late on a busy machine.
    figure("messages without visemes", played.bare / MESSAGES * 100, "%", at_most=2)
    figure("a transcript behind them held for", played.held, "s", at_most=20)


async def test_a_minute_in_one_message_holds_up_nobody(tmp_path: Path, figure: Figures) -> None:
    audio = WIRE.audio(CHUNK * MESSAGES, 0)
    begin = asyncio.Event()

    async def speak(peer: Raw) -> None:
        await begin.wait()
        for _ in range(2):
            peer[1].write(frame(1, str(audio).encode(), masked=False))
            await asyncio.sleep(2)

    async with raw_provider(speak) as origin, echo_provider() as echo:
        with serve_process(tmp_path, origin, gemini_url=echo) as server:
            url, _ = await sign(server, "openai")
            reader, writer = await dial_raw(url)
            async with honest(server) as other:
                quiet = await other.talk(2)
                begin.set()
                during = await other.talk(3)
            got = bytearray()
            async with asyncio.timeout(20):
                while len(got) < len(audio):
                    got += await reader.read(1 << 16)
            writer.transport.abort()
            bare = counted(server, "mascot_chunks_without_visemes")
    figure("messages without visemes", bare, at_most=0)
    figure("added p99 of another conversation", during - quiet, "ms", at_most=30)
