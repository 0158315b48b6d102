"""LiveKit Agents: `RealtimeModel`, which opens a new connection every so often, with a URL or a base URL and a key."""

from __future__ import annotations

import asyncio
import os
from importlib.metadata import version
from typing import Any

import aiohttp
from livekit.plugins.openai.realtime import RealtimeModel

RECONNECTIONS = 2


async def main() -> None:
    async with aiohttp.ClientSession() as http:
        model = RealtimeModel(
            base_url=os.environ["MASCOT_BASE_URL"],
            api_key=os.environ["MASCOT_TOKEN"],
            max_session_duration=float(os.environ["MASCOT_RECONNECT_SECONDS"]),
            http_session=http,
        )
        session = model.session()
        chunks = reconnections = 0
        failures: list[str] = []
        again = asyncio.Event()

        def received(event: Any) -> None:
            nonlocal chunks
            chunks += "mascotVisemes" in event

        def reconnected(_event: Any) -> None:
            nonlocal reconnections
            reconnections += 1
            again.set()

        session.on("openai_server_event_received", received)
        session.on("session_reconnected", reconnected)
        session.on("error", lambda error: failures.append(str(error)))
        for turn in range(RECONNECTIONS + 1):
            if turn:
                await asyncio.wait_for(again.wait(), 60)
                again.clear()
            generation = await session.generate_reply(instructions="Say something.")
            async for message in generation.message_stream:
                async for _frame in message.audio_stream:
                    pass
            assert chunks > turn, "no message with visemes in this turn"
        await session.aclose()
        await model.aclose()
    assert not failures, failures
    print(
        f"livekit-plugins-openai {version('livekit-plugins-openai')}: {RECONNECTIONS + 1} turns on as many "
        f"connections, {chunks} messages with visemes, by {os.environ['MASCOT_HOW']}"
    )


asyncio.run(main())
