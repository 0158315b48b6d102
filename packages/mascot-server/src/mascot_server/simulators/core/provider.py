"""The interface of a simulated provider, sans-I/O: it maps requests to responses or conversations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mascot_server.simulators.core.answers import Answer, Request
    from mascot_server.simulators.core.conversation import Conversation, Pacing
    from mascot_server.simulators.core.synthesis import Spoken
    from mascot_server.simulators.core.voice import Language

__all__ = ["ProviderSimulator", "Setup"]


@dataclass(frozen=True, slots=True)
class Setup:
    """How the simulators are set up.

    Attributes:
        pacing: How time passes in their conversations.
        beta: Whether OpenAI still speaks its beta API.
        signature_lifetime: Seconds for which ElevenLabs' signed URL can be dialled.
        language: Language of the agents.
    """

    pacing: Pacing
    beta: bool = False
    signature_lifetime: float = 900.0
    language: Language = "en"


class ProviderSimulator(Protocol):
    """One simulated provider."""

    def get(self, request: Request, now: float) -> Answer | Conversation | None:
        """Handle a GET request or a WebSocket handshake.

        Args:
            request: Request to answer.
            now: Current time in seconds, for the expiry of signatures.

        Returns:
            An HTTP answer, or the conversation that begins; ``None`` if the path is not this provider's.
        """

    def post(self, request: Request, body: bytes) -> Answer | Spoken | None:
        """Handle a POST request; return ``None`` if the path is not this provider's."""
