"""The commands `mascot-server keys …`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from mascot_server.auth.keys import MAX_AGE_SECONDS, KeyLimits, new_key
from mascot_server.auth.origins import web_origin
from mascot_server.auth.stores import open_key_store
from mascot_server.errors import SettingsError, StoreError
from mascot_server.providers.registry import PROVIDERS
from mascot_server.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from datetime import datetime

    from mascot_server.auth.keys import KeyRecord, KeyStore

__all__ = ["keys"]

T = TypeVar("T")


def _web_origins(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(map(web_origin, values)))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.group()
def keys() -> None:
    """Create, list and revoke API keys.

    Keys are stored in the SQLite file MASCOT_KEY_STORE, or in Redis (MASCOT_REDIS_URL) if no file is set.
    """


@keys.command()
@click.argument("name")
@click.option(
    "--requests-per-minute",
    type=click.IntRange(1),
    help="Maximum HTTP requests and WebSocket handshakes per minute.  [no limit]",
)
@click.option("--sessions", type=click.IntRange(1), help="Maximum concurrent conversations.  [no limit]")
@click.option(
    "--minutes-per-day",
    type=click.IntRange(1),
    help="Maximum minutes of conversation per day (UTC).  [no limit]",
)
@click.option(
    "--provider",
    "providers",
    multiple=True,
    type=click.Choice(list(PROVIDERS)),
    help="Allowed provider; repeat the option to allow several.  [all]",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    callback=_web_origins,
    help="Allowed web origin, such as https://app.example.com; repeat the option to allow several.  [any]",
)
def new(
    name: str,
    *,
    requests_per_minute: int | None,
    sessions: int | None,
    minutes_per_day: int | None,
    providers: tuple[str, ...],
    origins: tuple[str, ...],
) -> None:
    """Create a key and print it. It is shown only once, because only its hash is stored."""
    key, record = new_key(
        name,
        limits=KeyLimits(requests_per_minute, sessions, minutes_per_day),
        providers=tuple(dict.fromkeys(providers)),
        origins=origins,
    )

    async def add() -> None:
        async with _store() as store:
            await store.add(record)

    _run(add())
    click.echo(f"{record.id}: save the key on the next line; it is not shown again", err=True)
    click.echo(key)


@keys.command("list")
def list_keys() -> None:
    """List all keys and their limits, oldest first."""

    async def read() -> list[KeyRecord]:
        async with _store() as store:
            records = list(await store.all())
            for damage in store.damaged:
                click.echo(damage, err=True)
            return records

    records = _run(read())
    if not records:
        click.echo("no keys", err=True)
        return
    rows: list[tuple[str, ...]] = [
        ("ID", "NAME", "CREATED", "REQ/MIN", "SESSIONS", "MIN/DAY", "PROVIDERS", "ORIGINS", "REVOKED")
    ]
    rows += [_row(record) for record in records]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Revoke a key permanently. `mascot-server keys list` shows its ID.

    Running servers reject the key and the signed URLs that were created with it after a few seconds. Running
    conversations continue.
    """

    async def end() -> bool:
        async with _store() as store:
            return await store.revoke(key_id)

    if not _run(end()):
        _give_up(f"no key has the ID {key_id!r}; run `mascot-server keys list` to see all IDs")
    click.echo(f"{key_id} is revoked; running servers reject it within {MAX_AGE_SECONDS:g} s", err=True)


@asynccontextmanager
async def _store() -> AsyncIterator[KeyStore]:
    store = open_key_store(load_settings())
    if store is None:
        raise SettingsError("MASCOT_KEY_STORE: missing; set it to the path of the SQLite file for API keys")
    try:
        yield store
    finally:
        await store.close()


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except (SettingsError, StoreError) as error:
        _give_up(str(error))


def _give_up(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(2)


def _row(record: KeyRecord) -> tuple[str, ...]:
    limits = record.limits
    return (
        record.id,
        record.name,
        _day(record.created),
        *(
            "-" if limit is None else str(limit)
            for limit in (limits.requests_per_minute, limits.sessions, limits.minutes_per_day)
        ),
        ",".join(record.providers) or "all",
        ",".join(record.origins) or "any",
        _day(record.revoked) if record.revoked else "-",
    )


def _day(when: datetime) -> str:
    return f"{when:%Y-%m-%d}"
