"""Open OpenAI Realtime sessions through the server, with the official SDK and with visemes.

    from mascot_client import for_openai

    with for_openai.connect(signed_url) as connection:
        for event in connection:
            payload = for_openai.visemes(event)

For GPT-Live use ``connect_live`` or ``connect_live_async``; the other functions are the same. GPT-Live does not report
interruptions.

Needs ``pip install "mascot-client[openai]"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mascot_client._interruptions import Interruptions, is_out_of_band, is_without_audio
from mascot_client._listen import tapped, tapped_async
from mascot_client._live import connect_live, connect_live_async
from mascot_client._mint_openai import mint, mint_async
from mascot_client._openai_sdk import connection_options, require_sdk
from mascot_client._viseme_reader import VisemeReader
from mascot_client.visemes import Visemes

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping

    from openai.resources.realtime.realtime import AsyncRealtimeConnectionManager, RealtimeConnectionManager

    from mascot_client.credentials import SignedUrl
    from mascot_client.feed import VisemeFeed

__all__ = [
    "Interruptions",
    "VisemeReader",
    "connect",
    "connect_async",
    "connect_live",
    "connect_live_async",
    "interrupted",
    "listen",
    "listen_async",
    "mint",
    "mint_async",
    "visemes",
]

Event = TypeVar("Event")


def connect(
    signed_url: SignedUrl,
    *,
    model: str = "gpt-realtime-2.1",
    extra_query: Mapping[str, object] | None = None,
    **connection: Any,
) -> RealtimeConnectionManager:
    """Create a connection manager of the SDK; use it with ``with``.

    Args:
        signed_url: The result of ``get_signed_url``. With an ephemeral token it opens one connection only.
        model: The realtime model that the SDK sends. A model in ``OpenAIConfig`` replaces it.
        extra_query: More query parameters.
        **connection: The other arguments of the SDK's ``realtime.connect``.

    Returns:
        The ``RealtimeConnectionManager`` of ``OpenAI().realtime.connect``.

    Raises:
        MissingExtraError: The SDK is not installed.
    """
    require_sdk()
    from openai import OpenAI  # noqa: PLC0415 - needs the extra

    options, query = connection_options(signed_url, extra_query)
    return OpenAI(**options).realtime.connect(model=model, extra_query=query, **connection)


def connect_async(
    signed_url: SignedUrl,
    *,
    model: str = "gpt-realtime-2.1",
    extra_query: Mapping[str, object] | None = None,
    **connection: Any,
) -> AsyncRealtimeConnectionManager:
    """Create an asyncio connection manager of the SDK; use it with ``async with``.

    Args:
        signed_url: The result of ``get_signed_url``. With an ephemeral token it opens one connection only.
        model: The realtime model that the SDK sends. A model in ``OpenAIConfig`` replaces it.
        extra_query: More query parameters.
        **connection: The other arguments of the SDK's ``realtime.connect``.

    Returns:
        The ``AsyncRealtimeConnectionManager`` of ``AsyncOpenAI().realtime.connect``.

    Raises:
        MissingExtraError: The SDK is not installed.
    """
    require_sdk()
    from openai import AsyncOpenAI  # noqa: PLC0415 - needs the extra

    options, query = connection_options(signed_url, extra_query)
    return AsyncOpenAI(**options).realtime.connect(model=model, extra_query=query, **connection)


def visemes(event: object) -> Visemes | None:
    """Return the visemes of an event.

    Args:
        event: An event of the connection.

    Returns:
        The visemes of the event's audio, or ``None`` if the event has none. Audio events
        (``response.output_audio.delta``, with GPT-Live ``session.output_audio.delta``) have visemes if the server
        supports their audio format. With ``viseme_events="azure"`` the visemes are separate events; use
        ``VisemeReader`` to read them.
    """
    extra = getattr(event, "model_extra", None)
    return Visemes.parse_or_none(extra.get("mascotVisemes")) if isinstance(extra, dict) else None


def interrupted(event: object) -> bool:
    """Return whether a single event reports that the user interrupts the agent.

    If so, drop the audio that has not been played, and its visemes. A single event does not show the configuration of
    the session and which responses have audio. ``Interruptions`` keeps this state, and ``listen`` uses it. Prefer them
    if the session has ``interrupt_response: false`` or several responses at the same time.

    Args:
        event: An event of the connection.

    Returns:
        True for ``input_audio_buffer.speech_started`` and ``output_audio_buffer.cleared``. True also for a cancelled
        ``response.done``, except if the response has no audio or is out of band.
    """
    kind = getattr(event, "type", None)
    if kind == "response.done":
        response = getattr(event, "response", None)
        cancelled = getattr(response, "status", None) == "cancelled"
        return cancelled and not is_out_of_band(response) and not is_without_audio(response)
    return kind in ("input_audio_buffer.speech_started", "output_audio_buffer.cleared")


def listen(connection: Iterable[Event], feed: VisemeFeed) -> Iterator[Event]:
    """Yield the events of a connection and add their visemes to a feed.

    Args:
        connection: The SDK's ``RealtimeConnection``.
        feed: Receives the visemes of each event just before the event is yielded. An interruption clears it. It is
            closed when the events end.

    Yields:
        All events of the SDK, unchanged.
    """
    try:
        yield from tapped(connection, feed, VisemeReader(), Interruptions())
    finally:
        feed.close()


async def listen_async(connection: AsyncIterable[Event], feed: VisemeFeed) -> AsyncIterator[Event]:
    """Yield the events of an asyncio connection and add their visemes to a feed.

    Args:
        connection: The SDK's ``AsyncRealtimeConnection``.
        feed: Receives the visemes of each event just before the event is yielded. An interruption clears it. It is
            closed when the events end.

    Yields:
        All events of the SDK, unchanged.
    """
    try:
        async for event in tapped_async(connection, feed, VisemeReader(), Interruptions()):
            yield event
    finally:
        feed.close()
