"""Whatever they are asked, memory and Redis answer the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from mascot_server import load_settings
from mascot_server.auth.stores import open_counters
from mascot_server.quotas.counters import MemoryCounters

if TYPE_CHECKING:
    from support.redis import RedisServer

    from mascot_server.quotas.counters import Counters

names = st.sampled_from(["a", "b"])
holders = st.sampled_from(["one", "two", "three"])
# Far longer than the test takes: what time does is tested elsewhere.
LONG = 1000.0


class Both(RuleBasedStateMachine):
    """Asks both."""

    server: RedisServer

    def __init__(self) -> None:
        super().__init__()
        self.server.command("FLUSHALL")
        self._runner = asyncio.Runner()
        self._counterss: tuple[Counters, ...] = (
            MemoryCounters(),
            open_counters(load_settings(redis_url=self.server.url, redis_timeout_seconds=10)),
        )

    def both(self, ask: Any) -> tuple[Any, Any]:
        async def answers() -> list[Any]:
            return [await ask(counters) for counters in self._counterss]

        memory, redis = self._runner.run(answers())
        return memory, redis

    @rule(name=names)
    def claim(self, name: str) -> None:
        memory, redis = self.both(lambda counters: counters.claim(name, seconds=LONG))
        assert memory == redis

    @rule(name=names)
    def take(self, name: str) -> None:
        memory, redis = self.both(lambda counters: counters.take(name, per_minute=3))
        assert memory == pytest.approx(redis, abs=0.5)

    @rule(name=names, holder=holders, limit=st.integers(1, 3))
    def lease(self, name: str, holder: str, limit: int) -> None:
        memory, redis = self.both(lambda counters: counters.lease(name, holder, limit=limit, seconds=LONG))
        assert memory == redis

    @rule(name=names, who=st.lists(holders, min_size=1, unique=True))
    def renew(self, name: str, who: list[str]) -> None:
        self.both(lambda counters: counters.renew(name, who, seconds=LONG))

    @rule(name=names, holder=holders)
    def release(self, name: str, holder: str) -> None:
        self.both(lambda counters: counters.release(name, holder))

    @rule(name=names, milliseconds=st.integers(0, 10_000))
    def spend(self, name: str, milliseconds: int) -> None:
        memory, redis = self.both(lambda counters: counters.spend(name, milliseconds / 1000, keep=LONG))
        assert memory == redis

    def teardown(self) -> None:
        self.both(lambda counters: counters.close())
        self._runner.close()


def test_memory_and_redis_answer_the_same(redis_server: RedisServer) -> None:
    class BothOfThis(Both):
        server = redis_server

    run_state_machine_as_test(
        BothOfThis,
        settings=settings(
            max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
