"""The conversation classes of the ElevenLabs SDK, with a callback for messages of type ``visemes``.

This module is imported only if the SDK is installed. It depends on two properties of the SDK. The public one: the SDK
requests the signed URL with its HTTP client, so a local transport can return our URL. The private one:
``_handle_message`` receives every message. Without that method the conversation works, but there are no visemes.
"""

from __future__ import annotations

import inspect
import logging
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
from elevenlabs.client import ElevenLabs
from elevenlabs.conversational_ai.conversation import AsyncConversation, Conversation

from mascot_client._column_names import ColumnNames
from mascot_client.feed import VisemeFeed
from mascot_client.visemes import Visemes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mascot_client.credentials import SignedUrl

logger = logging.getLogger(__name__)

_HOOK = "_handle_message"

_NOTHING = -math.inf
"""The id of the last interrupted audio event before the first interruption."""


class _Reader:
    """Read the viseme payloads of one conversation, without those of interrupted audio.

    Args:
        on_visemes: The app's callback. With every interruption the SDK clears the audio interface, so a feed drops its
            visemes.
    """

    def __init__(self, on_visemes: object) -> None:
        self._on_visemes = on_visemes
        self._interrupted: float = _NOTHING
        self._named = ColumnNames()

    def note(self, message: object) -> None:
        """Process a message without visemes. After an interruption the SDK drops audio up to the id in the message."""
        if not isinstance(message, dict) or message.get("type") != "interruption":
            return
        if isinstance(self._on_visemes, VisemeFeed):
            self._on_visemes.interrupt()
        event = message.get("interruption_event")
        number = event.get("event_id") if isinstance(event, dict) else None
        if isinstance(number, int | float | str):
            # An id that is not a number is ignored.
            with suppress(ValueError, OverflowError):
                self._interrupted = int(number)

    def read(self, message: object) -> Visemes | None:
        """Return the visemes of a message; ``None`` if they are not valid, or if their audio was interrupted."""
        visemes = Visemes.parse_or_none(message)
        if visemes is None:
            return None
        visemes = self._named(visemes)
        return None if visemes.audio_event_id <= self._interrupted else visemes


class VisemeConversation(Conversation):
    """A ``Conversation`` that passes viseme payloads to a callback."""

    def __init__(
        self,
        signed_url: SignedUrl,
        agent_id: str,
        on_visemes: Callable[[Visemes], object],
        arguments: Mapping[str, Any],
    ) -> None:
        _warn_without_hook(Conversation)
        super().__init__(_answering(signed_url), agent_id, requires_auth=True, **arguments)
        self._on_visemes = on_visemes
        self._reader = _Reader(on_visemes)

    def _handle_message(self, message: Any, ws: Any) -> None:
        if not _carries_visemes(message):
            self._reader.note(message)
            super()._handle_message(message, ws)  # type: ignore[no-untyped-call]  # the SDK's
            return
        visemes = self._reader.read(message)
        if visemes is None:
            return
        try:
            self._on_visemes(visemes)
        except Exception:
            logger.exception("on_visemes failed; the conversation continues")


class AsyncVisemeConversation(AsyncConversation):
    """An ``AsyncConversation`` that passes viseme payloads to a callback."""

    def __init__(
        self,
        signed_url: SignedUrl,
        agent_id: str,
        on_visemes: Callable[[Visemes], Awaitable[object] | object],
        arguments: Mapping[str, Any],
    ) -> None:
        _warn_without_hook(AsyncConversation)
        super().__init__(_answering(signed_url), agent_id, requires_auth=True, **arguments)
        self._on_visemes = on_visemes
        self._reader = _Reader(on_visemes)

    async def _handle_message(self, message: Any, ws: Any) -> None:
        if not _carries_visemes(message):
            self._reader.note(message)
            await super()._handle_message(message, ws)  # type: ignore[no-untyped-call]  # the SDK's
            return
        visemes = self._reader.read(message)
        if visemes is None:
            return
        try:
            result = self._on_visemes(visemes)
            if inspect.isawaitable(result):
                await result
        except Exception:
            logger.exception("on_visemes failed; the conversation continues")


def _answering(signed_url: SignedUrl) -> ElevenLabs:
    """Return an SDK client whose request for a signed URL gets our URL, without network access."""

    def respond(request: httpx.Request) -> httpx.Response:  # noqa: ARG001 - required by the transport
        return httpx.Response(200, json={"signed_url": signed_url.url})

    # The explicit key prevents the use of ELEVENLABS_API_KEY from the environment. No host has this name.
    return ElevenLabs(
        api_key="unused",
        base_url="https://answered-locally.invalid",
        httpx_client=httpx.Client(transport=httpx.MockTransport(respond)),
    )


def _carries_visemes(message: object) -> bool:
    return isinstance(message, dict) and message.get("type") == "visemes"


def _warn_without_hook(conversation: type) -> None:
    if not hasattr(conversation, _HOOK):
        logger.warning(
            "this version of the ElevenLabs SDK has no %s.%s: the conversation works, but without visemes; "
            "install a version that mascot-client supports",
            conversation.__name__,
            _HOOK,
        )
