"""The Gemini model that the playground talks to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from mascot_server.providers.agent import START_WITHIN_SECONDS, made_token
from mascot_server.providers.exchange import HttpRequest
from mascot_server.providers.gemini.config import GeminiConfig
from mascot_server.providers.gemini.credentials import API_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_server.inference.viseme_models import VisemeModel
    from mascot_server.providers.agent import FieldKind
    from mascot_server.providers.exchange import Exchange

__all__ = ["GeminiAgent"]

_TALK_SECONDS: Final = 1800
_FIELDS: Final[dict[str, tuple[FieldKind, str]]] = {
    "api_key": (
        "secret",
        "API key of Gemini. The playground then uses the real Live API instead of a simulated one.",
    )
}


class GeminiAgent:
    """A Gemini Live model."""

    model = "gemini-3.8-live"
    fields = _FIELDS
    simulated: Mapping[str, str] = {"api_key": API_KEY}

    def config(
        self, values: Mapping[str, str], origin: str, viseme_model: VisemeModel, now: float
    ) -> Exchange[GeminiConfig]:
        """Create an auth token, which can start one session. Only ``v1alpha`` of Google's API supports them."""
        answer = yield HttpRequest(
            "POST",
            f"{origin}/v1alpha/auth_tokens",
            headers={"x-goog-api-key": values["api_key"]},
            content={
                "uses": 1,
                "newSessionExpireTime": _timestamp(now + START_WITHIN_SECONDS),
                "expireTime": _timestamp(now + _TALK_SECONDS),
            },
        )
        token = made_token(answer, "name", title="Gemini", setting="MASCOT_DEMO_GEMINI_API_KEY")
        return GeminiConfig(ephemeral_token=token, model=self.model, viseme_model=viseme_model)


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
