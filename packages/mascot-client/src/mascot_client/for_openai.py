"""OpenAI Realtime sessions through the server: the official connection, and visemes.

    from mascot_client import for_openai

    with for_openai.connect(signed_url) as connection:
        for event in connection:
            payload = for_openai.visemes(event)

GPT-Live has connections of its own, ``connect_live`` and ``connect_live_async``; all else is the same. It never says
that the user interrupts.

Needs ``pip install "mascot-client[openai]"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from mascot_client._interruptions import Interruptions, is_out_of_band, is_without_audio
from mascot_client._listen import tapped, tapped_async
from mascot_client._live import connect_live, connect_live_async
from mascot_client._mint_openai import mint, mint_async
from mascot_client._openai_sdk import PLACEHOLDER_KEY, require_sdk, split, without_environment
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
    """Make the SDK's connection manager, to be entered by ``with``.

    Args:
        signed_url: What ``get_signed_url`` returned; good for one connection if made with an ephemeral token.
        model: Sent to the server as the SDK does; the model that ``get_signed_url`` was asked for wins.
        extra_query: Further query parameters.
        **connection: The other arguments of the SDK's ``realtime.connect``.

    Returns:
        The ``RealtimeConnectionManager`` of ``OpenAI().realtime.connect``.

    Raises:
        MissingExtraError: The SDK is not installed.
    """
    require_sdk()
    from openai import OpenAI  # noqa: PLC0415 - needs the extra

    base, token = split(signed_url)
    client = OpenAI(api_key=PLACEHOLDER_KEY, websocket_base_url=base, default_headers=without_environment())
    return client.realtime.connect(model=model, extra_query={**(extra_query or {}), **token}, **connection)


def connect_async(
    signed_url: SignedUrl,
    *,
    model: str = "gpt-realtime-2.1",
    extra_query: Mapping[str, object] | None = None,
    **connection: Any,
) -> AsyncRealtimeConnectionManager:
    """Make the SDK's asyncio connection manager, to be entered by ``async with``.

    Args:
        signed_url: What ``get_signed_url`` returned; good for one connection if made with an ephemeral token.
        model: Sent to the server as the SDK does; the model that ``get_signed_url`` was asked for wins.
        extra_query: Further query parameters.
        **connection: The other arguments of the SDK's ``realtime.connect``.

    Returns:
        The ``AsyncRealtimeConnectionManager`` of ``AsyncOpenAI().realtime.connect``.

    Raises:
        MissingExtraError: The SDK is not installed.
    """
    require_sdk()
    from openai import AsyncOpenAI  # noqa: PLC0415 - needs the extra

    base, token = split(signed_url)
    client = AsyncOpenAI(
        api_key=PLACEHOLDER_KEY, websocket_base_url=base, default_headers=without_environment()
    )
    return client.realtime.connect(model=model, extra_query={**(extra_query or {}), **token}, **connection)


def visemes(event: object) -> Visemes | None:
    """Read the visemes that an event carries.

    Args:
        event: Any event of the connection.

    Returns:
        The mouth shapes of the event's audio, or ``None`` if the event carries none. Every audio event
        (``response.output_audio.delta``, with GPT-Live ``session.output_audio.delta``) whose format the server knows
        carries them, except with ``viseme_events="azure"``: then changes are events of their own, which
        ``VisemeReader`` reads.
    """
    extra = getattr(event, "model_extra", None)
    return Visemes.parse_or_none(extra.get("mascotVisemes")) if isinstance(extra, dict) else None


def interrupted(event: object) -> bool:
    """Whether an event, taken by itself, says that the user interrupts the agent.

    One event does not show how the session is configured and which responses have played audio. ``Interruptions``
    knows, and ``listen`` uses it: prefer them where the session has ``interrupt_response: false``, or several
    responses at once.

    Args:
        event: Any event of the connection.

    Returns:
        True for ``input_audio_buffer.speech_started`` and ``output_audio_buffer.cleared``, and for a
        ``response.done`` that was cancelled unless it says that it has no audio or is out of band: drop the audio
        not yet played and its visemes.
    """
    kind = getattr(event, "type", None)
    if kind == "response.done":
        response = getattr(event, "response", None)
        cancelled = getattr(response, "status", None) == "cancelled"
        return cancelled and not is_out_of_band(response) and not is_without_audio(response)
    return kind in ("input_audio_buffer.speech_started", "output_audio_buffer.cleared")


def listen(connection: Iterable[Event], feed: VisemeFeed) -> Iterator[Event]:
    """Go through the events of a connection as usual, with the feed filled on the way.

    Args:
        connection: The SDK's ``RealtimeConnection``.
        feed: Gets the visemes of each event just before the event is yielded, is cleared by an interruption, and
            closed when the events end.

    Yields:
        The SDK's own events, all of them.
    """
    try:
        yield from tapped(connection, feed, VisemeReader(), Interruptions())
    finally:
        feed.close()


async def listen_async(connection: AsyncIterable[Event], feed: VisemeFeed) -> AsyncIterator[Event]:
    """Go through the events of an asyncio connection as usual, with the feed filled on the way.

    Args:
        connection: The SDK's ``AsyncRealtimeConnection``.
        feed: Gets the visemes of each event just before the event is yielded, is cleared by an interruption, and
            closed when the events end.

    Yields:
        The SDK's own events, all of them.
    """
    try:
        async for event in tapped_async(connection, feed, VisemeReader(), Interruptions()):
            yield event
    finally:
        feed.close()
