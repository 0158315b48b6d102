"""The sockets of the load: a provider that accepts every connection, and the apps."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from bench.relay.wires import SIGN_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.relay.flows import Flow
    from bench.relay.wires import Wire

__all__ = ["App", "Provider", "ProviderSocket"]

_PAYLOAD = b'"visemes":'
_EMPTY = b"[]"


class _End(WSListener):
    """One end of a session.

    Attributes:
        transport: Where it sends; `None` before it is open.
        lost: Whether the other side has gone.
    """

    def __init__(self) -> None:
        self.transport: WSTransport | None = None
        self.lost = False

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - the library's
        """Record that the connection is lost."""
        self.lost = True


class App(_End):
    """An app's socket.

    Args:
        wire: The provider's wire.
        flow: Messages of the agent.
        counts_visemes: Look for viseme payloads.
    """

    def __init__(self, wire: Wire, flow: Flow, *, counts_visemes: bool) -> None:
        super().__init__()
        self._wire = wire
        self._flow = flow
        self._counts = counts_visemes
        self.ready = asyncio.Event()
        self.payloads = 0
        """Viseme payloads that arrived."""
        self.moving = 0
        """Payloads with a change of shape."""
        self.on_other: Callable[[bytes, int], None] | None = None
        """Called with each message that no speaker sent, and the time of its arrival."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Send the opening message."""
        self.transport = transport
        if self._wire.hello is not None:
            transport.send(WSMsgType.TEXT, self._wire.hello)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:  # noqa: ARG002 - the library's
        """Record a message."""
        now = time.perf_counter_ns()
        if frame.msg_type is WSMsgType.CLOSE:
            self.lost = True
            return
        message = frame.get_payload_as_bytes()
        if not self._flow.arrive(message, now):
            self.ready.set()
            if self.on_other is not None:
                self.on_other(message, now)
        if self._counts and (at := message.rfind(_PAYLOAD)) >= 0:
            self.payloads += 1
            at += len(_PAYLOAD)
            self.moving += message[at : at + len(_EMPTY)] != _EMPTY

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Wake up the waiting tasks."""
        super().on_ws_disconnected(transport)
        self.ready.set()


class ProviderSocket(_End):
    """The provider's end of a conversation."""

    def __init__(self, wire: Wire, flow: Flow) -> None:
        super().__init__()
        self._wire = wire
        self._flow = flow
        self._greeted = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Send the greeting."""
        self.transport = transport
        if not self._wire.waits:
            self._greet(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Record a microphone message."""
        now = time.perf_counter_ns()
        if frame.msg_type is WSMsgType.CLOSE:
            self.lost = True
            return
        if not self._flow.arrive(frame.get_payload_as_bytes(), now) and not self._greeted:
            self._greet(transport)

    def _greet(self, transport: WSTransport) -> None:
        self._greeted = True
        kind = WSMsgType.BINARY if self._wire.agent.binary else WSMsgType.TEXT
        transport.send(kind, self._wire.greeting)


class Provider:
    """A provider on the loopback interface, without authentication.

    Attributes:
        taker: Creates the socket of a new connection; set by the running load.
        port: Its port.
    """

    def __init__(self) -> None:
        self.taker: Callable[[], ProviderSocket] | None = None
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Start to listen."""
        self._server = await ws_create_server(
            self._route, "127.0.0.1", 0, websocket_handshake_timeout=30, max_frame_size=2**24, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    def _route(self, request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener | None:
        path = request.path.decode()
        if path.startswith(SIGN_PATH):
            url = f"ws://127.0.0.1:{self.port}/v1/convai/conversation?agent_id=bench"
            body = json.dumps({"signed_url": url}).encode()
            answer = WSUpgradeResponse.create_ok_response(body, {"Content-Type": "application/json"})
            return WSUpgradeResponseWithListener(answer, None)
        return self.taker() if self.taker is not None else None
