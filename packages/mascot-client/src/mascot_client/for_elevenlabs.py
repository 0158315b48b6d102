"""Open ElevenLabs conversations through the server, with the official SDK and with visemes.

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
    """Create a conversation of the SDK. Start it with ``start_session()``.

    Args:
        signed_url: The result of ``get_signed_url``. It can start several conversations while it is valid.
        agent_id: The same agent id as in ``ElevenLabsConfig``.
        on_visemes: Called with each payload, in the receiving thread of the SDK, just before the SDK sends the
            audio of the payload to the audio interface. An exception in it is logged and does not stop the
            conversation. You can pass a ``VisemeFeed``; an interruption clears it.
        **conversation: The other arguments of ``Conversation``, for example ``audio_interface``, ``config``,
            ``client_tools`` and the ``callback_…`` functions.

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
    """Create an asyncio conversation of the SDK. Start it with ``await start_session()``.

    Args:
        signed_url: The result of ``get_signed_url``. It can start several conversations while it is valid.
        agent_id: The same agent id as in ``ElevenLabsConfig``.
        on_visemes: A function or coroutine function. It is called with each payload, just before the SDK sends the
            audio of the payload to the audio interface. An exception in it is logged and does not stop the
            conversation. You can pass a ``VisemeFeed``; an interruption clears it.
        **conversation: The other arguments of ``AsyncConversation``.

    Returns:
        An ``AsyncConversation`` that has not been started.

    Raises:
        MissingExtraError: The SDK is not installed.
    """
    with needs("elevenlabs", "elevenlabs"):
        from mascot_client._elevenlabs import AsyncVisemeConversation  # noqa: PLC0415 - needs the extra
    return AsyncVisemeConversation(signed_url, agent_id, on_visemes, conversation)
