"""Signed URLs that resume a conversation after the ten minutes in which they start one."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from support.apps import CONFIGS, refused
from support.processes import serve_process
from support.redis import run_redis
from support.servers import API_KEY, API_KEY_ID, SECRET, Providers, RunningServer
from websockets.asyncio.client import connect

from mascot_server import load_settings
from mascot_server.auth.handshake_admission import Admission
from mascot_server.auth.http_access import Access
from mascot_server.auth.keys import KeyDirectory
from mascot_server.auth.keys.static import StaticKeys
from mascot_server.auth.stores import open_counters
from mascot_server.auth.tokens import Tokens
from mascot_server.errors import Unauthorized, Unavailable
from mascot_server.observability.metrics import Metrics
from mascot_server.providers.base import Handshake
from mascot_server.providers.registry import PROVIDERS
from mascot_server.quotas.limiter import Limiter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

TTL = 3600
SEALED = json.dumps(CONFIGS["openai"]).encode()


class Node:
    """What one process decides about handshakes, with a clock of its own."""

    def __init__(self, admission: Admission, clock: list[float]) -> None:
        self._admission = admission
        self._clock = clock

    def wait(self, seconds: float) -> None:
        self._clock[0] += seconds

    def seal(self, **lifetime: int) -> str:
        tokens = Tokens([SECRET], clock=lambda: self._clock[0])
        return tokens.seal("openai", SEALED, key_id=API_KEY_ID, **lifetime)

    async def call(self, token: str) -> None:
        """Hold a conversation; raises what the handshake is answered with where it is refused."""
        handshake = Handshake.of(PROVIDERS["openai"], "/v1/realtime", f"token={token}".encode(), [])
        async with self._admission.admit(handshake, lambda *_: None):
            pass


@asynccontextmanager
async def node(**overrides: Any) -> AsyncIterator[Node]:
    settings = load_settings(secret=SECRET, api_keys=API_KEY, redis_timeout_seconds=10, **overrides)
    fail_open, clock = settings.redis_down == "open", [1_800_000_000.0]
    async with Limiter(open_counters(settings), fail_open=fail_open, metrics=Metrics()) as limiter:
        admission = Admission(
            settings,
            tokens=Tokens([SECRET], clock=lambda: clock[0]),
            access=Access(KeyDirectory(StaticKeys([API_KEY]), None, keep_stale=False), limiter),
            limiter=limiter,
            refusal=lambda: None,
        )
        yield Node(admission, clock)


@pytest.fixture(params=["memory", "redis"])
async def process(request: pytest.FixtureRequest) -> AsyncIterator[Node]:
    shared = {} if request.param == "memory" else {"redis_url": request.getfixturevalue("redis_server").url}
    async with node(**shared) as made:
        yield made


async def test_a_conversation_is_resumed_until_the_ttl_is_over(process: Node) -> None:
    token = process.seal(lifetime=TTL)
    await process.call(token)
    for seconds in (599, 2, 1199, 1799):
        process.wait(seconds)
        await process.call(token)
    process.wait(1)
    with pytest.raises(Unauthorized):
        await process.call(token)


async def test_none_is_started_after_the_ten_minutes(process: Node) -> None:
    token, other = process.seal(lifetime=TTL), process.seal(lifetime=TTL)
    process.wait(599)
    await process.call(other)
    process.wait(1)
    for _attempt in range(2):
        with pytest.raises(Unauthorized):
            await process.call(token)
    await process.call(other)


async def test_without_a_ttl_none_is_resumed(process: Node) -> None:
    token = process.seal()
    await process.call(token)
    process.wait(600)
    with pytest.raises(Unauthorized):
        await process.call(token)


async def test_processes_that_share_counters_resume_each_others_conversations(redis_server: Any) -> None:
    async with node(redis_url=redis_server.url) as one, node(redis_url=redis_server.url) as two:
        token = one.seal(lifetime=TTL)
        await one.call(token)
        two.wait(601)
        await two.call(token)


async def test_with_single_use_none_is_resumed() -> None:
    """Tokens that were made before the server was set so are not good for a second conversation either."""
    async with node(single_use_tokens=True) as process:
        used, unused = process.seal(lifetime=TTL), process.seal(lifetime=TTL)
        await process.call(used)
        process.wait(600)
        for token in (used, unused):
            with pytest.raises(Unauthorized):
                await process.call(token)


async def test_redis_away_open_resumes_whatever_it_cannot_check() -> None:
    with run_redis() as redis:
        async with node(redis_url=redis.url) as process:
            known, elsewhere = process.seal(lifetime=TTL), process.seal(lifetime=TTL)
            await process.call(known)
            process.wait(601)
            with pytest.raises(Unauthorized):
                await process.call(elsewhere)
            redis.stop()
            await process.call(known)
            await process.call(elsewhere)
            # Redis is available again and has forgotten everything; the process has not.
            redis.start()
            await asyncio.sleep(1.1)
            await process.call(known)
            with pytest.raises(Unauthorized):
                await process.call(elsewhere)


async def test_redis_away_closed_answers_503() -> None:
    with run_redis() as redis:
        async with node(redis_url=redis.url, redis_down="closed") as process:
            renewable, usual = process.seal(lifetime=TTL), process.seal()
            await process.call(renewable)
            redis.stop()
            with pytest.raises(Unavailable):
                await process.call(renewable)
            # Nothing needs to be remembered of it.
            await process.call(usual)
            process.wait(601)
            with pytest.raises(Unavailable):
                await process.call(renewable)


async def test_on_real_sockets(server: RunningServer) -> None:
    starts_in = 3
    aged = Tokens([SECRET], clock=lambda: time.time() - 600 + starts_in)
    used, unused = (aged.seal("openai", SEALED, key_id=API_KEY_ID, lifetime=TTL) for _ in range(2))
    over = jwt.decode(used, options={"verify_signature": False})["iat"] + 600
    url = f"ws{server.origin.removeprefix('http')}/v1/openai-realtime/ws?token="
    async with connect(url + used, proxy=None) as connection:
        assert "session.created" in str(await connection.recv())
    await asyncio.sleep(max(0.0, over - time.time()) + 0.05)
    async with connect(url + used, proxy=None) as connection:
        assert "session.created" in str(await connection.recv())
    assert (await refused(url + unused))[0] == 401


async def test_no_log_line_holds_a_token(providers: Providers, tmp_path: Path) -> None:
    now = Tokens([SECRET]).seal("openai", SEALED, key_id=API_KEY_ID, lifetime=TTL)
    late = Tokens([SECRET], clock=lambda: time.time() - 700).seal(
        "openai", SEALED, key_id=API_KEY_ID, lifetime=TTL
    )
    with (
        run_redis() as redis,
        serve_process(
            tmp_path, providers.origin, log_level="debug", redis_url=redis.url, redis_down="closed"
        ) as server,
    ):
        url = f"ws{server.origin.removeprefix('http')}/v1/openai-realtime/ws?token="
        async with connect(url + now, proxy=None) as connection:
            await connection.recv()
        assert (await refused(url + late))[0] == 401
        redis.stop()
        assert (await refused(url + late))[0] == 503
        log = server.logged()
    assert "Redis is unavailable" in log
    for token in (now, late):
        token_id = jwt.decode(token, options={"verify_signature": False})["jti"]
        assert not any(part in log for part in (*token.split("."), token_id))
