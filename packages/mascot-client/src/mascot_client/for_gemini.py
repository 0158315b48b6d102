"""Gemini Live sessions through the server: the official session, and visemes.

    from mascot_client import for_gemini

    async with for_gemini.connect(credentials, model="…", config={"response_modalities": ["AUDIO"]}) as session:
        async for message in session.receive():
            payload = for_gemini.visemes(message)

The SDK has no blocking Live client. Needs ``pip install "mascot-client[gemini]"``.
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

# `message.data` warns, once in a process, about parts that hold more than audio; visemes are such a thing.
# Only a warning that names nothing else is dropped.
_WARNING = re.compile(
    r"Warning: there are non-data parts in the response: \['part_metadata'(, 'part_metadata')*\]"
)


def client(
    credentials: GeminiCredentials, *, vertex: bool = False, ssl_context: ssl.SSLContext | None = None
) -> Client:
    """Make a google-genai client whose Live sessions go through the server.

    Only ``client.aio.live.connect`` works there: the server passes on nothing else.

    Args:
        credentials: What ``get_signed_url`` returned.
        vertex: Make a client in Vertex mode (``vertexai=True``), which speaks Vertex AI's dialect. The server takes
            either, whichever API ``get_signed_url`` was asked for.
        ssl_context: For a server whose certificate comes from an authority of your own.

    Returns:
        The SDK's ``Client``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: The server is on plain ``http`` and this version of the SDK cannot be led there.
    """
    with needs("gemini", "google.genai"):
        from google.genai import Client  # noqa: PLC0415 - needs the extra
        from google.genai.types import HttpOptions  # noqa: PLC0415 - likewise
    options = HttpOptions(
        base_url=credentials.base_url,
        async_client_args=None if ssl_context is None else {"ssl": ssl_context},
    )
    # `vertexai` is explicit so that GOOGLE_GENAI_USE_VERTEXAI cannot send the session elsewhere.
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
    """Open a Live session, by ``async with``.

    Args:
        credentials: What ``get_signed_url`` returned; good for one session if made with an ephemeral token.
        model: The live model; the one that ``get_signed_url`` was asked for wins.
        config: The SDK's ``LiveConnectConfig``.
        vertex: Use the SDK in Vertex mode; see ``client``.
        ssl_context: For a server whose certificate comes from an authority of your own.

    Yields:
        The SDK's ``AsyncSession``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: The server is on plain ``http`` and this version of the SDK cannot be led there.
    """
    made = client(credentials, vertex=vertex, ssl_context=ssl_context)
    async with made.aio.live.connect(model=model, config=config) as session:
        yield session


def visemes(message: object) -> Visemes | None:
    """Read the visemes that a message carries.

    Args:
        message: A message of ``session.receive()``.

    Returns:
        The mouth shapes of the message's audio (of all its parts together), or ``None`` if it carries none.
    """
    turn = getattr(getattr(message, "server_content", None), "model_turn", None)
    for part in getattr(turn, "parts", None) or ():
        metadata = getattr(part, "part_metadata", None)
        if isinstance(metadata, dict) and "mascotVisemes" in metadata:
            return Visemes.parse_or_none(metadata["mascotVisemes"])
    return None


def interrupted(message: object) -> bool:
    """Whether a message says that the user interrupts the agent: drop the audio not yet played and its visemes.

    Args:
        message: A message of ``session.receive()``.

    Returns:
        What ``message.server_content.interrupted`` says.
    """
    return bool(getattr(getattr(message, "server_content", None), "interrupted", None))


async def listen(messages: AsyncIterable[Message], feed: VisemeFeed) -> AsyncIterator[Message]:
    """Go through the messages of a turn as usual, with the feed filled on the way.

    Args:
        messages: ``session.receive()``, which the SDK ends with the turn.
        feed: Gets the visemes of each message just before the message is yielded, and is cleared by an
            interruption. It stays open for the next turn; close it with the session.

    Yields:
        The SDK's own messages, all of them.
    """
    named = ColumnNames()

    def read(message: object) -> Visemes | None:
        payload = visemes(message)
        return None if payload is None else named(payload)

    async for message in tapped_async(messages, feed, read, interrupted):
        yield message


def _dial_plain(made: Client, base_url: str) -> None:
    """Let the SDK dial ``ws:``, for servers on loopback.

    It turns every URL into ``wss:`` and has no setting for it, so this is the one private thing that is used.
    """
    internal: Any = getattr(made, "_api_client", None)
    if not hasattr(internal, "_websocket_base_url") or not hasattr(internal, "_websocket_ssl_ctx"):
        raise ConfigurationError(
            "GeminiCredentials.base_url", "this version of google-genai reaches servers over https only"
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
