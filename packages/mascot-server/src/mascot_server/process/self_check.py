"""`mascot-server check`: report problems of the configuration before a conversation fails because of them."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

import mascot_visemes
from mascot_server.auth.stores import open_counters, open_key_store
from mascot_server.errors import SettingsError, StoreError
from mascot_server.inference.viseme_models import VISEME_MODELS, live_networks, recording_network
from mascot_server.process.native_packages import cannot_load, works_without
from mascot_server.process.setting_problems import setting_problems
from mascot_server.process.tls import check_certificate_dates
from mascot_server.providers.registry import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from mascot_server.settings import Settings

__all__ = ["Finding", "check"]

_CONNECT_SECONDS: Final = 5.0
_RATE: Final = 24_000


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        kind: Ok, warning (it works, but maybe not as intended) or failure.
        text: The result, and for a problem the fix.
    """

    kind: Literal["ok", "note", "problem"]
    text: str


async def check(settings: Settings, *, offline: bool) -> AsyncIterator[Finding]:
    """Check everything that the server needs.

    Args:
        settings: The settings to check.
        offline: Leave out whatever needs the network: Redis and the providers.

    Yields:
        The results, in order.
    """
    for finding in _settings(settings):
        yield finding
    parts = list(_native())
    for finding in parts:
        yield finding
    if not any(finding.kind == "problem" for finding in parts):
        live = {name for networks in live_networks(settings.live_model).values() for name in networks}
        yield _models(sorted({*map(recording_network, VISEME_MODELS), *live}))
    if settings.key_store is not None:
        yield await _key_store(settings, "MASCOT_KEY_STORE")
    if offline:
        return
    if settings.redis_url is not None:
        counters = await _counters(settings)
        yield counters
        if counters.kind == "ok" and settings.key_store is None:
            yield await _key_store(settings, "MASCOT_REDIS_URL")
    upstreams = _upstreams(settings).items()
    for finding in await asyncio.gather(*(_upstream(setting, origin) for setting, origin in upstreams)):
        yield finding


def _settings(settings: Settings) -> Iterator[Finding]:
    problems = list(setting_problems(settings))
    if not problems:
        try:
            check_certificate_dates(settings)
        except SettingsError as error:
            problems.append(str(error))
    for problem in problems:
        yield Finding("problem", problem)
    if not problems:
        yield Finding("ok", "settings: keys, secret and TLS are in order")
    if settings.public_url is None and not settings.on_loopback:
        yield Finding(
            "note",
            "MASCOT_PUBLIC_URL: not set; signed URLs begin with the origin of the request, which is wrong behind a "
            "proxy that ends TLS",
        )
    if settings.workers > 1 and settings.redis_url is None:
        yield Finding(
            "note",
            "MASCOT_REDIS_URL: not set; each worker counts the limits of keys separately, so a key may use its limits "
            "once per worker",
        )


def _native() -> Iterator[Finding]:
    problems = cannot_load()
    for problem in problems:
        yield Finding("problem", problem)
    if not problems:
        yield Finding("ok", "native packages: all can be loaded")
    for problem in works_without():
        yield Finding("note", problem)


def _models(names: Sequence[str]) -> Finding:
    started = time.perf_counter()
    try:
        engines = [mascot_visemes.load(name) for name in names]
        loaded = time.perf_counter()
        for engine in engines:
            engine.create_stream(sample_rate=_RATE, encoding="pcm16").accept_waveform(bytes(2 * _RATE))
    except Exception as error:  # noqa: BLE001 - the operator needs to know any failure
        return Finding(
            "problem", f"viseme models: {type(error).__name__}: {error}; install mascot-visemes again"
        )
    ran = (time.perf_counter() - loaded) / len(names)
    return Finding(
        "ok",
        f"viseme models: {', '.join(names)} loaded in {loaded - started:.1f} s; "
        f"one second of audio takes {1000 * ran:.0f} ms",
    )


async def _key_store(settings: Settings, name: str) -> Finding:
    try:
        store = open_key_store(settings)
        if store is None:
            return Finding("ok", "key store: none")
        try:
            records = await store.all()
        finally:
            await store.close()
    except SettingsError as error:
        return Finding("problem", str(error))
    except StoreError as error:
        return Finding("problem", f"{name}: {error}")
    if store.damaged:
        return Finding("problem", f"{name}: {'; '.join(store.damaged)}")
    return Finding("ok", f"key store: {len(records)} keys")


async def _counters(settings: Settings) -> Finding:
    try:
        counters = open_counters(settings)
    except SettingsError as error:
        return Finding("problem", str(error))
    started = time.perf_counter()
    try:
        await counters.claim("check", seconds=1)
    except StoreError as error:
        return Finding("problem", f"MASCOT_REDIS_URL: {error}")
    finally:
        await counters.close()
    return Finding("ok", f"Redis: answers in {1000 * (time.perf_counter() - started):.0f} ms")


def _upstreams(settings: Settings) -> dict[str, str]:
    """Return the URLs of all services that the server connects to, by the name of the setting."""
    origins: dict[str, str] = {}
    for name, provider in PROVIDERS.items():
        origins |= provider.origins(settings.of_provider(name))
    return origins | {"MASCOT_CARTESIA_URL": settings.cartesia_url}


async def _upstream(setting: str, origin: str) -> Finding:
    url = urlsplit(origin)
    secure = url.scheme == "https"
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(
                url.hostname,
                url.port or (443 if secure else 80),
                ssl=ssl.create_default_context() if secure else None,
            )
    except TimeoutError:
        return Finding("problem", f"{setting}: {origin} does not answer within {_CONNECT_SECONDS:g} s")
    except ssl.SSLError as error:
        return Finding("problem", f"{setting}: {origin}: TLS failed: {error.reason or error}")
    except OSError as error:
        return Finding("problem", f"{setting}: {origin} cannot be reached: {error.strerror or error}")
    writer.close()
    return Finding("ok", f"{origin}: connected in {1000 * (time.perf_counter() - started):.0f} ms")
