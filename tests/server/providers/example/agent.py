"""Whom the playground talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .config import ExampleConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_server.inference.viseme_models import VisemeModel
    from mascot_server.providers.agent import FieldKind
    from mascot_server.providers.exchange import Exchange

SIMULATED_KEY: Final = "simulated-example-key"
_FIELDS: Final[dict[str, tuple[FieldKind, str]]] = {"api_key": ("secret", "Key of the example.")}


class ExampleAgent:
    """The example's only agent."""

    model = None
    fields = _FIELDS
    simulated: Mapping[str, str] = {"api_key": SIMULATED_KEY}

    def config(
        self,
        values: Mapping[str, str],
        origin: str,
        viseme_model: VisemeModel,
        now: float,
    ) -> Exchange[ExampleConfig]:
        """Return the details of one conversation."""
        return ExampleConfig(api_key=values["api_key"], viseme_model=viseme_model)
        yield  # a generator without a request
