"""Limits on request heads: size, number of headers, target length, time, and number of waiting connections.

Neither uvicorn nor its parsers have such limits. This module does no I/O and reads no clock; `rejecting_protocol`
calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from mascot_server.settings import Settings

__all__ = ["HeadError", "HeadGuard", "HeadLimits", "Reason", "Rejection", "Waiting", "split_target"]

MAX_TARGET_BYTES: Final = 32 * 1024
"""Longest request target. A signed URL takes about 6 KiB at most."""

_HEADER_OVERHEAD: Final = len(b": \r\n")
_VISIBLE: Final = frozenset(range(0x21, 0x7F))
_SCHEMES: Final = (b"http", b"https", b"ws", b"wss")

Reason = Literal[
    "malformed",
    "target_too_long",
    "timeout",
    "too_large",
    "too_many_connections",
    "too_many_headers",
    "too_many_requests",
]
"""Why a request head was rejected; a label of a metric."""

Connection = TypeVar("Connection")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadLimits:
    """Limits of one process.

    Attributes:
        max_bytes: Largest request line and headers together, in bytes.
        max_headers: Most headers of a request, trailers included.
        seconds: Longest time from a connection or the first byte of a request to the end of its head.
        keep_alive_seconds: Longest time that a connection is kept open between requests.
        max_waiting: Most connections that have no request in progress.
    """

    max_bytes: int
    max_headers: int
    seconds: float
    keep_alive_seconds: float
    max_waiting: int

    @classmethod
    def of(cls, settings: Settings) -> HeadLimits:
        """Return the limits from the settings."""
        return cls(
            max_bytes=settings.max_head_bytes,
            max_headers=settings.max_headers,
            seconds=settings.head_seconds,
            keep_alive_seconds=settings.keep_alive_seconds,
            max_waiting=settings.max_waiting_connections,
        )

    @property
    def too_late(self) -> Rejection:
        """The rejection of a head that took too long."""
        return Rejection(
            408,
            "timeout",
            f"The request head was not complete within {self.seconds:g} s (MASCOT_HEAD_SECONDS)",
        )

    @property
    def too_many_waiting(self) -> Rejection:
        """The rejection of the connection that has waited longest, when there are too many."""
        return Rejection(
            503,
            "too_many_connections",
            f"More than {self.max_waiting} connections sent no request (MASCOT_MAX_WAITING_CONNECTIONS)",
        )


@dataclass(frozen=True, slots=True)
class Rejection:
    """The response to a request whose head is rejected.

    Attributes:
        status: HTTP status.
        reason: Label of the metric.
        text: What is wrong, for the client.
    """

    status: int
    reason: Reason
    text: str


class HeadError(Exception):
    """A request head breaks a limit or a rule of HTTP.

    Attributes:
        rejection: The response.
    """

    def __init__(self, status: int, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.rejection = Rejection(status, reason, text)


class HeadGuard:
    """Enforces the limits for the requests of one connection. Call it from the callbacks of an incremental HTTP parser.

    Args:
        limits: The limits.
    """

    __slots__ = ("_headers", "_limits", "_progress", "_size", "_target", "_unread")

    def __init__(self, limits: HeadLimits) -> None:
        self._limits = limits
        self._size = self._target = self._headers = 0
        self._unread = 0
        self._progress = False

    def begin(self) -> None:
        """Note that a request begins."""
        self._size = self._target = self._headers = 0
        self._progress = True

    def target(self, piece: bytes) -> None:
        """Count a piece of the request target.

        Raises:
            HeadError: The target is too long.
        """
        self._target += len(piece)
        longest = min(MAX_TARGET_BYTES, self._limits.max_bytes)
        if self._target > longest:
            raise HeadError(414, "target_too_long", f"The request target is longer than {longest} bytes")
        self._count(len(piece))

    def header(self, name: bytes, value: bytes) -> None:
        """Count a header, or a trailer of a chunked body.

        Raises:
            HeadError: There are too many headers, or they are too large.
        """
        self._headers += 1
        if self._headers > self._limits.max_headers:
            raise HeadError(
                431,
                "too_many_headers",
                f"The request has more than {self._limits.max_headers} headers (MASCOT_MAX_HEADERS)",
            )
        self._count(len(name) + len(value) + _HEADER_OVERHEAD)

    def progress(self) -> None:
        """Note that the parser made progress: a head, a piece of a body or a request is complete."""
        self._progress = True

    def fed(self, size: int) -> None:
        """Count the bytes that the parser has processed. Call it after the parser's callbacks.

        Bytes that no callback reports (half a header, line breaks between requests, chunk extensions) add up until the
        next callback.

        Args:
            size: Number of bytes.

        Raises:
            HeadError: The parser has processed too many bytes without progress.
        """
        if self._progress:
            self._progress = False
            self._unread = 0
            return
        self._unread += size
        if self._unread > self._limits.max_bytes:
            raise self._too_large()

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > self._limits.max_bytes:
            raise self._too_large()

    def _too_large(self) -> HeadError:
        return HeadError(
            431,
            "too_large",
            f"The request head is larger than {self._limits.max_bytes} bytes (MASCOT_MAX_HEAD_BYTES)",
        )


class Waiting(Generic[Connection]):
    """The connections of a process that have no request in progress, ordered by waiting time, longest first.

    Args:
        most: Most connections.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._connections: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def enter(self, connection: Connection) -> Connection | None:
        """Add a connection, as the one that has waited the shortest time.

        Returns:
            The connection that must be closed to make room, if there are too many. It is no longer counted.
        """
        self._connections.pop(connection, None)
        self._connections[connection] = None
        if len(self._connections) <= self._most:
            return None
        oldest = next(iter(self._connections))
        del self._connections[oldest]
        return oldest

    def leave(self, connection: Connection) -> None:
        """Remove a connection, if it is there."""
        self._connections.pop(connection, None)


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """Split a request target in origin-form or absolute-form (RFC 9112, section 3.2).

    Args:
        target: The request target, as received.

    Returns:
        Path and query.

    Raises:
        HeadError: The target has another form.
    """
    if not _VISIBLE.issuperset(target):
        raise _bad_target("has characters that must be percent-encoded")
    if not target.startswith(b"/"):
        scheme, separator, rest = target.partition(b"://")
        if not separator or scheme.lower() not in _SCHEMES:
            raise _bad_target("must be a path such as /healthz")
        # The authority ends at a slash or at the question mark of the query.
        authority = rest.partition(b"/")[0].partition(b"?")[0]
        target = rest[len(authority) :]
        if not target.startswith(b"/"):
            target = b"/" + target
    path, _, query = target.partition(b"#")[0].partition(b"?")
    return path, query


def _bad_target(problem: str) -> HeadError:
    return HeadError(400, "malformed", f"The request target {problem}")
