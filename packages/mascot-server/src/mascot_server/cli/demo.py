"""The command `mascot-server demo`."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING, Final

import click
from pydantic import SecretStr

from mascot_server.errors import SettingsError
from mascot_server.observability.logs import configure_logging
from mascot_server.playground import PAGE, Playground, load_demo_settings
from mascot_server.process.supervisor import serve
from mascot_server.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mascot_server.settings import Settings

__all__ = ["demo"]

_EVERY_ADDRESS: Final = ("0.0.0.0", "::")  # noqa: S104 - nothing is bound to them here


@click.command()
@click.option("--host", help="Address to listen on.  [MASCOT_HOST; 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 selects a free port.  [MASCOT_PORT; 8000]",
)
def demo(host: str | None, port: int | None) -> None:
    """Serve the playground: a web page where you talk to an avatar.

    It uses simulated providers. To use a real one, set its key: MASCOT_DEMO_OPENAI_API_KEY, MASCOT_DEMO_GEMINI_API_KEY,
    or MASCOT_DEMO_ELEVENLABS_API_KEY with MASCOT_DEMO_ELEVENLABS_AGENT_ID. To listen on an address other than loopback,
    set MASCOT_DEMO_PASSWORD. Press Ctrl+C to stop.
    """
    try:
        settings, whom = load_settings(host=host, port=port), load_demo_settings()
        whom.check(settings)
        settings = _for_the_page_alone(settings)
        configure_logging(settings.log_format, settings.log_level, secrets=[settings, whom])
        playground = Playground(settings, whom)

        def announce(origin: str) -> None:
            for line in _announcement(origin, settings, playground):
                click.echo(line)

        sys.exit(serve(settings, dev=False, announce=announce, playground=playground))
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


def _for_the_page_alone(settings: Settings) -> Settings:
    """Return the settings with a random key and secret, and without stores, other web pages and a drain time."""
    own = {
        "api_keys": (SecretStr(secrets.token_urlsafe()),),
        "secret": (SecretStr(secrets.token_hex(32)),),
        "key_store": None,
        "redis_url": None,
        "allowed_origins": (),
        "cors_origins": (),
        "drain_seconds": 0.0,
    }
    return settings.model_copy(update=own)


def _announcement(origin: str, settings: Settings, playground: Playground) -> Iterator[str]:
    scheme, _, rest = origin.partition("://")
    port = rest.rpartition(":")[2]
    here = f"{scheme}://127.0.0.1:{port}" if settings.host in _EVERY_ADDRESS else origin
    yield f"open {settings.public_url or here}{PAGE}"
    for agent in playground.agents.described():
        where = "simulated" if agent["simulated"] else settings.origin_of(agent["id"])
        yield f"  {agent['name']}: {where}"
    yield "Press Ctrl+C to stop"
