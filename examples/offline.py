"""Run the examples without keys: start simulated providers and a mascot server, and set the environment variables.

    with offline("openai") as simulated:
        mascot = MascotClient()  # finds the server in MASCOT_BASE_URL and MASCOT_API_KEY

Your own app does not need this module. Set the same variables to the real addresses and keys.
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
"""The key variables of each provider. If one of them is set, the real provider is used."""

_RELAYED: Final = frozenset({"elevenlabs", "openai", "gemini"})
"""The providers that the mascot server connects to. The examples connect to the others directly."""

_NEEDED: Final = {
    "elevenlabs": ("ELEVENLABS_AGENT_ID", "the agent to talk to"),
    "cartesia": ("CARTESIA_VOICE_ID", "the voice to speak with"),
}
"""The variable that a provider requires in addition to its key."""


@contextmanager
def offline(*providers: str, speed: float = 1.0) -> Iterator[frozenset[str]]:
    """Set the missing environment variables while the ``with`` block runs.

    A provider without a key is simulated on the loopback interface. If a mascot server is needed and
    ``MASCOT_BASE_URL`` is not set, a server is started there too.

    Args:
        *providers: The providers that the example uses, from ``KEYS``.
        speed: How many times faster than real time the simulated agents speak.

    Yields:
        The names of the simulated providers.

    Raises:
        SystemExit: A variable that belongs to a key is missing, or the server does not start.
    """
    missing = frozenset(name for name in providers if not any(map(os.environ.get, KEYS[name])))
    for name in set(providers) & _NEEDED.keys() - missing:
        variable, meaning = _NEEDED[name]
        if not os.environ.get(variable):
            raise SystemExit(f"{variable}: set it as well, to {meaning}")
    relayed = [name for name in providers if name in _RELAYED]
    yours = os.environ.get("MASCOT_BASE_URL")
    # Your own server connects to the real providers, which would reject the key of a simulator.
    if yours and missing.intersection(relayed):
        keys = ", ".join(KEYS[name][0] for name in relayed if name in missing)
        raise SystemExit(f"{keys}: set it, because MASCOT_BASE_URL is set to your own server")
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
    """Run the simulated providers in this process, on a free port.

    Args:
        **options: The options of ``Simulators``.

    Yields:
        The origin of the simulators, for example ``http://127.0.0.1:8001``.
    """
    with start_blocking_portal() as portal:
        providers = Simulators(**options)
        with portal.wrap_async_context_manager(providers):
            yield providers.origin


@contextmanager
def started_server(settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Run ``mascot-server serve`` on a free port.

    Args:
        settings: ``MASCOT_…`` variables, in addition to the key and the secret. Those of this process are not used.

    Yields:
        The origin of the server, and an API key that it accepts.

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
    """Wait until the server prints its address, and return it."""
    assert process.stdout is not None  # noqa: S101  (stdout=PIPE above)
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        _, errors = process.communicate()
        raise SystemExit(f"the server did not start:\n{errors}")
    return line.removeprefix("listening on ").strip()


def _environment(providers: frozenset[str], origin: str) -> dict[str, str]:
    """Return the variables that connect each provider's SDK to the simulators."""
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
