"""Open Gemini Live sessions through the server, with the official SDK and with visemes.

    from mascot_client import for_gemini

    async with for_gemini.connect(credentials, model="…", config={"response_modalities": ["AUDIO"]}) as session:
        async for message in session.receive():
            payload = for_gemini.visemes(message)

The SDK has no blocking client for Live. Needs ``pip install "mascot-client[gemini]"``.
"""

from __future__ import annotations

import logging
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from mascot_client._column_names import ColumnNames
from mascot_client._extras import needs
from mascot_client._listen import tapped_async
from mascot_client._mint_gemini import mint, mint_async
from mascot_client.errors import ConfigurationError
from mascot_client.visemes import Visemes

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterable, AsyncIterator

    from google.genai import Client
    from google.genai.live import AsyncSession
    from google.genai.types import LiveConnectConfigOrDict

    from mascot_client.credentials import GeminiCredentials
    from mascot_client.feed import VisemeFeed

__all__ = ["client", "connect", "interrupted", "listen", "mint", "mint_async", "visemes"]

Message = TypeVar("Message")

# `message.data` logs a warning, once in a process, about parts that contain more than audio. Visemes cause this
# warning. The filter drops it only if the warning names no other member.
_WARNING = re.compile(
    r"Warning: there are non-data parts in the response: \['part_metadata'(, 'part_metadata')*\]"
)


def client(
    credentials: GeminiCredentials, *, vertex: bool = False, ssl_context: ssl.SSLContext | None = None
) -> Client:
    """Create a google-genai client whose Live sessions connect through the server.

    Use ``client.aio.live.connect`` only: the server forwards no other requests.

    Args:
        credentials: The result of ``get_signed_url``.
        vertex: Create a client in Vertex mode (``vertexai=True``), which uses the message format of Vertex AI. The
            server accepts both formats, whichever API is set in ``GeminiConfig``.
        ssl_context: For a server whose certificate was issued by your own certificate authority.

    Returns:
        The SDK's ``Client``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: The server's URL begins with ``http:``, and this version of the SDK supports ``https:``
            only.
    """
    with needs("gemini", "google.genai"):
        from google.genai import Client  # noqa: PLC0415 - needs the extra
        from google.genai.types import HttpOptions  # noqa: PLC0415 - needs the extra
    options = HttpOptions(
        base_url=credentials.base_url,
        async_client_args=None if ssl_context is None else {"ssl": ssl_context},
    )
    # `vertexai` is explicit, so that GOOGLE_GENAI_USE_VERTEXAI cannot change the address of the session.
    made = Client(vertexai=vertex, api_key=credentials.api_key, http_options=options)
    if credentials.base_url.startswith("http:"):
        _dial_plain(made, credentials.base_url)
    _filter_warning()
    return made


@asynccontextmanager
async def connect(
    credentials: GeminiCredentials,
    *,
    model: str,
    config: LiveConnectConfigOrDict | None = None,
    vertex: bool = False,
    ssl_context: ssl.SSLContext | None = None,
) -> AsyncIterator[AsyncSession]:
    """Open a Live session; use it with ``async with``.

    Args:
        credentials: The result of ``get_signed_url``. With an ephemeral token it opens one session only.
        model: The live model. A model in ``GeminiConfig`` replaces it.
        config: The SDK's ``LiveConnectConfig``.
        vertex: Use the SDK in Vertex mode; see ``client``.
        ssl_context: For a server whose certificate was issued by your own certificate authority.

    Yields:
        The SDK's ``AsyncSession``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: The server's URL begins with ``http:``, and this version of the SDK supports ``https:``
            only.
    """
    made = client(credentials, vertex=vertex, ssl_context=ssl_context)
    async with made.aio.live.connect(model=model, config=config) as session:
        yield session


def visemes(message: object) -> Visemes | None:
    """Return the visemes of a message.

    Args:
        message: A message of ``session.receive()``.

    Returns:
        The visemes of the message's audio (of all its parts together), or ``None`` if the message has none.
    """
    turn = getattr(getattr(message, "server_content", None), "model_turn", None)
    for part in getattr(turn, "parts", None) or ():
        metadata = getattr(part, "part_metadata", None)
        if isinstance(metadata, dict) and "mascotVisemes" in metadata:
            return Visemes.parse_or_none(metadata["mascotVisemes"])
    return None


def interrupted(message: object) -> bool:
    """Return whether a message reports that the user interrupts the agent.

    If so, drop the audio that has not been played, and its visemes.

    Args:
        message: A message of ``session.receive()``.

    Returns:
        The value of ``message.server_content.interrupted``; ``False`` if it is missing.
    """
    return bool(getattr(getattr(message, "server_content", None), "interrupted", None))


async def listen(messages: AsyncIterable[Message], feed: VisemeFeed) -> AsyncIterator[Message]:
    """Yield the messages of a turn and add their visemes to a feed.

    Args:
        messages: The iterator ``session.receive()``. The SDK ends it at the end of the turn.
        feed: Receives the visemes of each message just before the message is yielded. An interruption clears it. It
            stays open for the next turn; close it at the end of the session.

    Yields:
        All messages of the SDK, unchanged.
    """
    named = ColumnNames()

    def read(message: object) -> Visemes | None:
        payload = visemes(message)
        return None if payload is None else named(payload)

    async for message in tapped_async(messages, feed, read, interrupted):
        yield message


def _dial_plain(made: Client, base_url: str) -> None:
    """Let the SDK connect to ``ws:`` URLs, for servers on the loopback interface.

    The SDK changes every URL to ``wss:`` and has no setting for it. This is the only private API that is used.
    """
    internal: Any = getattr(made, "_api_client", None)
    if not hasattr(internal, "_websocket_base_url") or not hasattr(internal, "_websocket_ssl_ctx"):
        raise ConfigurationError(
            "GeminiCredentials.base_url",
            "this version of google-genai supports https only; use https, or install another version of it",
        )
    dialled = "ws" + base_url.removeprefix("http")
    internal._websocket_base_url = lambda *_args, **_options: dialled
    internal._websocket_ssl_ctx = {}


def _filter_warning() -> None:
    logger = logging.getLogger("google_genai.types")
    # Adding the same function again has no effect.
    logger.addFilter(_worth_saying)


def _worth_saying(record: logging.LogRecord) -> bool:
    return _WARNING.match(record.getMessage()) is None
