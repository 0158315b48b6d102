"""HTTP requests and responses of the simulators."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response instead of a WebSocket: status and JSON body."""

    status: HTTPStatus
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """The request of a client.

    Attributes:
        target: path and query.
        headers: by lower-case name.
        secure: whether it came over TLS.
    """

    target: str
    headers: Mapping[str, str]
    secure: bool

    @property
    def path(self) -> str:
        """The path; a double slash at its start is replaced by a single one."""
        return re.sub(r"^//+", "/", urlsplit("http://host" + self.target).path)

    def query(self, name: str) -> str:
        """Return the first value of a query parameter, or `None`."""
        return parse_qs(urlsplit("http://host" + self.target).query).get(name, [""])[0]

    def header(self, name: str) -> str:
        """Return a header, or `None`."""
        return self.headers.get(name, "")


def same(given: str, known: str) -> bool:
    """Compare a credential with the expected one in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), known.encode())
