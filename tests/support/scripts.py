"""Run a scripted provider, a server process in front of it, and an app that records its messages."""

from __future__ import annotations

import asyncio
import json
import re
import wave
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import httpx
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from support.apps import sign
from support.processes import serve_process
from support.wires import WIRES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

    from mascot_server.providers.codec import Frame

SECONDS: Final = 15
"""After which a conversation counts as stuck, and what has arrived by then is what there is."""

_GO = '{"type":"of.the.test"}'
_END = '{"type":"the.end"}'
_LIST = re.compile(r'"mascotVisemes":\{"visemes":(\[[^\]]*\])')
_PAYLOAD = re.compile(r',?"mascotVisemes":\{"visemes":\[[^\]]*\],[^{}\[\]]*\}')
_METADATA = re.compile(r',?"partMetadata":\{"mascotVisemes":\{"visemes":\[[^\]]*\],[^{}\[\]]*\}\}')


@dataclass(frozen=True)
class Record:
    """Record of a conversation.

    Attributes:
        provider: Name of the provider.
        to_app: Messages that arrived at the app.
        to_provider: Messages of the app that arrived at the provider.
        undecodable: Number of messages that the server counted as undecodable.
        log: Log of the server.
    """

    provider: str
    to_app: list[Frame]
    to_provider: list[Frame]
    undecodable: int
    log: str

    @property
    def visemes(self) -> list[list[dict[str, int]] | None]:
        """The viseme list of each of the provider's messages; `None` for one without."""
        lists: list[list[dict[str, int]] | None] = []
        before = None
        for frame in self.to_app:
            text = frame if isinstance(frame, str) else frame.decode(errors="replace")
            if _is_visemes(frame):
                before = json.loads(text)["visemes"]
                continue
            match = _LIST.search(text)
            lists.append(json.loads(match[1]) if match else before)
            before = None
        return lists

    def altered(self, sent: Sequence[Frame]) -> int:
        """Return the number of sent frames that are lost, or changed after visemes are removed."""
        arrived = [frame for frame in self.to_app if not _is_visemes(frame)]
        bare = [_bare(frame) for frame in arrived]
        pairs = zip(bare, sent, strict=False)
        return sum(1 for one, other in pairs if one != other) + abs(len(bare) - len(sent))


async def converse(
    folder: Path,
    provider: str,
    script: Sequence[Frame | float],
    *,
    says: Sequence[Frame] = (),
    config: dict[str, Any] | None = None,
) -> Record:
    """Hold a conversation with a server process.

    Args:
        folder: Folder of the server's log.
        provider: Name of the provider.
        script: Messages that the provider sends after its opening, and seconds to wait in between.
        says: Messages of the app before that.
        config: Additional `provider_config` of the signed URL.
    """
    heard: list[Frame] = []
    opening = WIRES[provider].opening

    async def play(upstream: ServerConnection) -> None:
        for frame in opening:
            await upstream.send(frame)
        async for message in upstream:
            if message == _GO:
                break
            heard.append(message)
        for step in script:
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                await upstream.send(step)
        await upstream.send(_END)
        await upstream.wait_closed()

    arrived: list[Frame] = []
    async with serve(play, "127.0.0.1", 0, compression=None, process_request=_signed_url) as upstream:
        origin = f"http://127.0.0.1:{next(iter(upstream.sockets)).getsockname()[1]}"
        # On a busy machine nothing may be late: a case tests which messages get visemes, not when.
        with serve_process(folder, origin, viseme_budget_ms="2000") as server:
            url, headers = await sign(server, provider, **(config or {}))
            async with connect(
                url, additional_headers=headers, compression=None, proxy=None, max_size=None
            ) as app:
                for frame in [*says, _GO]:
                    await app.send(frame)
                await _collect(app, arrived)
            async with httpx.AsyncClient() as http:
                metrics = (await http.get(f"{server.origin}/metrics")).text
            log = server.logged()
    count = re.search(r'chunks_without_visemes_total\{[^}]*reason="undecodable"[^}]*\} (\d+)', metrics)
    return Record(provider, arrived[len(opening) :], heard, int(count[1]) if count else 0, log)


def speech(count: int, chunk_ms: int = 100) -> list[bytes]:
    """Return the first chunks of a recording, PCM16 at 24 kHz."""
    recording = files("mascot_server.simulators") / "assets/en/2-ferry.wav"
    with recording.open("rb") as file, wave.open(file) as sound:
        assert sound.getframerate() == 24000
        return [sound.readframes(24 * chunk_ms) for _ in range(count)]


async def _collect(app: Any, arrived: list[Frame]) -> None:
    try:
        async with asyncio.timeout(SECONDS):
            async for frame in app:
                if frame == _END:
                    return
                arrived.append(frame)
    except TimeoutError:
        return


def _signed_url(connection: ServerConnection, request: Request) -> Response | None:
    """Answer ElevenLabs' request for a signed URL; accept WebSocket handshakes."""
    if "get-signed-url" not in request.path:
        return None
    url = f"ws://{request.headers['Host']}/v1/convai/conversation?conversation_signature=x"
    return connection.respond(HTTPStatus.OK, json.dumps({"signed_url": url}))


def _is_visemes(frame: Frame) -> bool:
    return isinstance(frame, str) and frame.startswith('{"type":"visemes",')


def _bare(frame: Frame) -> Frame:
    text = frame if isinstance(frame, str) else frame.decode(errors="surrogateescape")
    for added in (_METADATA, _PAYLOAD):
        text = added.sub("", text)
    return text if isinstance(frame, str) else text.encode(errors="surrogateescape")
