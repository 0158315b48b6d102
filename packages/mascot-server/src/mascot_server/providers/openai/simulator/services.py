"""Other services with OpenAI's Realtime protocol: where they are, what they accept, and how they speak.

Each is under a path of its own on the simulators' port: ``/azure/openai/v1/realtime``, ``/xai/v1/realtime``, ….
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from mascot_server.providers.openai.credentials import API_KEY, EPHEMERAL
from mascot_server.providers.openai.simulator.beta import Beta
from mascot_server.providers.openai.simulator.conversation import OpenAIConversation
from mascot_server.providers.openai.simulator.dialects import BINARY, Qwen, VoiceLive, Xai
from mascot_server.providers.openai.simulator.ga import Ga
from mascot_server.simulators.core.answers import Answer, same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mascot_server.providers.openai.simulator.session import Dialect
    from mascot_server.simulators.core.answers import Request
    from mascot_server.simulators.core.conversation import Event
    from mascot_server.simulators.core.provider import Setup
    from mascot_server.simulators.core.voice import Chunk

__all__ = ["SERVICES", "Service"]

_VISEMES: Final = (19, 4, 1, 21, 6)


class XaiConversation(OpenAIConversation):
    """xAI's: it begins with the conversation and a ping, and its audio events have no indices."""

    _dialect: Xai

    def open(self, now: float) -> None:
        """Introduce the conversation and the session."""
        conversation = {"id": self._conversation_id, "object": "realtime.conversation"}
        self.send({"type": "conversation.created", "conversation": conversation})
        self.send({"type": "ping"})
        super().open(now)

    def encode(self, event: Event) -> str | bytes:
        """Write an event; audio as the session asks for it."""
        if event["type"] != "response.output_audio.delta":
            return super().encode(event)
        if self._session["audio"]["output"]["transport"] == BINARY:
            return base64.b64decode(event["delta"])
        rest = {key: value for key, value in event.items() if key not in ("output_index", "content_index")}
        if self._dialect.is_opus(self._session, "output"):
            # No client of the tests decodes it: any bytes do.
            rest["delta"] = base64.b64encode(b"OpusPacket").decode()
        return super().encode(rest)


class VoiceLiveConversation(OpenAIConversation):
    """Azure Voice Live's: it has visemes of its own, if the session asks for them."""

    def schedule(self, at: float, event: Event, chunk: Chunk | None = None) -> None:
        """Send an event at its time; before audio a change of the mouth, and before its end theirs."""
        outputs = (self._session["animation"] or {}).get("outputs") or ()
        if "viseme_id" in outputs and (chunk is not None or event["type"] == "response.output_audio.done"):
            place = {key: event[key] for key in ("response_id", "item_id", "output_index", "content_index")}
            if chunk is None:
                change: Event = {"type": "response.animation_viseme.done", **place}
            else:
                viseme = _VISEMES[chunk.start_ms // 20 % len(_VISEMES)]
                times = {"audio_offset_ms": chunk.start_ms, "viseme_id": viseme}
                change = {"type": "response.animation_viseme.delta", **place, **times}
            super().schedule(at, change)
        super().schedule(at, event, chunk)


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Attributes:
        path: Of its socket, below its name.
        dialect: Makes the shape of its sessions.
        forms: How clients may authenticate, ``bearer`` or ``api-key``; none where the service has no keys.
        parameter: Query parameter that names the model, which is required; ``None`` if it has none.
        query: Further parameters that are required.
        refused: Parameters that are refused.
        kind: Its conversations.
    """

    path: str = "/v1/realtime"
    dialect: Callable[[], Dialect] = Ga
    forms: tuple[str, ...] = ("bearer",)
    parameter: str | None = "model"
    query: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    kind: Callable[..., OpenAIConversation] = OpenAIConversation

    def refusal(self, request: Request) -> Answer | None:
        """Return the answer to a handshake that is wrong."""
        for name in self.refused:
            if request.query(name):
                return _answer(HTTPStatus.UNAUTHORIZED, f"{name} is not a parameter of this API")
        if self.forms and not _authenticated(request, self.forms):
            return _answer(
                HTTPStatus.UNAUTHORIZED, f"exactly one credential is needed: {' or '.join(self.forms)}"
            )
        missing = [name for name, value in self.query.items() if request.query(name) != value]
        if self.parameter is not None and not request.query(self.parameter):
            missing.append(self.parameter)
        return _answer(HTTPStatus.BAD_REQUEST, f"missing: {', '.join(missing)}") if missing else None

    def conversation(self, request: Request, setup: Setup) -> OpenAIConversation:
        """Begin a conversation."""
        model = "local" if self.parameter is None else request.query(self.parameter)
        return self.kind(setup.pacing, model, language=setup.language, dialect=self.dialect())


def _authenticated(request: Request, forms: tuple[str, ...]) -> bool:
    scheme, _, token = request.header("authorization").partition(" ")
    given = {"bearer": token if scheme.lower() == "bearer" else "", "api-key": request.header("api-key")}
    offered = [form for form, value in given.items() if value]
    if len(offered) != 1 or offered[0] not in forms:
        return False
    known = (API_KEY, EPHEMERAL) if offered[0] == "bearer" else (API_KEY,)
    return any(same(given[offered[0]], credential) for credential in known)


def _answer(status: HTTPStatus, message: str) -> Answer:
    error: dict[str, Any] = {"code": str(status.value), "message": message}
    return Answer(status, {"error": error})


_EITHER: Final = ("api-key", "bearer")

SERVICES: Final[Mapping[str, Service]] = {
    "azure": Service("/openai/v1/realtime", forms=_EITHER, refused=("api-version",)),
    "azure-preview": Service(
        "/openai/realtime",
        Beta,
        _EITHER,
        parameter="deployment",
        query={"api-version": "2025-04-01-preview"},
    ),
    "azure-voice-live": Service(
        "/voice-live/realtime",
        VoiceLive,
        _EITHER,
        query={"api-version": "2026-07-15"},
        kind=VoiceLiveConversation,
    ),
    "xai": Service(dialect=Xai, kind=XaiConversation),
    "litellm": Service(),
    "localai": Service(),
    "speaches": Service(dialect=Beta),
    "qwen": Service("/api-ws/v1/realtime", Qwen),
    "hf": Service(forms=(), parameter=None),
}
"""The services by name of their profile."""
