"""Short answers of other services' HTTP APIs, read with a limit.

What we ask providers for is a few hundred bytes of JSON. Whatever answers in their place cannot fill the memory with
more, nor with a few kilobytes that unpack to more, nor keep us waiting by sending slowly.
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
    """The answer has more than `MAX_ANSWER_BYTES`, or is compressed, which nobody asked for."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer.

    Attributes:
        status: HTTP status.
        body: All of it.
    """

    status: int
    body: bytes

    @property
    def is_error(self) -> bool:
        """Whether the status is 4xx or 5xx."""
        return httpx.codes.is_error(self.status)

    def json(self) -> Any:
        """Return what the body says.

        Raises:
            ValueError: It is not JSON, or nested too deeply.
        """
        return from_json(self.body)


async def fetch(http: httpx.AsyncClient, request: httpx.Request, *, seconds: float) -> Fetched:
    """Send a request and read the answer.

    Args:
        http: Client to send it with. Redirects are not followed.
        request: From `http.build_request`.
        seconds: How long that may take altogether.

    Raises:
        httpx.HTTPError: There was no answer in time, or too long a one.
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
    """Ask for an answer that is not compressed, whose length is what comes over the network."""
    request.headers["Accept-Encoding"] = "identity"


async def read_answer(response: httpx.Response) -> bytes:
    """Read an answer that is open.

    Raises:
        httpx.HTTPError: It broke off, or is too long.
    """
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise AnswerTooLargeError("the answer is compressed", request=response.request)
    body = bytearray()
    async for block in response.aiter_raw():
        body += block
        if len(body) > MAX_ANSWER_BYTES:
            raise AnswerTooLargeError("the answer is too long", request=response.request)
    return bytes(body)
