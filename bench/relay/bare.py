"""Run a relay that does not read its messages: `websockets` on both sides, with uvloop. It is Python's minimum cost.

::

    python -m bench.relay.bare PORT UPSTREAM_PORT
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import uvloop
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from websockets.asyncio.connection import Connection
    from websockets.asyncio.server import ServerConnection


async def _pump(source: Connection, sink: Connection) -> None:
    with suppress(ConnectionClosed):
        async for message in source:
            await sink.send(message)
    await sink.close()


async def main(port: int, upstream_port: int) -> None:
    """Serve until the process is killed."""

    async def handle(app: ServerConnection) -> None:
        path = app.request.path if app.request else "/"
        url = f"ws://127.0.0.1:{upstream_port}{path}"
        async with connect(url, compression=None, max_size=None, proxy=None) as provider:
            await asyncio.gather(_pump(app, provider), _pump(provider, app))

    async with serve(handle, "127.0.0.1", port, compression=None, max_size=None, backlog=1024) as server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
