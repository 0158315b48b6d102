"""An interruption behind a burst: how long it takes to the app.

The provider of one session sends a minute of audio at once and, shortly after, that the agent was interrupted. What is
measured is the time from sending that to its arrival at the app, while the other sessions talk.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final

from picows import WSMsgType

from bench.relay.pacing import CHUNK_S

if TYPE_CHECKING:
    from bench.relay.sockets import App, ProviderSocket
    from bench.relay.wires import Wire

__all__ = ["AFTER_S", "BURST_S", "interrupt"]

BURST_S: Final = 60.0
"""Seconds of audio that are sent at once."""
AFTER_S: Final = 0.3
"""Seconds from the burst to the interruption."""

_LONGEST_S: Final = 20.0
_MARK: Final = "burst"
_INTERRUPTIONS: Final[dict[str, dict[str, Any]]] = {
    "openai": {
        "type": "input_audio_buffer.speech_started",
        "event_id": _MARK,
        "audio_start_ms": 0,
        "item_id": "item_user",
    },
    "gemini": {"benchTag": _MARK, "serverContent": {"interrupted": True}},
    "elevenlabs": {"type": "interruption", "bench_tag": _MARK, "interruption_event": {"event_id": 1}},
}


async def interrupt(wire: Wire, app: App, agent: ProviderSocket) -> float:
    """Send a burst and an interruption in one session.

    Args:
        wire: Its wire.
        app: Its app.
        agent: The provider's end of it, open.

    Returns:
        Milliseconds from sending the interruption to its arrival.

    Raises:
        TimeoutError: It did not arrive.
        ConnectionError: The session is gone.
    """
    message = json.dumps(_INTERRUPTIONS[wire.provider]).encode()
    arrived: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def look(other: bytes, now: int) -> None:
        if other == message and not arrived.done():
            arrived.set_result(now)

    if agent.transport is None or agent.lost:
        raise ConnectionError("the session is gone")
    kind = WSMsgType.BINARY if wire.agent.binary else WSMsgType.TEXT
    app.on_other = look
    try:
        for number in range(round(BURST_S / CHUNK_S)):
            tail = wire.agent.tails[number % len(wire.agent.tails)]
            agent.transport.send(kind, b"".join((wire.agent.head, _MARK.encode(), tail)))
        await asyncio.sleep(AFTER_S)
        sent = time.perf_counter_ns()
        agent.transport.send(kind, message)
        async with asyncio.timeout(_LONGEST_S):
            return (await arrived - sent) / 1e6
    finally:
        app.on_other = None
