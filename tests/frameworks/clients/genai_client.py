"""google-genai with `vertexai=True`, our key and base URL."""

from __future__ import annotations

import asyncio
import os
import ssl
from importlib.metadata import version

from google import genai
from google.genai import types


async def main() -> None:
    trust = ssl.create_default_context(cafile=os.environ["MASCOT_AUTHORITY"])
    client = genai.Client(
        vertexai=True,
        api_key=os.environ["MASCOT_TOKEN"],
        http_options=types.HttpOptions(
            base_url=os.environ["MASCOT_ORIGIN"], async_client_args={"ssl": trust}
        ),
    )
    config = types.LiveConnectConfig(response_modalities=[types.Modality.AUDIO])
    chunks = 0
    async with (
        asyncio.timeout(60),
        client.aio.live.connect(model=os.environ["MASCOT_MODEL"], config=config) as live,
    ):
        await live.send_client_content(turns=types.Content(role="user", parts=[types.Part(text="Hello")]))
        async for message in live.receive():
            turn = message.server_content.model_turn if message.server_content else None
            for part in (turn.parts if turn else None) or ():
                chunks += "mascotVisemes" in (part.part_metadata or {})
    assert chunks, "no message with visemes"
    print(f"google-genai {version('google-genai')}: {chunks} messages with visemes by vertexai=True")


asyncio.run(main())
