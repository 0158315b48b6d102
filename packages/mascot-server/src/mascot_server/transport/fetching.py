"""Short responses of other services' HTTP APIs, read with limits.

The expected responses are a few hundred bytes of JSON. The limits protect against responses that are too large, that
decompress to a large size, or that are sent too slowly.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import httpx
from pydantic_core import from_json

__all__ = ["MAX_ANSWER_BYTES", "AnswerTooLargeError", "Fetched", "fetch", "plain", "read_answer"]

MAX_ANSWER_BYTES: Final = 256 * 1024


class AnswerTooLargeError(httpx.RequestError):
    """The response has more than `MAX_ANSWER_BYTES`, or is compressed although that was not requested."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A complete response.

    Attributes:
        status: HTTP status.
        body: The whole body.
    """

    status: int
    body: bytes

    @property
    def is_error(self) -> bool:
        """Whether the status is 4xx or 5xx."""
        return httpx.codes.is_error(self.status)

    def json(self) -> Any:
        """Return the parsed body.

        Raises:
            ValueError: The body is not JSON, or nested too deeply.
        """
        return from_json(self.body)


async def fetch(http: httpx.AsyncClient, request: httpx.Request, *, seconds: float) -> Fetched:
    """Send a request and read the response.

    Args:
        http: Client to send it with. Redirects are not followed.
        request: The request, as returned by `http.build_request`.
        seconds: Limit for the total time.

    Raises:
        httpx.HTTPError: There was no response in time, or it is too long.
    """
    plain(request)
    try:
        async with asyncio.timeout(seconds):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                return Fetched(response.status_code, await read_answer(response))
            finally:
                await response.aclose()
    except TimeoutError:
        raise httpx.ReadTimeout("the answer takes too long", request=request) from None


def plain(request: httpx.Request) -> None:
    """Request an uncompressed response, whose length is the number of bytes received."""
    request.headers["Accept-Encoding"] = "identity"


async def read_answer(response: httpx.Response) -> bytes:
    """Read the body of an open response.

    Raises:
        httpx.HTTPError: The response is incomplete or too long.
    """
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise AnswerTooLargeError("the answer is compressed", request=response.request)
    body = bytearray()
    async for block in response.aiter_raw():
        body += block
        if len(body) > MAX_ANSWER_BYTES:
            raise AnswerTooLargeError("the answer is too long", request=response.request)
    return bytes(body)
