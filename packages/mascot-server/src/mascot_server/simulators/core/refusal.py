"""A WebSocket that is accepted and then closed with a reason, as some providers reject handshakes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mascot_server.simulators.core.conversation import Conversation, Event, Pacing

if TYPE_CHECKING:
    from collections.abc import Sequence


class Refusal(Conversation):
    """A conversation that sends the events and then closes.

    Args:
        provider: name of the provider.
        code: the close code.
        reason: the close reason.
        events: what is sent before.
    """

    def __init__(self, provider: str, code: int, reason: str, events: Sequence[Event] = ()) -> None:
        super().__init__(Pacing())
        self.provider = provider
        self._reason = (code, reason)
        self._events = events

    def open(self, now: float) -> None:  # noqa: ARG002 - it does not depend on the time
        """Send the events and close."""
        for event in self._events:
            self.send(event)
        self.end(*self._reason)

    def receive(self, message: str | bytes, now: float) -> None:
        """Ignore messages of the client."""

    def encode(self, event: Event) -> str:
        """Write an event as JSON."""
        return json.dumps(event)
