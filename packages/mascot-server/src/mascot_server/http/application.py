"""Request handling before routing, independent of the web server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from litestar import Litestar, WebSocket

from mascot_server.errors import BadRequest
from mascot_server.http.not_found import no_such_socket
from mascot_server.http.public_url import check_host, without_prefix
from mascot_server.providers.registry import is_socket
from mascot_server.transport.peers import deny

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.types import Message, Receive, Scope, Send
    from litestar.types.asgi_types import LifeSpanReceive, LifeSpanScope, LifeSpanSend

__all__ = ["Application"]


class Application(Litestar):
    """The application.

    It removes the path prefix of a reverse proxy, if the proxy has not removed it; answers HEAD like GET, without the
    body; and rejects WebSocket handshakes at unknown paths with 404, which Litestar would close without an answer.

    Attributes:
        prefix: Path of `MASCOT_PUBLIC_URL`.
    """

    prefix = ""

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        """Handle a connection."""
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
            return
        await self._handle(cast("Any", scope), cast("Receive", receive), cast("Send", send))

    async def _handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        root = scope.get("root_path", "").rstrip("/")
        path = without_prefix(scope["path"], (root, self.prefix))
        # The scope is copied, because the web server reads the method and the path of its own scope again.
        scope = {**scope, "path": path, "root_path": self.prefix or root}
        if raw := scope.get("raw_path"):
            scope["raw_path"] = without_prefix(raw.decode("latin-1"), (root, self.prefix)).encode("latin-1")
        if scope["type"] == "websocket":
            if not is_socket(path):
                refusal = no_such_socket(self.prefix or root)
                await deny(
                    WebSocket(cast("Any", scope), receive, send), 404, json.dumps(refusal.body).encode()
                )
                return
        else:
            try:
                check_host(_host(scope["headers"]))
            except BadRequest as error:
                await _answer(send, error)
                return
            if scope["method"] == "HEAD":
                scope["method"] = "GET"
                send = _without_body(send)
        await super().__call__(cast("Scope", scope), receive, send)


def _host(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the `Host` header: several are joined to an invalid value, a missing one is replaced by `localhost`."""
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    return ",".join(hosts) if hosts else "localhost"


async def _answer(send: Send, error: BadRequest) -> None:
    body = json.dumps(error.body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    start: Any = {"type": "http.response.start", "status": error.status, "headers": headers}
    rest: Any = {"type": "http.response.body", "body": body, "more_body": False}
    await send(start)
    await send(rest)


def _without_body(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    return sent
