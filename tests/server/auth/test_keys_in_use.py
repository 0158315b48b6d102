"""Keys with limits on a running server: the responses to apps, over HTTP and at the handshake."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.apps import CONFIGS, PATHS, first_of, refused, told
from support.redis import run_redis
from support.servers import API_KEY, run_server
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from mascot_server import load_settings
from mascot_server.auth.keys import KeyLimits, KeyRecord, new_key
from mascot_server.auth.keys.sqlite import SqliteKeyStore
from mascot_server.auth.stores import open_key_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.redis import RedisServer
    from support.servers import Providers, RunningServer

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "keys.db"


@pytest.fixture(scope="module")
def server(providers: Providers, path: Path) -> Iterator[RunningServer]:
    """One with a key store beside the key of the settings."""
    with run_server(providers.origin, key_store=path) as server:
        yield server


async def made(path: Path, **options: Any) -> tuple[str, KeyRecord]:
    """Makes a key and waits until running servers know it."""
    key, record = new_key("app", **options)
    await SqliteKeyStore(path).add(record)
    await asyncio.sleep(0.3)
    return key, record


async def ask(
    server: RunningServer, key: str, provider: str = "openai", origin: str | None = None
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} | ({"Origin": origin} if origin else {})
    body = {"config": {"provider": provider, "provider_config": CONFIGS[provider]}}
    async with httpx.AsyncClient(base_url=server.origin) as http:
        return await http.post("/v1/get-signed-url", json=body, headers=headers)


async def url_for(server: RunningServer, key: str, provider: str = "openai") -> str:
    answer = (await ask(server, key, provider)).raise_for_status().json()
    if provider == "gemini":
        return f"ws{server.origin.removeprefix('http')}{PATHS['gemini']}?key={answer['api_key']}"
    return str(answer["signed_url"])


async def test_a_key_of_the_store_and_one_of_the_settings_are_both_good(
    server: RunningServer, path: Path
) -> None:
    key, _ = await made(path)
    for good in (key, API_KEY):
        async with connect(await url_for(server, good), proxy=None) as connection:
            await first_of(connection, "session.created")


async def test_a_new_key_is_known_at_its_first_use_but_for_a_moment(
    server: RunningServer, path: Path
) -> None:
    key, record = new_key("app")
    assert (await ask(server, key)).status_code == 401
    await SqliteKeyStore(path).add(record)
    await asyncio.sleep(0.3)
    assert (await ask(server, key)).status_code == 200


async def test_a_revoked_key_and_all_its_tokens_end(server: RunningServer, path: Path) -> None:
    key, record = await made(path)
    urls = [await url_for(server, key, provider) for provider in PATHS]
    async with connect(urls[1], proxy=None) as running:
        await SqliteKeyStore(path).revoke(record.id)
        await asyncio.sleep(2.1)
        response = await ask(server, key)
        assert (response.status_code, response.json()) == (401, {"error": "Invalid API key"})
        for url in urls:
            status, body = await refused(url)
            assert (status, list(body)) == (401, ["error"])
        # What runs goes on.
        await first_of(running, "session.created")
        await running.send('{"type":"session.update","session":{"type":"realtime"}}')
        await first_of(running, "session.updated")


async def test_requests_over_the_limit_are_told_when_to_come_back(server: RunningServer, path: Path) -> None:
    key, _ = await made(path, limits=KeyLimits(requests_per_minute=2))
    url = await url_for(server, key)
    assert (await ask(server, key)).status_code == 200
    response = await ask(server, key)
    assert response.status_code == 429
    assert list(response.json()) == ["error"]
    assert 0 < int(response.headers["retry-after"]) <= 30
    # A handshake counts like a request.
    with pytest.raises(InvalidStatus) as caught:
        await connect(url, proxy=None)
    assert caught.value.response.status_code == 429
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 30
    assert (await ask(server, API_KEY)).status_code == 200


async def test_sessions_over_the_limit_are_refused_before_accept(server: RunningServer, path: Path) -> None:
    key, _ = await made(path, limits=KeyLimits(sessions=1))
    url = await url_for(server, key, "elevenlabs")
    async with connect(url, proxy=None) as running:
        await running.recv()
        status, body = await refused(url)
        assert (status, body) == (429, {"error": "Limit of this API key: at most 1 sessions at once"})
        assert server.metrics.limit_refusals["sessions",] >= 1
    async with asyncio.timeout(5):
        while True:
            try:
                async with connect(url, proxy=None) as again:
                    await again.recv()
                break
            except InvalidStatus:
                # The place is free once the provider is hung up on, too.
                await asyncio.sleep(0.05)


async def test_a_provider_that_a_key_is_not_for_is_a_wrong_config(server: RunningServer, path: Path) -> None:
    key, _ = await made(path, providers=("gemini", "openai"))
    assert (await ask(server, key, "openai")).status_code == 200
    response = await ask(server, key, "elevenlabs")
    assert response.status_code == 400
    assert response.json() == {
        "error": "Invalid provider config: config.provider: this API key may be used for gemini, openai only"
    }


async def test_a_key_may_be_bound_to_web_pages(server: RunningServer, path: Path) -> None:
    key, _ = await made(path, origins=("https://app.example.com",))
    assert (await ask(server, key, origin="https://app.example.com")).status_code == 200
    # A server asks without an origin, and hands the URL to its web page.
    url = await url_for(server, key, "elevenlabs")
    response = await ask(server, key, origin="https://evil.example.com")
    assert (response.status_code, list(response.json())) == (403, ["error"])
    assert (await refused(url, {"Origin": "https://evil.example.com"}))[0] == 403
    async with connect(url, origin="https://App.example.com", proxy=None) as connection:  # type: ignore[arg-type]
        await connection.recv()


@pytest.mark.parametrize(("redis_down", "status"), [("open", 200), ("closed", 503)])
async def test_redis_away_lets_in_or_not(providers: Providers, redis_down: str, status: int) -> None:
    with run_redis() as redis:
        store = open_key_store(load_settings(redis_url=redis.url))
        assert store is not None
        key, record = new_key("app", limits=KeyLimits(requests_per_minute=1000, sessions=5))
        await store.add(record)
        await store.close()
        settings: Any = {"redis_url": redis.url, "redis_down": redis_down, "single_use_tokens": True}
        with run_server(providers.origin, **settings) as server:
            url = await url_for(server, key, "elevenlabs")
            redis.stop()
            # What is known of keys is still fresh here, what they did is not.
            response = await ask(server, key)
            assert response.status_code == status
            assert response.headers.get("retry-after") == (None if status == 200 else "2")
            if status == 200:
                async with connect(url, proxy=None) as connection:
                    await connection.recv()
            else:
                assert (await refused(url))[0] == 503
            assert (await ask(server, API_KEY)).status_code == 200
            assert (await ask(server, "made up")).status_code in {401, 503}
            assert server.metrics.ledger_failures[()] > 0


async def test_a_day_used_up_elsewhere_ends_the_session_here(
    providers: Providers, redis_server: RedisServer
) -> None:
    store = open_key_store(load_settings(redis_url=redis_server.url))
    assert store is not None
    key, record = new_key("app", limits=KeyLimits(minutes_per_day=1))
    await store.add(record)
    await store.close()
    with run_server(providers.origin, redis_url=redis_server.url, lease_seconds=1) as server:
        url = await url_for(server, key, "elevenlabs")
        async with connect(url, proxy=None) as connection:
            await connection.recv()
            day = redis_server.command("TIME").split()[2]
            redis_server.command("INCRBY", f"mascot:usage:{record.id}:{int(day) // 86400}", "59900")
            assert await told(connection) == (1008, "at most 1 minutes of conversation a day")
        assert (await refused(url))[0] == 429
        response = await ask(server, key)
        assert (response.status_code, response.json()) == (
            429,
            {"error": "Limit of this API key: at most 1 minutes of conversation a day"},
        )
        assert 0 < int(response.headers["retry-after"]) <= 86400
