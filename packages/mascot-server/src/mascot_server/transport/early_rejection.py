"""uvicorn's HTTP protocol with limits on request heads, and early rejection of WebSocket handshakes.

Without it, uvicorn creates a task for each handshake, Litestar routes it, and the answer goes through ASGI. A rejection
on that path takes three times the CPU time, which would help attackers who send invalid tokens. Handshakes that are
accepted here are checked again inside the application, because other web servers do not have this protocol.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import unquote

import httptools

from mascot_server.transport.app_socket import AppSocket
from mascot_server.transport.closing import close_and_abort, shut_down
from mascot_server.transport.request_heads import (
    HeadError,
    HeadGuard,
    HeadLimits,
    Rejection,
    Waiting,
    split_target,
)
from mascot_server.transport.stalled_clients import StalledClientsProtocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    from mascot_server.errors import Refusal
    from mascot_server.observability.metrics import Metrics

    Check = Callable[[str, bytes, list[tuple[bytes, bytes]]], Refusal | None]

__all__ = ["rejecting_protocol"]

_MALFORMED: Final = Rejection(400, "malformed", "This is not an HTTP/1.1 request")
_NO_BODY: Final = (
    400,
    "malformed",
    "A WebSocket handshake must be a GET request over HTTP/1.1 without a body",
)

_MAX_PIPELINED: Final = 16
"""Most pipelined requests of a connection that wait for the answer to the previous one."""

_LINGER_SECONDS: Final = 2.0
_LINGER_BYTES: Final = 2**20
"""Most bytes of a client that are discarded while it reads a rejection. Closing at once would reset the connection, and
the answer could be lost."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Dependencies that all connections of a process share.

    Attributes:
        check: Called with path, query and headers of a WebSocket handshake; returns why it is rejected, or `None`.
        limits: Limits on request heads and connections.
        metrics: Metrics that count rejected heads.
        waiting: The connections that have no request in progress.
    """

    check: Check
    limits: HeadLimits
    metrics: Metrics
    waiting: Waiting[RejectingProtocol]


class RejectingProtocol(StalledClientsProtocol):
    """One HTTP connection, until it is upgraded to a WebSocket.

    While no request is in progress, a timer runs: the timer of the request head from its first byte on, and uvicorn's
    keep-alive timer otherwise.

    Attributes:
        shared: Dependencies that all connections of a process share.
    """

    shared: ClassVar[Shared]

    _guard: HeadGuard
    _head_timer: asyncio.TimerHandle | None = None
    _waits = True
    _rejected = False
    _discarded = 0
    _early = b""

    # Callbacks of uvicorn and the event loop

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self.timeout_keep_alive = self.shared.limits.keep_alive_seconds  # type: ignore[assignment]  # goes to call_later
        self._guard = HeadGuard(self.shared.limits)
        self._wait()
        self._time_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._rejected:
            self._discard(len(data))
            return
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
            self._guard.fed(len(data))
        except HeadError as error:
            self._reject(error.rejection)
        except httptools.HttpParserUpgrade as upgrade:
            self._early = data[upgrade.args[0] :]
            self._upgrade()
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._reject(cause.rejection if isinstance(cause, HeadError) else _MALFORMED)
        else:
            if self._waits:
                self._time_head()

    def shutdown(self) -> None:
        shut_down(super().shutdown, self.transport)
        if self.transport.is_closing():
            close_and_abort(self.transport, self.loop)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            close_and_abort(self.transport, self.loop)
        elif not self._answering:
            self._wait()

    def timeout_keep_alive_handler(self) -> None:
        close_and_abort(self.transport, self.loop)

    # Callbacks of the parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._guard.begin()

    def on_url(self, url: bytes) -> None:
        self._guard.target(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._guard.header(name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._guard.progress()
        path, query = split_target(self.url)
        # uvicorn parses this attribute, and does not support the absolute form.
        self.url = path + b"?" + query if query else path
        if len(self.pipeline) >= _MAX_PIPELINED:
            raise HeadError(
                400, "too_many_requests", f"More than {_MAX_PIPELINED} requests wait for their answers"
            )
        if self.parser.should_upgrade() and self._should_upgrade():
            self._check_handshake()
        super().on_headers_complete()
        self._forget()

    def on_body(self, body: bytes) -> None:
        self._guard.progress()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._guard.progress()
        super().on_message_complete()

    @property
    def _answering(self) -> bool:
        cycle: Any = self.cycle  # none before the first request
        return cycle is not None and not cycle.response_complete

    # Waiting for a request

    def _wait(self) -> None:
        self._waits = True
        oldest = self.shared.waiting.enter(self)
        if oldest is not None:
            oldest._make_room()

    def _time_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(
                self.shared.limits.seconds, self._reject, self.shared.limits.too_late
            )

    def _forget(self) -> None:
        """Remove this connection from those that wait for a request."""
        self._waits = False
        self.shared.waiting.leave(self)
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _make_room(self) -> None:
        if self._rejected:
            self.transport.abort()
        elif self._head_timer is None:
            # The connection is idle between requests, or the client does not read the last answer.
            self.transport.abort() if self.transport.get_write_buffer_size() else self.transport.close()
        else:
            self._reject(self.shared.limits.too_many_waiting, linger=False)

    # Answers

    def _reject(self, rejection: Rejection, *, linger: bool = True) -> None:
        if self._rejected or self.transport.is_closing():
            return
        self.shared.metrics.heads_rejected.add(rejection.reason)
        headers = {"Retry-After": "1"} if rejection.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
        self._end(_answer(rejection.status, {"error": rejection.text}, headers), linger=linger)

    def _end(self, answer: bytes, *, linger: bool = True) -> None:
        """Send an answer, and ignore further data from the client."""
        self._rejected = True
        self._unset_keepalive_if_required()
        self._forget()
        if self._answering:
            # The client would read this as part of the response that is in progress.
            self.transport.abort()
            return
        self.transport.write(answer)
        if linger:
            # Wait until the client closes, with a time limit. The connection still counts as waiting, so that it can
            # be closed when a new one needs its place.
            self._wait()
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self.loop.call_later(_LINGER_SECONDS, self.transport.abort)
        else:
            close_and_abort(self.transport, self.loop)

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > _LINGER_BYTES:
            self.transport.abort()

    # WebSocket handshakes

    def _check_handshake(self) -> None:
        if self._answering:
            raise HeadError(400, "malformed", "A WebSocket handshake must wait for the answer before it")
        has_body = any(name in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)
        if has_body or self.parser.get_method() != b"GET" or self.parser.get_http_version() != "1.1":
            raise HeadError(*_NO_BODY)

    def _upgrade(self) -> None:
        if self._should_upgrade():
            self.handle_websocket_upgrade()
        else:
            # uvicorn would ignore the unsupported upgrade, and would not read any request after it.
            self.cycle.keep_alive = False

    def handle_websocket_upgrade(self) -> None:
        self._stop_watching()
        path, _, query = self.url.partition(b"?")
        refusal = self.shared.check(unquote(path.decode("ascii")), query, self.headers)
        if refusal is not None:
            self._end(_answer(refusal.status, refusal.body, refusal.headers))
            return
        if self.ws_protocol_class is not AppSocket:
            super().handle_websocket_upgrade()
            return
        self.connections.discard(self)
        socket = AppSocket(config=self.config, server_state=self.server_state, app_state=self.app_state)
        socket.connection_made(self.transport)
        self.transport.set_protocol(socket)
        socket.open(self.url, self.headers)
        if self._early:
            socket.data_received(self._early)


def rejecting_protocol(
    check: Check, limits: HeadLimits, metrics: Metrics, *, stall_seconds: float
) -> type[HttpToolsProtocol]:
    """Return the HTTP protocol class of uvicorn for one process.

    Args:
        check: As in `Shared`.
        limits: As in `Shared`.
        metrics: As in `Shared`.
        stall_seconds: How long a client may not read an HTTP response.
    """

    class ProcessProtocol(RejectingProtocol):
        shared = Shared(check, limits, metrics, Waiting(limits.max_waiting))

    ProcessProtocol.stall_seconds = stall_seconds
    return ProcessProtocol


def _answer(status_code: int, content: Mapping[str, Any], more: Mapping[str, str]) -> bytes:
    body = json.dumps(content).encode()
    status = HTTPStatus(status_code)
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **more,
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
