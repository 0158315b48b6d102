"""The OpenAI model that the playground talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mascot_server.providers.agent import START_WITHIN_SECONDS, made_token
from mascot_server.providers.exchange import HttpRequest
from mascot_server.providers.openai.config import DEFAULT_MODEL, OpenAIConfig
from mascot_server.providers.openai.credentials import API_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_server.inference.viseme_models import VisemeModel
    from mascot_server.providers.agent import FieldKind
    from mascot_server.providers.exchange import Exchange

__all__ = ["OpenAIAgent"]

_FIELDS: Final[dict[str, tuple[FieldKind, str]]] = {
    "api_key": (
        "secret",
        "API key of OpenAI. The playground then uses the real Realtime API instead of a simulated one.",
    )
}


class OpenAIAgent:
    """OpenAI's default Realtime model."""

    model = DEFAULT_MODEL
    fields = _FIELDS
    simulated: Mapping[str, str] = {"api_key": API_KEY}

    def config(
        self,
        values: Mapping[str, str],
        origin: str,
        viseme_model: VisemeModel,
        now: float,
    ) -> Exchange[OpenAIConfig]:
        """Create a client secret, which can start sessions with this model."""
        answer = yield HttpRequest(
            "POST",
            f"{origin}/v1/realtime/client_secrets",
            headers={"Authorization": f"Bearer {values['api_key']}"},
            content={
                "session": {"type": "realtime", "model": self.model},
                "expires_after": {"anchor": "created_at", "seconds": START_WITHIN_SECONDS},
            },
        )
        token = made_token(answer, "value", title="OpenAI", setting="MASCOT_DEMO_OPENAI_API_KEY")
        return OpenAIConfig(ephemeral_token=token, model=self.model, viseme_model=viseme_model)
