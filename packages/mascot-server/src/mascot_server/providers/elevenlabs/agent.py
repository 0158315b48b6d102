"""The ElevenLabs agent that the playground talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mascot_server.providers.elevenlabs.config import ElevenLabsConfig
from mascot_server.providers.elevenlabs.credentials import AGENT_ID, API_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_server.inference.viseme_models import VisemeModel
    from mascot_server.providers.agent import FieldKind
    from mascot_server.providers.exchange import Exchange

__all__ = ["ElevenLabsAgent"]

_FIELDS: Final[dict[str, tuple[FieldKind, str]]] = {
    "api_key": (
        "secret",
        "API key of ElevenLabs. The playground then uses the agent MASCOT_DEMO_ELEVENLABS_AGENT_ID instead of a "
        "simulated one.",
    ),
    "agent_id": ("name", "ID of the ElevenLabs agent. Requires MASCOT_DEMO_ELEVENLABS_API_KEY."),
}


class ElevenLabsAgent:
    """An agent of ElevenLabs, which has its own model."""

    model = None
    fields = _FIELDS
    simulated: Mapping[str, str] = {"api_key": API_KEY, "agent_id": AGENT_ID}

    def config(
        self,
        values: Mapping[str, str],
        origin: str,
        viseme_model: VisemeModel,
        now: float,
    ) -> Exchange[ElevenLabsConfig]:
        """Return the agent; this server asks ElevenLabs for a signed URL when the page connects."""
        return ElevenLabsConfig(
            api_key=values["api_key"], agent_id=values["agent_id"], viseme_model=viseme_model
        )
        yield  # a generator without a request
