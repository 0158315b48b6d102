"""Which turns get the accurate network: a simulated process, with a clock of its own."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mascot_server.inference.capacity import (
    CALM_SECONDS,
    HOLD_SECONDS,
    MOST,
    PROBE_SECONDS,
    RISE,
    Capacity,
    Networks,
    Turn,
)
from mascot_server.inference.inference_times import InferenceTimes
from mascot_server.inference.overload import Sample

NETWORKS = Networks("default", "lite")
ONE = Networks("other", "other")
CALM = Sample(busy=0.2, lag=0.0, chunks=100, late=0)
IDLE = Sample(busy=0.0, lag=0.0, chunks=0, late=0)
BUSY = Sample(busy=0.95, lag=0.0, chunks=100, late=0)
BEHIND = Sample(busy=0.2, lag=0.2, chunks=100, late=0)

DEFAULT, LITE = 0.0075, 0.0015
"""Seconds of inference for a second of audio."""
RELAY = 2 * LITE
"""The same for relaying, as long as it was not measured."""


def capacity(*, default: float = DEFAULT, lite: float = LITE) -> Capacity:
    calls = {
        name: {1: cost, 8: 8 * cost} for name, cost in (("default", default), ("lite", lite), ("other", lite))
    }
    return Capacity(InferenceTimes(calls, seconds=1.0))


def speak(process: Capacity, count: int, now: float = 0.0, *, seconds: float = 60.0) -> list[Turn]:
    """Begin turns, whose audio plays for some time."""
    turns = []
    for _ in range(count):
        turns.append(process.begin(NETWORKS, now))
        process.processed(turns[-1], seconds, now)
    return turns


def used(turns: list[Turn]) -> list[str]:
    return [turn.network for turn in turns]


def test_a_process_with_little_to_do_uses_the_accurate_network() -> None:
    assert used(speak(capacity(), 50)) == ["default"] * 50


def test_turns_get_the_accurate_network_up_to_the_limit_and_then_the_fast_one() -> None:
    process = capacity()
    affordable = int(MOST / (DEFAULT + RELAY))
    turns = speak(process, affordable + 5)
    assert used(turns) == ["default"] * affordable + ["lite"] * 5


def test_turns_of_one_network_have_no_choice_and_count() -> None:
    process = capacity()
    turns = [process.begin(ONE, 0.0) for _ in range(324)]
    assert used(turns) == ["other"] * 324
    assert process.load == pytest.approx(324 * (LITE + RELAY))
    assert used(speak(process, 1)) == ["lite"]


def test_many_fast_turns_take_the_capacity_from_the_accurate_ones() -> None:
    process = capacity()
    turns = speak(process, 400)
    assert used(turns) == ["lite"] * 400


def test_turns_that_are_over_take_no_capacity() -> None:
    process = capacity()
    speak(process, 66, seconds=2.0)
    assert process.load > 0.9 * MOST
    for i in range(8):
        process.sample(CALM, 5.0 + i / 2)
    assert process.load < 0.25
    assert used(speak(process, 40, 9.0)) == ["default"] * 40


def test_a_turn_that_was_ended_takes_no_capacity() -> None:
    process = capacity()
    for turn in speak(process, 50):
        process.end(turn)
        process.end(turn)
    assert process.load == pytest.approx(0)


def test_a_turn_goes_on_after_a_pause() -> None:
    process = capacity()
    (turn,) = speak(process, 1, seconds=1.0)
    process.sample(IDLE, 10.0)
    process.sample(IDLE, 10.5)
    before = process.load
    process.processed(turn, 0.1, 11.0)
    assert process.load >= before + DEFAULT


@pytest.mark.parametrize("sample", [BUSY, BEHIND])
def test_overload_is_answered_at_once_and_turns_in_progress_change(sample: Sample) -> None:
    process = capacity()
    turns = speak(process, 60)
    assert used(turns) == ["default"] * 60
    process.sample(sample, 0.5)
    assert process.limit == MOST
    process.sample(sample, 1.0)
    assert "lite" in used(turns)
    assert process.limit <= 0.75 * MOST
    # What else the core does may be too much without any accurate turn.
    assert process.load <= process.limit or "default" not in used(turns)
    assert used(speak(process, 1, 1.0)) == ["lite"]


def test_messages_near_their_deadlines_are_overload() -> None:
    process = capacity()
    turns = speak(process, 60)
    for i in range(2):
        process.served(messages=300, tight=20)
        process.sample(CALM, 0.5 * i)
    assert "lite" in used(turns)


def test_a_few_messages_near_their_deadlines_are_not() -> None:
    process = capacity()
    turns = speak(process, 60)
    for i in range(20):
        process.served(messages=300, tight=6)
        process.sample(CALM, 0.5 * i)
    assert used(turns) == ["default"] * 60


def test_very_many_messages_that_wait_are_overload() -> None:
    process = capacity()
    turns = speak(process, 60)
    for i in range(2):
        process.sample(CALM, 0.5 * i, crowded=True)
    assert "lite" in used(turns)


def test_after_overload_the_accurate_network_comes_back_slowly() -> None:
    process = capacity()
    speak(process, 60, seconds=1.0)
    for now in (0.5, 1.0):
        process.sample(BUSY, now)
    low, now = process.limit, 1.0
    accurate: list[float] = []
    while now < 60:
        now += 0.5
        process.sample(CALM, now)
        if now < 1.0 + CALM_SECONDS:
            assert process.limit == low
        (turn,) = speak(process, 1, now, seconds=0.1)
        if turn.network == "default":
            accurate.append(now)
    assert low < process.limit < MOST
    assert accurate[0] >= 1.0 + CALM_SECONDS
    assert accurate[-1] - accurate[0] == 0.5 * (len(accurate) - 1)


def test_a_slower_machine_gives_the_accurate_network_to_fewer_turns() -> None:
    process = capacity()
    for _ in range(100):
        process.ran("default", streams=16, audio=1.6, took=1.6 * 3 * DEFAULT)
    turns = speak(process, 40)
    assert used(turns).count("default") == pytest.approx(MOST / (3 * DEFAULT + RELAY), abs=2)


def test_an_estimate_that_is_too_high_is_corrected() -> None:
    """Without a turn now and then the cost would never be measured again."""
    process = capacity(default=1.0)
    now, first = 0.0, None
    while now < 200:
        (turn,) = speak(process, 1, now, seconds=0.1)
        if turn.network == "default":
            first = first or now
            for _ in range(10):
                process.ran("default", streams=1, audio=0.1, took=0.1 * DEFAULT)
        process.end(turn)
        process.sample(CALM, now)
        now += 0.5
    assert first is not None
    assert first >= PROBE_SECONDS
    assert used(speak(process, 10, now)) == ["default"] * 10


def test_other_work_of_the_process_leaves_less() -> None:
    process = capacity()
    for i in range(40):
        process.sample(Sample(busy=0.6, lag=0.0, chunks=0, late=0), 0.5 * i)
    turns = speak(process, 12, 20.0)
    assert used(turns).count("default") == pytest.approx((MOST - 0.6) / (DEFAULT + RELAY), abs=2)


@pytest.mark.parametrize("relaying", [0.0, 0.001, 0.005])
def test_the_cost_of_relaying_is_measured(relaying: float) -> None:
    process = capacity()
    for i in range(100):
        process.ran("lite", streams=16, audio=10.0, took=10 * LITE)
        process.relayed(10.0)
        busy = 2 * 10 * (LITE + relaying)
        process.sample(Sample(busy=busy, lag=0.0, chunks=100, late=0), 0.5 * i)
    # What was measured is over.
    for i in range(20):
        process.sample(IDLE, 50 + 0.5 * i)
    affordable = int(MOST / (DEFAULT + relaying))
    turns = speak(process, affordable + 3, 60.0)
    assert used(turns).count("default") == pytest.approx(affordable, abs=1)


@dataclass
class Process:
    """A simulated process on one core, with sessions whose agents speak in turns.

    Attributes:
        cost: Seconds of inference for a second of audio, by network: what it really is.
        relaying: The same for everything else.
    """

    cost: dict[str, float]
    relaying: float
    seed: int = 0
    capacity: Capacity = field(default_factory=capacity)
    now: float = 0.0
    log: list[tuple[float, str]] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)

    def run(self, sessions: int, seconds: float, *, turn: tuple[float, float], pause: float) -> None:
        """Let sessions talk for some time; turns last between two values."""
        chance = random.Random(self.seed)  # noqa: S311 - no secret
        begins = [(self.now + chance.uniform(0, turn[1] + pause), i) for i in range(sessions)]
        heapq.heapify(begins)
        talking: list[tuple[float, Turn]] = []
        end, sampled = self.now + seconds, self.now
        while self.now < end:
            self.now += 0.1
            while begins and begins[0][0] <= self.now:
                _, i = heapq.heappop(begins)
                length = chance.uniform(*turn)
                begun = self.capacity.begin(NETWORKS, self.now)
                self.log.append((self.now, begun.network))
                talking.append((self.now + length, begun))
                heapq.heappush(begins, (self.now + length + pause, i))
            talking = [(until, one) for until, one in talking if until > self.now]
            before = [one.network for _, one in talking]
            for _, one in talking:
                self.capacity.processed(one, 0.1, self.now)
            for network in ("default", "lite"):
                count = sum(one.network == network for _, one in talking)
                if count:
                    took = 0.1 * count * self.cost[network]
                    self.capacity.ran(network, streams=count, audio=0.1 * count, took=took)
            self.capacity.relayed(0.1 * len(talking))
            busy = sum(self.cost[one.network] + self.relaying for _, one in talking)
            if self.now - sampled >= 0.5:
                sampled = self.now
                overloaded = busy > 1
                self.capacity.served(messages=5 * len(talking), tight=len(talking) if overloaded else 0)
                self.capacity.sample(
                    Sample(busy=min(busy, 1.0), lag=0.1 if overloaded else 0.0, chunks=0, late=0), self.now
                )
            self.changes += [
                self.now for (_, one), network in zip(talking, before, strict=True) if one.network != network
            ]

    def share(self, since: float) -> float:
        """Share of the turns since some time that began with the accurate network."""
        networks = [network for at, network in self.log if at >= since]
        return networks.count("default") / max(1, len(networks))


def test_few_then_many_then_few_sessions() -> None:
    process = Process({"default": DEFAULT, "lite": LITE}, 0.75 * LITE)
    turn, pause = (3.0, 6.0), 1.0
    process.run(40, 60, turn=turn, pause=pause)
    assert process.share(0) == 1
    process.run(350, 60, turn=turn, pause=pause)
    assert process.share(65) < 0.02
    back = process.now
    process.run(40, 60, turn=turn, pause=pause)
    assert process.share(back + 15) == 1
    # The limit is kept by choosing at the beginning of turns.
    assert len(process.changes) < 60


@given(
    sessions=st.integers(1, 500),
    cost=st.floats(0.002, 0.03),
    lite=st.floats(0.0005, 0.003),
    relaying=st.floats(0.0005, 0.003),
    longest=st.floats(2, 30),
    pause=st.floats(0, 10),
    seed=st.integers(0, 100),
)
@settings(max_examples=15, deadline=None)
def test_constant_demand_gives_no_flapping(  # noqa: PLR0917 - of hypothesis
    sessions: int, cost: float, lite: float, relaying: float, longest: float, pause: float, seed: int
) -> None:
    """Whatever the machine: nearly no turn changes its network under way, and no overload where lite has none."""
    process = Process({"default": cost, "lite": lite}, relaying, seed=seed)
    process.run(sessions, 40, turn=(2.0, longest), pause=pause)
    settled = [at for at in process.changes if at > 25]
    begun = [at for at, _ in process.log if at > 25]
    assert len(settled) <= 0.1 * len(begun) + 5
    # From the fast network back to the accurate one at most once in `HOLD_SECONDS`, for all turns together.
    returns = [
        then for (_, first), (then, second) in pairwise(process.log) if (first, second) == ("lite", "default")
    ]
    assert all(later - earlier >= HOLD_SECONDS for earlier, later in pairwise(returns))


@given(st.lists(st.tuples(st.sampled_from([CALM, BUSY, BEHIND]), st.integers(0, 20)), max_size=120))
def test_the_limit_falls_quickly_and_rises_slowly(steps: list[tuple[Sample, int]]) -> None:
    process, now, tense_at = capacity(), 0.0, -1.0
    for sample, turns in steps:
        now += 0.5
        speak(process, turns, now, seconds=3.0)
        before = process.limit
        process.sample(sample, now)
        if sample is not CALM:
            tense_at = now
        assert 0 <= process.limit <= MOST
        assert process.limit <= before + RISE * 0.5 + 1e-9
        if now - tense_at < CALM_SECONDS and tense_at >= 0:
            assert process.limit <= before
