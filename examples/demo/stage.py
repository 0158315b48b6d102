"""What the demo plays on: the three simulated providers in this process, and a real server beside it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from anyio.from_thread import start_blocking_portal

from mascot_server.simulators import Simulators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mascot_server.simulators import AudioSent

__all__ = ["SPOKEN", "Stage", "VisemeModel", "stage"]

VisemeModel = Literal["default", "indonesian"]

SPOKEN: Final[dict[VisemeModel, Literal["en", "id"]]] = {"default": "en", "indonesian": "id"}
"""What the simulated agents speak for each viseme model."""

SPEED = 8.0
"""How many times faster than real time the simulated agents speak and are listened to, as the real ones do send."""


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
    with start_blocking_portal() as portal:
        simulators = Simulators(
            on_audio=sent.append, burst=SPEED, playback=SPEED, language=SPOKEN[viseme_model]
        )
        with portal.wrap_async_context_manager(simulators), _server(simulators.origin) as (origin, api_key):
            yield Stage(simulators.origin, origin, api_key, viseme_model, sent)


@contextmanager
def _server(providers: str) -> Iterator[tuple[str, str]]:
    """Runs `mascot-server serve` as anyone would, with the simulators in the place of the real services."""
    api_key = secrets.token_urlsafe()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")} | {
        "MASCOT_SECRET": secrets.token_hex(32),
        "MASCOT_API_KEYS": api_key,
        "MASCOT_ELEVENLABS_URL": providers,
        "MASCOT_OPENAI_URL": providers,
        "MASCOT_GEMINI_URL": providers,
    }
    command = [sys.executable, "-m", "mascot_server", "serve", "--port", "0"]
    process = subprocess.Popen(  # noqa: S603  (our own command)
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield _origin(process), api_key
        finally:
            process.terminate()


def _origin(process: subprocess.Popen[str]) -> str:
    """Waits until the server says where it listens."""
    assert process.stdout is not None  # noqa: S101  (asked for above)
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        _, errors = process.communicate()
        raise SystemExit(f"the server did not start:\n{errors}")
    return line.removeprefix("listening on ").strip()
