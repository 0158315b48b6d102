"""Lets the examples run without a key: starts what they would talk to, and says where by the environment.

    with offline("openai") as simulated:
        mascot = MascotClient()  # finds the server in MASCOT_BASE_URL and MASCOT_API_KEY

An app of yours needs none of this. It sets the same variables to the real addresses and keys.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from anyio.from_thread import start_blocking_portal

from mascot_server import simulators
from mascot_server.simulators import Simulators

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["KEYS", "offline", "simulated", "started_server"]

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "elevenlabs": ("ELEVENLABS_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "cartesia": ("CARTESIA_API_KEY",),
}
"""The variables of each provider. Where one is set, the provider is real."""

_RELAYED: Final = frozenset({"elevenlabs", "openai", "gemini"})
"""Those that a mascot server connects to; the others are talked to directly."""

_NEEDED: Final = {
    "elevenlabs": ("ELEVENLABS_AGENT_ID", "the agent to talk to"),
    "cartesia": ("CARTESIA_VOICE_ID", "the voice to speak with"),
}
"""What a provider needs beside its key."""


@contextmanager
def offline(*providers: str, speed: float = 1.0) -> Iterator[frozenset[str]]:
    """Fills in the variables that are not set, for as long as the ``with`` lasts.

    A provider without a key is simulated on loopback. A mascot server, where one is needed, is started there too,
    unless ``MASCOT_BASE_URL`` names one.

    Args:
        providers: Those that the example talks to, of ``KEYS``.
        speed: How many times faster than real time the simulated agents are heard.

    Yields:
        Which of them are simulated.

    Raises:
        SystemExit: A key is set without what belongs to it, or the server does not start.
    """
    missing = frozenset(name for name in providers if not any(map(os.environ.get, KEYS[name])))
    for name in set(providers) & _NEEDED.keys() - missing:
        variable, meaning = _NEEDED[name]
        if not os.environ.get(variable):
            raise SystemExit(f"{variable}: set it as well, to {meaning}")
    relayed = [name for name in providers if name in _RELAYED]
    yours = os.environ.get("MASCOT_BASE_URL")
    # A server of yours talks to the real providers, which would refuse a simulator's key.
    if yours and missing.intersection(relayed):
        keys = ", ".join(KEYS[name][0] for name in relayed if name in missing)
        raise SystemExit(f"{keys}: set it, because MASCOT_BASE_URL names a server of yours")
    with ExitStack() as running:
        filled: dict[str, str] = {}
        origin = ""
        if missing:
            origin = running.enter_context(simulated(burst=8 * speed, playback=speed))
            filled |= _environment(missing, origin)
        if relayed and not yours:
            origins = {f"MASCOT_{name.upper()}_URL": origin for name in relayed if name in missing}
            server, api_key = running.enter_context(started_server(origins))
            filled |= {"MASCOT_BASE_URL": server, "MASCOT_API_KEY": api_key}
        before = {name: os.environ.get(name) for name in filled}
        os.environ.update(filled)
        try:
            yield missing
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


@contextmanager
def simulated(**options: Any) -> Iterator[str]:
    """Runs the simulated providers in this process, on a free port; yields their origin.

    Args:
        **options: Those of ``Simulators``.
    """
    with start_blocking_portal() as portal:
        providers = Simulators(**options)
        with portal.wrap_async_context_manager(providers):
            yield providers.origin


@contextmanager
def started_server(settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Runs ``mascot-server serve`` on a free port, as anyone would; yields its origin and a key that it takes.

    Args:
        settings: What is set beside key and secret, as ``MASCOT_…`` variables; those of this process do not count.

    Raises:
        SystemExit: The server does not start.
    """
    api_key = secrets.token_urlsafe()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")}
    environment |= {"MASCOT_SECRET": secrets.token_hex(32), "MASCOT_API_KEYS": api_key, **settings}
    command = [sys.executable, "-m", "mascot_server", "serve", "--port", "0"]
    process = subprocess.Popen(  # noqa: S603  (our own command)
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield _listening(process), api_key
        finally:
            process.terminate()


def _listening(process: subprocess.Popen[str]) -> str:
    """Waits until the server says where it listens."""
    assert process.stdout is not None  # noqa: S101  (asked for above)
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        _, errors = process.communicate()
        raise SystemExit(f"the server did not start:\n{errors}")
    return line.removeprefix("listening on ").strip()


def _environment(providers: frozenset[str], origin: str) -> dict[str, str]:
    """The variables that lead each provider's SDK to the simulators."""
    variables = {
        "elevenlabs": {
            "ELEVENLABS_API_KEY": simulators.ELEVENLABS_API_KEY,
            "ELEVENLABS_AGENT_ID": simulators.ELEVENLABS_AGENT_ID,
        },
        "openai": {"OPENAI_API_KEY": simulators.OPENAI_API_KEY, "OPENAI_BASE_URL": f"{origin}/v1"},
        "gemini": {"GEMINI_API_KEY": simulators.GEMINI_API_KEY, "GOOGLE_GEMINI_BASE_URL": origin},
        "cartesia": {
            "CARTESIA_API_KEY": simulators.CARTESIA_API_KEY,
            "CARTESIA_VOICE_ID": simulators.CARTESIA_VOICE_ID,
            "CARTESIA_BASE_URL": origin,
        },
    }
    return {name: value for provider in providers for name, value in variables[provider].items()}
