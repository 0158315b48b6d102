"""The environment of the demo: the simulated providers in this process, and a real server in another process."""

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
"""The language of the simulated agents for each viseme model."""


@dataclass
class Stage:
    """The addresses and settings of the demo.

    Attributes:
        providers: The origin of the simulators.
        server: The origin of the server.
        api_key: An API key that the server accepts.
        viseme_model: The viseme model of the conversations.
        sent: All audio that the simulators sent, in order.
    """

    providers: str
    server: str
    api_key: str
    viseme_model: VisemeModel = "default"
    sent: list[AudioSent] = field(default_factory=list)


@contextmanager
def stage(viseme_model: VisemeModel) -> Iterator[Stage]:
    """Run the simulators and the server on free ports. The simulated agents speak the language of the model."""
    sent: list[AudioSent] = []
    speaking = {"burst": SPEED, "playback": SPEED, "language": SPOKEN[viseme_model]}
    with simulated(on_audio=sent.append, **speaking) as providers:
        settings = {f"MASCOT_{name}_URL": providers for name in ("ELEVENLABS", "OPENAI", "GEMINI")}
        with started_server(settings) as (server, api_key):
            yield Stage(providers, server, api_key, viseme_model, sent)
