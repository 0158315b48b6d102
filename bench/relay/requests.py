"""Send HTTP requests to a server under test: single ones for their answer, many at once for their cost."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from types import TracebackType

    from bench.relay.processes import Program

__all__ = ["Http", "Rate", "refusals", "request_bytes", "requests_per_second"]

_CONNECTIONS: Final = 16
_PAUSE_SECONDS: Final = 0.2
_KNOCKING: Final = 2
"""Simultaneous connections with invalid tokens. With many more, the server would reject them for their number."""


def request_bytes(
    method: str, port: int, path: str, headers: Mapping[str, str], *, body: bytes = b""
) -> bytes:
    """Return a request as bytes."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Http:
    """One keep-alive connection.

    Args:
        port: On the loopback interface.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; return status and body of the answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        size = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        return int(head[9:12]), await self._reader.readexactly(int(size or 0))

    async def ask_json(self, request: bytes) -> dict[str, Any]:
        """Send a request whose answer must be 200 and a JSON object.

        Raises:
            ConnectionError: The answer is different; the message contains it.
        """
        status, body = await self.ask(request)
        if status != HTTPStatus.OK:
            raise ConnectionError(f"HTTP {status}: {body[:200].decode('utf-8', 'replace')}")
        answer: dict[str, Any] = json.loads(body)
        return answer

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()


@dataclass(frozen=True, slots=True)
class Rate:
    """Result of a series of requests.

    Attributes:
        per_second: Requests answered.
        cpu_us: CPU time of the server for each, in microseconds.
        server_core: Share of its core that the server used.
        generator_core: Share of its core that the generator used.
    """

    per_second: float
    cpu_us: float
    server_core: float
    generator_core: float


async def requests_per_second(port: int, request: bytes, seconds: float, program: Program) -> Rate:
    """Send the same request on keep-alive connections, again after each answer.

    Raises:
        ConnectionError: An answer was not 200.
    """

    async def repeat(until: float) -> int:
        count = 0
        async with Http(port) as http:
            while time.perf_counter() < until:
                await http.ask_json(request)
                count += 1
        return count

    return await _rate([repeat] * _CONNECTIONS, seconds, program)


async def refusals(port: int, request: bytes, seconds: float, program: Program) -> Rate:
    """Send a request that must be rejected with 401, on a new connection each time.

    After a 503 of a busy server, wait for a moment.

    Raises:
        ConnectionError: An answer was not 401.
    """

    async def repeat(until: float) -> int:
        count = 0
        while time.perf_counter() < until:
            async with Http(port) as http:
                status, _ = await http.ask(request)
            if status == HTTPStatus.SERVICE_UNAVAILABLE:
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            if status != HTTPStatus.UNAUTHORIZED:
                raise ConnectionError(f"HTTP {status} in place of 401")
            count += 1
        return count

    return await _rate([repeat] * _KNOCKING, seconds, program)


async def _rate(
    askers: Sequence[Callable[[float], Awaitable[int]]], seconds: float, program: Program
) -> Rate:
    relay, own, start = program.cpu_seconds(), time.process_time(), time.perf_counter()
    counts = await asyncio.gather(*(ask(start + seconds) for ask in askers))
    wall, own = time.perf_counter() - start, time.process_time() - own
    used, total = program.cpu_seconds() - relay, sum(counts)
    if not total:
        raise ConnectionError("the server was overloaded and answered only 503")
    return Rate(
        round(total / wall, 1), round(1e6 * used / total, 1), round(used / wall, 3), round(own / wall, 3)
    )
