"""What the demo plays on: the three simulated providers in this process, and a real server beside it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from examples.demo.pace import SPEED
from examples.offline import simulated, started_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mascot_server.simulators import AudioSent

__all__ = ["SPOKEN", "Stage", "VisemeModel", "stage"]

VisemeModel = Literal["default", "indonesian"]

SPOKEN: Final[dict[VisemeModel, Literal["en", "id"]]] = {"default": "en", "indonesian": "id"}
"""What the simulated agents speak for each viseme model."""


@dataclass
class Stage:
    """Where everything is.

    Attributes:
        providers: Origin of the simulators.
        server: Origin of the server.
        api_key: What the server accepts.
        viseme_model: The model that conversations ask the server for.
        sent: All audio that the simulators sent, in order.
    """

    providers: str
    server: str
    api_key: str
    viseme_model: VisemeModel = "default"
    sent: list[AudioSent] = field(default_factory=list)


@contextmanager
def stage(viseme_model: VisemeModel) -> Iterator[Stage]:
    """Starts simulators, which speak the model's language, and server on free ports, and stops them."""
    sent: list[AudioSent] = []
    speaking = {"burst": SPEED, "playback": SPEED, "language": SPOKEN[viseme_model]}
    with simulated(on_audio=sent.append, **speaking) as providers:
        settings = {f"MASCOT_{name}_URL": providers for name in ("ELEVENLABS", "OPENAI", "GEMINI")}
        with started_server(settings) as (server, api_key):
            yield Stage(providers, server, api_key, viseme_model, sent)
