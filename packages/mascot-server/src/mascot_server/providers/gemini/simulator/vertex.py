"""A simulated Gemini Live session on Vertex AI, without its socket: what differs from the Developer API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from mascot_server.providers.gemini.credentials import VERTEX_ACCESS_TOKEN, VERTEX_API_KEY, VERTEX_PROJECT
from mascot_server.providers.gemini.simulator.conversation import OUTPUT_RATE, REALTIME, GeminiConversation
from mascot_server.simulators.core.answers import same
from mascot_server.simulators.core.conversation import Close
from mascot_server.simulators.core.refusal import Refusal

if TYPE_CHECKING:
    from mascot_server.simulators.core.answers import Request
    from mascot_server.simulators.core.conversation import Conversation, Pacing
    from mascot_server.simulators.core.provider import Setup
    from mascot_server.simulators.core.voice import Language

__all__ = ["VERTEX_SOCKET", "converse"]

VERTEX_SOCKET: Final = re.compile(
    r"/ws/google\.cloud\.aiplatform\.v1(?:beta1)?\.LlmBidiService/BidiGenerateContent"
)

_PUBLISHED: Final = r"publishers/google/models/[\w.-]+"
_EXPRESS: Final = re.compile(_PUBLISHED)
_IN_PROJECT: Final = re.compile(rf"projects/{VERTEX_PROJECT}/locations/[a-z0-9-]+/{_PUBLISHED}")


class VertexConversation(GeminiConversation):
    """One socket of ``LlmBidiService``.

    Every other turn names no rate in its MIME type, as is seen of the service.

    Args:
        pacing: speed of sending and of playback.
        language: language of the agent.
        express: whether a key opened it, which has a project of its own.
    """

    realtime_fields: ClassVar[frozenset[str]] = REALTIME - {"audioStreamEnd"}
    response_tokens: ClassVar[str] = "candidates"

    def __init__(self, pacing: Pacing, language: Language = "en", *, express: bool = False) -> None:
        super().__init__(pacing, language)
        self._models = _EXPRESS if express else _IN_PROJECT
        self._names_rate = False

    def refusal_of(self, model: object) -> Close | None:
        """Return how the session is closed for its model; ``None`` if there is such a model."""
        if isinstance(model, str) and self._models.fullmatch(model):
            return None
        return Close(1008, "Publisher Model was not found or your project does not have access to it.")

    def output_type(self) -> str:
        """Return the MIME type of a turn's audio."""
        self._names_rate = not self._names_rate
        return f"audio/pcm;rate={OUTPUT_RATE}" if self._names_rate else "audio/pcm"


def converse(request: Request, setup: Setup) -> Conversation:
    """Begin a session, or refuse the credential: one of an access token and a key."""
    scheme, _, token = request.header("authorization").partition(" ")
    key = request.header("x-goog-api-key")
    if bool(token) == bool(key):
        return Refusal("gemini", 1008, "Request is missing required authentication credential.")
    known = same(key, VERTEX_API_KEY) or (scheme == "Bearer" and same(token, VERTEX_ACCESS_TOKEN))
    if not known:
        return Refusal("gemini", 1008, "Request had invalid authentication credentials.")
    return VertexConversation(setup.pacing, setup.language, express=bool(key))
