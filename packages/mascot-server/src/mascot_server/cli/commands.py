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
    f"To try the server on this machine, run `mascot-server serve --dev` (generates a secret and accepts the API key "
    f"{DEV_API_KEY}) or `mascot-server demo` (a web page with an avatar and simulated providers)."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mascot-server")
def main() -> None:
    """Run a proxy that adds visemes to the audio of voice agents."""


main.add_command(demo)
main.add_command(keys)


@main.command()
@click.option("--host", help="Address to listen on.  [MASCOT_HOST; 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 selects a free port.  [MASCOT_PORT; 8000]",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Worker processes that share the port; use one per CPU core.  [MASCOT_WORKERS; 1]",
)
@click.option(
    "--dev",
    is_flag=True,
    help=f"Development mode, on loopback only: accept a weak secret, generate a missing one, and accept the API key "
    f"{DEV_API_KEY!r} if none is set.",
)
def serve(host: str | None, port: int | None, workers: int | None, *, dev: bool) -> None:
    """Run the server. It reads its settings from MASCOT_… environment variables and from .env.

    SIGTERM or Ctrl+C starts a graceful shutdown: the server refuses new conversations and lets running ones end. A
    second signal stops it immediately.
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
@click.option(
    "--offline", is_flag=True, help="Skip the checks that need the network: Redis and the providers."
)
def check(*, offline: bool) -> None:
    """Check the settings, models, key store, Redis and providers. The exit status is 1 if a check fails."""
    # `_report` prints the findings; log lines would repeat them.
    configure_logging(level="error")
    misspelt: list[Finding] = []
    try:
        misspelt = [Finding("note", name) for name in unknown_names(Settings, DemoSettings)]
        settings = load_settings()
    except SettingsError:
        _report([*misspelt, *(Finding("problem", line) for line in _all_wrong_settings())])
    _report([*misspelt, *asyncio.run(_all_findings(settings, offline=offline))])


def _all_wrong_settings() -> list[str]:
    """Return a line for each setting that is missing, invalid or names a file that does not exist."""
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
    help="Port to listen on; 0 selects a free port.",
)
def simulate(host: str, port: int) -> None:
    """Run simulators of ElevenLabs, OpenAI Realtime, Gemini Live and Cartesia. They need no real API keys."""
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
        click.echo("# The simulators accept only these keys:")
        for title, fields in CREDENTIALS.items():
            click.echo(f"# {title}: {', '.join(f'{name} {value}' for name, value in fields.items())}")
        await asyncio.Event().wait()


def _with_dev_defaults(settings: Settings) -> Settings:
    if not settings.on_loopback:
        raise SettingsError(
            f"--dev: allowed on loopback only, not on {settings.host}; set MASCOT_HOST=127.0.0.1 or remove --dev"
        )
    overrides: dict[str, Any] = {}
    if not settings.secret:
        click.echo(
            "MASCOT_SECRET: not set; using a random secret, so signed URLs become invalid when the server stops",
            err=True,
        )
        overrides["secret"] = secrets.token_hex(32)
    if not settings.api_keys:
        click.echo(f"MASCOT_API_KEYS: not set; the API key is {DEV_API_KEY}", err=True)
        overrides["api_keys"] = DEV_API_KEY
    return load_settings(host=settings.host, port=settings.port, workers=settings.workers, **overrides)


def _give_up(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(2)
