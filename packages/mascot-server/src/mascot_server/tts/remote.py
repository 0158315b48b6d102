"""Engines of others over HTTP. Where they are is decided by the settings; a caller chooses neither host nor path."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx

from mascot_server.errors import BadGateway, BadRequest
from mascot_server.placeholders import is_placeholder
from mascot_server.transport.fetching import plain, read_answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["check_key", "check_speed", "check_voice", "streamed"]

_TIMEOUT: Final = httpx.Timeout(10, read=30)
"""Seconds to connect, and to wait for the next audio."""

# They end up in a header and in a path.
_KEY: Final = re.compile(r"[\x21-\x7e]{1,2048}")
_VOICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")

_NO_VOICE: Final = re.compile(
    r"voice_not_found|invalid_uid|invalid voice|voice (id )?(is )?(invalid|not found)"
)


def check_key(key: str) -> str:
    """Return a caller's key if its form is valid.

    Raises:
        BadRequest: It cannot.
    """
    if not _KEY.fullmatch(key):
        raise BadRequest("tts_api_key: must be 1 to 2048 printable ASCII characters without spaces")
    if is_placeholder(key):
        raise BadRequest("tts_api_key: is a placeholder from the documentation; give your own value instead")
    return key


def check_voice(voice: str) -> None:
    """Check that a voice's id is one path segment.

    Raises:
        BadRequest: It is not.
    """
    if not _VOICE.fullmatch(voice):
        raise BadRequest("Invalid voice ID specified")


def check_speed(engine: str, speed: float, slowest: float, fastest: float) -> None:
    """Check that an engine can speak that fast.

    Raises:
        BadRequest: It cannot.
    """
    if not slowest <= speed <= fastest:
        raise BadRequest(f"speed: must be from {slowest} to {fastest} for {engine}")


@asynccontextmanager
async def streamed(
    http: httpx.AsyncClient, request: httpx.Request, engine: str
) -> AsyncIterator[AsyncIterator[bytes]]:
    """Send a request and yield the bytes of its response; the request ends with the context.

    Raises:
        BadRequest: The service knows the key or the voice not, or refuses the request.
        BadGateway: It did not answer, or not in a way that makes sense. The blocks may raise it too.
    """
    request.extensions["timeout"] = _TIMEOUT.as_dict()
    plain(request)
    try:
        response = await http.send(request, stream=True, follow_redirects=False)
    except httpx.HTTPError as error:
        raise BadGateway(f"{engine} is unreachable: {type(error).__name__}") from None
    try:
        _check_answer(response, await _problem(response), engine)
        yield _blocks(response, engine)
    finally:
        await response.aclose()


async def _problem(response: httpx.Response) -> str:
    """Return the text of an error response, to identify the error. It is never shown or logged."""
    if response.is_success:
        return ""
    try:
        return (await read_answer(response)).decode(errors="replace").lower()
    except httpx.HTTPError:
        return ""


def _check_answer(response: httpx.Response, problem: str, engine: str) -> None:
    status = response.status_code
    if response.is_success:
        return
    if status == HTTPStatus.NOT_FOUND or (status in {400, 422} and _NO_VOICE.search(problem)):
        raise BadRequest("Invalid voice ID specified")
    if status in {401, 403}:
        raise BadRequest(f"tts_api_key: {engine} rejected it with HTTP {status}")
    redirect = ", a redirect, which is not followed" if 300 <= status < 400 else ""  # noqa: PLR2004 - RFC 9110, 15.4
    raise BadGateway(f"{engine} answered HTTP {status}{redirect}")


async def _blocks(response: httpx.Response, engine: str) -> AsyncIterator[bytes]:
    try:
        async for block in response.aiter_raw():
            yield block
    except httpx.HTTPError as error:
        raise BadGateway(f"{engine} stopped during the response: {type(error).__name__}") from None
