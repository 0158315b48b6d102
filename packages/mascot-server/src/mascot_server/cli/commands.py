"""The command `mascot-server`."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mascot_server.cli.demo import demo
from mascot_server.cli.keys import keys
from mascot_server.errors import SettingsError
from mascot_server.observability.logs import configure_logging, log_uncaught
from mascot_server.playground import DemoSettings
from mascot_server.process.self_check import Finding
from mascot_server.process.self_check import check as findings
from mascot_server.process.setting_problems import setting_problems
from mascot_server.process.supervisor import serve as run_server
from mascot_server.providers.registry import PROVIDERS
from mascot_server.settings import Settings, load, load_settings, unknown_names
from mascot_server.simulators import CREDENTIALS, Simulators

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["main"]

DEV_API_KEY = "mascot-dev"

logger = logging.getLogger(__name__)

_REQUIRED = ("MASCOT_API_KEYS: missing", "MASCOT_SECRET: missing")
_FIRST_TIME = (
    f"To try the server on this machine: `mascot-server serve --dev` (it makes up a secret and accepts the API key "
    f"{DEV_API_KEY}), or `mascot-server demo` (a web page to talk to, with simulated providers)."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mascot-server")
def main() -> None:
    """A proxy for voice agents that adds visemes to their audio."""


main.add_command(demo)
main.add_command(keys)


@main.command()
@click.option("--host", help="Address to listen on.  [MASCOT_HOST; 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.  [MASCOT_PORT; 8000]",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Processes to serve by; one a core is right.  [MASCOT_WORKERS; 1]",
)
@click.option(
    "--dev",
    is_flag=True,
    help=f"On loopback, take any secret or make one up, and take the API key {DEV_API_KEY!r} where none are set.",
)
def serve(host: str | None, port: int | None, workers: int | None, *, dev: bool) -> None:
    """Run the server. Settings come from MASCOT_… in the environment and from .env.

    SIGTERM (or Ctrl+C) drains it: no new conversations, and those that run may end. A second one stops it at once.
    """
    misspelt: list[str] = []
    try:
        misspelt = unknown_names(Settings, DemoSettings)
        settings = load(Settings, partial(setting_problems, dev=dev), host=host, port=port, workers=workers)
        configure_logging(settings.log_format, settings.log_level, secrets=[settings])
        for name in misspelt:
            logger.warning("%s", name)
        if dev:
            settings = _with_dev_defaults(settings)
        sys.exit(run_server(settings, dev=dev, announce=lambda origin: click.echo(f"listening on {origin}")))
    except SettingsError as error:
        hint = [_FIRST_TIME] if all(name in str(error) for name in _REQUIRED) else []
        _give_up("\n".join([*misspelt, str(error), *hint]))


@main.command()
@click.option("--offline", is_flag=True, help="Leave out Redis and the providers.")
def check(*, offline: bool) -> None:
    """Look at the settings and all that they name; exit with status 1 if something does not work."""
    # What is found is told below.
    configure_logging(level="error")
    misspelt: list[Finding] = []
    try:
        misspelt = [Finding("note", name) for name in unknown_names(Settings, DemoSettings)]
        settings = load_settings()
    except SettingsError:
        _report([*misspelt, *(Finding("problem", line) for line in _all_wrong_settings())])
    _report([*misspelt, *asyncio.run(_all_findings(settings, offline=offline))])


def _all_wrong_settings() -> list[str]:
    """Return a line for each setting that is invalid, missing or names what is not there."""
    try:
        load(Settings, setting_problems)
    except SettingsError as error:
        return str(error).splitlines()
    return []


async def _all_findings(settings: Settings, *, offline: bool) -> list[Finding]:
    return [finding async for finding in findings(settings, offline=offline)]


def _report(found: Iterable[Finding]) -> NoReturn:
    problems = 0
    for finding in found:
        click.echo(f"{finding.kind:<8} {finding.text}")
        problems += finding.kind == "problem"
    sys.exit(1 if problems else 0)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9100,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
def simulate(host: str, port: int) -> None:
    """Run stand-ins for ElevenLabs, OpenAI Realtime, Gemini Live and Cartesia that need no key of theirs."""
    configure_logging()
    log_uncaught()
    try:
        asyncio.run(_simulate(host, port))
    except KeyboardInterrupt:
        sys.exit(0)
    except OSError as error:
        _give_up(f"cannot listen on {host}:{port}: {error.strerror}")


async def _simulate(host: str, port: int) -> None:
    async with Simulators(host=host, port=port) as simulators:
        click.echo(f"listening on {simulators.origin}")
        for name in (*PROVIDERS, "cartesia"):
            click.echo(f"MASCOT_{name.upper()}_URL={simulators.origin}")
        click.echo("# They accept these keys only:")
        for title, fields in CREDENTIALS.items():
            click.echo(f"# {title}: {', '.join(f'{name} {value}' for name, value in fields.items())}")
        await asyncio.Event().wait()


def _with_dev_defaults(settings: Settings) -> Settings:
    if not settings.on_loopback:
        raise SettingsError(
            f"--dev: only on loopback, not on {settings.host}; set MASCOT_HOST=127.0.0.1 or leave --dev"
        )
    overrides: dict[str, Any] = {}
    if not settings.secret:
        click.echo("no MASCOT_SECRET: made one up, signed URLs end with this process", err=True)
        overrides["secret"] = secrets.token_hex(32)
    if not settings.api_keys:
        click.echo(f"no MASCOT_API_KEYS: the API key is {DEV_API_KEY}", err=True)
        overrides["api_keys"] = DEV_API_KEY
    return load_settings(host=settings.host, port=settings.port, workers=settings.workers, **overrides)


def _give_up(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(2)
