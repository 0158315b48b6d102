"""The SDK's conversation classes with one addition: messages of type ``visemes`` reach a callback.

Imported only when the SDK is there. Two things of the SDK are relied on. The public one: it asks its HTTP
client for the signed URL, so a transport that answers locally hands it ours. The private one:
``_handle_message`` sees every message. If that name went away, visemes would stop and the call would go on.
"""

from __future__ import annotations

import inspect
import logging
import math
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
"""No audio event is interrupted."""


class VisemeConversation(Conversation):
    """A ``Conversation`` that hands viseme payloads to a callback."""

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
        self._interrupted = _NOTHING
        self._named = ColumnNames()

    def _handle_message(self, message: Any, ws: Any) -> None:
        if not _carries_visemes(message):
            self._interrupted = _interrupted(message, self._on_visemes, self._interrupted)
            super()._handle_message(message, ws)  # type: ignore[no-untyped-call]  # the SDK's
            return
        visemes = Visemes.parse_or_none(message)
        if visemes is None:
            return
        visemes = self._named(visemes)
        if visemes.audio_event_id <= self._interrupted:
            return
        try:
            self._on_visemes(visemes)
        except Exception:
            logger.exception("on_visemes failed; the conversation goes on")


class AsyncVisemeConversation(AsyncConversation):
    """An ``AsyncConversation`` that hands viseme payloads to a callback."""

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
        self._interrupted = _NOTHING
        self._named = ColumnNames()

    async def _handle_message(self, message: Any, ws: Any) -> None:
        if not _carries_visemes(message):
            self._interrupted = _interrupted(message, self._on_visemes, self._interrupted)
            await super()._handle_message(message, ws)  # type: ignore[no-untyped-call]  # the SDK's
            return
        visemes = Visemes.parse_or_none(message)
        if visemes is None:
            return
        visemes = self._named(visemes)
        if visemes.audio_event_id <= self._interrupted:
            return
        try:
            result = self._on_visemes(visemes)
            if inspect.isawaitable(result):
                await result
        except Exception:
            logger.exception("on_visemes failed; the conversation goes on")


def _answering(signed_url: SignedUrl) -> ElevenLabs:
    """An SDK client whose question for a signed URL is answered here, without leaving the process."""

    def respond(request: httpx.Request) -> httpx.Response:  # noqa: ARG001 - a transport's handler takes it
        return httpx.Response(200, json={"signed_url": signed_url.url})

    # The explicit key keeps ELEVENLABS_API_KEY of the environment out of it, and no host has this name.
    return ElevenLabs(
        api_key="unused",
        base_url="https://answered-locally.invalid",
        httpx_client=httpx.Client(transport=httpx.MockTransport(respond)),
    )


def _carries_visemes(message: object) -> bool:
    return isinstance(message, dict) and message.get("type") == "visemes"


def _interrupted(message: object, on_visemes: object, before: float) -> float:
    """Up to which audio event the user has interrupted: the SDK plays no audio up to there any more.

    Whatever the number, the SDK also lets the audio interface drop what it has not played yet, so a feed drops its
    visemes. Only for audio that comes later does the number decide.
    """
    if not isinstance(message, dict) or message.get("type") != "interruption":
        return before
    if isinstance(on_visemes, VisemeFeed):
        on_visemes.interrupt()
    event = message.get("interruption_event")
    number = event.get("event_id") if isinstance(event, dict) else None
    try:
        return int(number) if isinstance(number, int | float | str) else before
    except (ValueError, OverflowError):
        return before


def _warn_without_hook(conversation: type) -> None:
    if not hasattr(conversation, _HOOK):
        logger.warning(
            "this ElevenLabs SDK has no %s.%s: the conversation works, but no visemes will arrive",
            conversation.__name__,
            _HOOK,
        )
