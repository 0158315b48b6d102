"""Which audio is predicted next, by clock values alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mascot_server.inference.deadline_queue import DeadlineQueue, Job, Playout, Track

BUDGET = 0.04
SPACING = (0.004, 0.008)


@dataclass(eq=False)
class Engine:
    """Not run here."""

    name: str = ""

    def run_together(self, *_: Any) -> list[list[Any]]:
        raise NotImplementedError


@dataclass
class Stream:
    viseme: int = 0
    time_ms: int = 0


def agenda(*, batch_size: int = 4, capacity: int = 1000) -> DeadlineQueue:
    return DeadlineQueue(batch_size=batch_size, spacing=SPACING, capacity=capacity)


def job(now: float = 0.0, due: float = 0.0, data: bytes = b"") -> Job:
    return Job(data, now=now, due=due, budget=BUDGET, done=lambda _: None)


def tracks(count: int, engine: Engine | None = None) -> list[Track]:
    engine = engine or Engine()
    return [Track(engine, Stream()) for _ in range(count)]


class TestPlayout:
    def test_a_burst_is_needed_one_piece_after_the_other(self) -> None:
        playout = Playout()
        assert [playout.due(5.0, 0.1) for _ in range(3)] == pytest.approx([5.0, 5.1, 5.2])

    def test_after_a_gap_audio_is_needed_at_once(self) -> None:
        playout = Playout()
        playout.due(5.0, 0.1)
        assert playout.due(6.0, 0.1) == 6.0
        assert playout.due(6.0, 0.1) == 6.1

    def test_a_new_turn_does_not_wait_for_the_end_of_the_last(self) -> None:
        playout = Playout()
        playout.due(5.0, 30.0)
        playout.restart()
        assert playout.due(5.5, 0.1) == 5.5


class TestLimit:
    def test_audio_that_is_needed_now_may_be_held_for_the_budget(self) -> None:
        assert job(now=3.0, due=3.0).limit == pytest.approx(3.0 + BUDGET)

    def test_the_tail_of_a_burst_may_wait_until_it_is_needed(self) -> None:
        assert job(now=3.0, due=3.5).limit == pytest.approx(3.5 + BUDGET)

    def test_but_no_more_than_25_budgets_and_a_third_of_that_time(self) -> None:
        assert job(now=3.0, due=33.0).limit == pytest.approx(3.0 + 25 * BUDGET + 10.0)

    def test_without_a_budget_nothing_is_held(self) -> None:
        assert Job(b"", now=3.0, due=33.0, budget=0.0, done=lambda _: None).limit == 3.0


class TestOrder:
    def test_first_words_go_before_the_tail_of_a_burst(self) -> None:
        work, (burst, *others) = agenda(), tracks(6)
        for i in range(50):
            work.add(burst, job(due=i * 0.1))
        work.take()
        for other in others:
            work.add(other, job(now=0.01, due=0.01))
        assert {track for track, _ in work.take()} < set(others)
        assert burst in {track for track, _ in work.take()}

    def test_what_is_late_anyway_makes_nothing_else_late(self) -> None:
        work, (late, *others) = agenda(), tracks(5)
        work.add(late, job(now=0.0, due=0.0))
        for other in others:
            work.add(other, job(now=1.0, due=1.0))
        assert len(work.expire(1.0)) == 1
        assert {track for track, _ in work.take()} == set(others)
        assert [track for track, _ in work.take()] == [late]

    def test_a_batch_is_of_one_engine(self) -> None:
        work = agenda()
        english, indonesian = tracks(2), tracks(2)
        for i in range(2):
            work.add(english[i], job(due=1.0))
            work.add(indonesian[i], job(due=0.5))
        assert {track for track, _ in work.take()} == set(indonesian)
        assert {track for track, _ in work.take()} == set(english)

    def test_what_is_forgotten_is_not_predicted(self) -> None:
        work, (one, other) = agenda(), tracks(2)
        for track in (one, one, other):
            work.add(track, job())
        work.forget(one)
        assert [track for track, _ in work.take()] == [other]
        assert len(work) == 0
        work.forget(other)

    def test_there_is_room_for_so_much_and_no_more(self) -> None:
        work, (track,) = agenda(capacity=2), tracks(1)
        assert [work.add(track, job()) for _ in range(3)] == [True, True, False]
        work.take()
        assert work.add(track, job())


class TestPace:
    def test_with_nothing_to_do_no_batch_is_due(self) -> None:
        assert agenda().next_batch(1.0) is None

    def test_after_a_rest_nothing_waits(self) -> None:
        work, (track,) = agenda(), tracks(1)
        work.ran(0.0, 0.001)
        work.add(track, job())
        assert work.next_batch(1.0) == 1.0

    @pytest.mark.parametrize(("took", "pause"), [(0.0001, 0.004), (0.0015, 0.006), (0.1, 0.008)])
    def test_batches_leave_the_loop_to_others_for_a_while(self, took: float, pause: float) -> None:
        work, (track,) = agenda(), tracks(1)
        work.ran(1.0, 1.0 + took)
        work.add(track, job())
        assert work.next_batch(1.0 + took) == pytest.approx(max(1.0 + pause, 1.0 + took))

    def test_a_whole_batch_does_not_wait(self) -> None:
        work = agenda(batch_size=2)
        work.ran(1.0, 1.001)
        for track in tracks(2):
            work.add(track, job())
        assert work.next_batch(1.001) == 1.001


@dataclass
class Model:
    """What should be in an agenda."""

    given: dict[Track, list[bytes]] = field(default_factory=dict)
    taken: dict[Track, list[bytes]] = field(default_factory=dict)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["add", "add", "add", "take", "expire"]), st.integers(0, 5), st.integers(0, 30)
        ),
        max_size=80,
    )
)
def test_nothing_is_lost_and_each_stream_keeps_its_order(steps: list[tuple[str, int, int]]) -> None:
    work, model, now = agenda(batch_size=2), Model(), 0.0
    engines = Engine("a"), Engine("b")
    all_tracks = tracks(3, engines[0]) + tracks(3, engines[1])
    playouts = {track: Playout() for track in all_tracks}

    def take() -> None:
        batch = work.take()
        assert len(batch) <= 2
        assert len({id(track) for track, _ in batch}) == len(batch)
        assert len({id(track.engine) for track, _ in batch}) <= 1
        chosen = {track for track, _ in batch}
        for track, taken in batch:
            model.taken.setdefault(track, []).append(taken.block)
            # Nobody of this engine who was left behind is more urgent.
            left = [
                t.next
                for t in all_tracks
                if (t.jobs or t.late) and t.engine is track.engine and t not in chosen
            ]
            assert all((taken.late, taken.due) <= (other.late, other.due) for other in left)

    for count, (step, number, milliseconds) in enumerate(steps):
        now += milliseconds / 1000
        track = all_tracks[number]
        if step == "add":
            data = str(count).encode()
            assert work.add(track, job(now, playouts[track].due(now, 0.1), data))
            model.given.setdefault(track, []).append(data)
        elif step == "take":
            take()
        else:
            for late in work.expire(now):
                assert late.limit <= now
            assert not work.expire(now)
    while len(work):
        take()
    assert model.taken == model.given
