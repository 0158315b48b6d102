"""ElevenLabs conversations through the server: the official ``Conversation``, and visemes.

    from mascot_client import for_elevenlabs

    conversation = for_elevenlabs.connect(
        signed_url, agent_id="…", on_visemes=print, audio_interface=DefaultAudioInterface()
    )
    conversation.start_session()

Needs ``pip install "mascot-client[elevenlabs]"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mascot_client._extras import needs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from elevenlabs.conversational_ai.conversation import AsyncConversation, Conversation

    from mascot_client.credentials import SignedUrl
    from mascot_client.visemes import Visemes

__all__ = ["connect", "connect_async"]


def connect(
    signed_url: SignedUrl,
    *,
    agent_id: str,
    on_visemes: Callable[[Visemes], object],
    **conversation: Any,
) -> Conversation:
    """Make the SDK's conversation, to be started with ``start_session()`` as usual.

    Args:
        signed_url: What ``get_signed_url`` returned. It may start several conversations while it is valid.
        agent_id: The agent that ``get_signed_url`` was asked for.
        on_visemes: Called with each payload, in the SDK's receiving thread, just before the audio that the
            payload describes goes to the audio interface. What it raises is logged, and the call goes on. A
            ``VisemeFeed`` does too; interruptions clear it.
        **conversation: The other arguments of ``Conversation``: ``audio_interface``, ``config``,
            ``client_tools``, the ``callback_…`` functions.

    Returns:
        A ``Conversation`` that has not been started.

    Raises:
        MissingExtraError: The SDK is not installed.
    """
    with needs("elevenlabs", "elevenlabs"):
        from mascot_client._elevenlabs import VisemeConversation  # noqa: PLC0415 - needs the extra
    return VisemeConversation(signed_url, agent_id, on_visemes, conversation)


def connect_async(
    signed_url: SignedUrl,
    *,
    agent_id: str,
    on_visemes: Callable[[Visemes], Awaitable[object] | object],
    **conversation: Any,
) -> AsyncConversation:
    """Make the SDK's asyncio conversation, to be started with ``await start_session()`` as usual.

    Args:
        signed_url: What ``get_signed_url`` returned. It may start several conversations while it is valid.
        agent_id: The agent that ``get_signed_url`` was asked for.
        on_visemes: A function or coroutine function called with each payload, just before the audio that the
            payload describes goes to the audio interface. What it raises is logged, and the call goes on. A
            ``VisemeFeed`` does too; interruptions clear it.
        **conversation: The other arguments of ``AsyncConversation``.

    Returns:
        An ``AsyncConversation`` that has not been started.

    Raises:
        MissingExtraError: The SDK is not installed.
    """
    with needs("elevenlabs", "elevenlabs"):
        from mascot_client._elevenlabs import AsyncVisemeConversation  # noqa: PLC0415 - needs the extra
    return AsyncVisemeConversation(signed_url, agent_id, on_visemes, conversation)
