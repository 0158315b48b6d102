from __future__ import annotations

from mascot_server.process.garbage_collection import GarbageCollection


def collections(looks: list[tuple[int, int]], answered: list[int] | None = None) -> list[bool]:
    """Whether each look, at conversations ended and running and requests answered, led to a collection."""
    done: list[int] = []
    garbage = GarbageCollection(lambda: done.append(1))
    result = []
    for (ended, running), requests in zip(looks, answered or [0] * len(looks), strict=True):
        before = len(done)
        garbage.look(ended=ended, running=running, answered=requests)
        result.append(len(done) > before)
    return result


def test_while_many_run_a_collection_waits_for_many_that_ended() -> None:
    assert collections([(0, 400), (199, 400), (200, 400), (399, 400), (400, 400)]) == [
        False, False, True, False, True,
    ]  # fmt: skip


def test_while_few_run_it_comes_as_soon_as_more_ended() -> None:
    assert collections([(1, 3), (2, 3), (3, 3), (4, 0)]) == [False, False, True, True]


def test_where_nothing_ended_nothing_is_collected() -> None:
    assert collections([(0, 0), (1, 0), (1, 0), (1, 500)]) == [False, True, False, False]


def test_a_server_that_only_answers_requests_collects_too() -> None:
    answered = [0, 999, 1000, 1999, 2000]
    assert collections([(0, 0)] * 5, answered) == [False, False, True, False, True]


def test_a_collection_for_conversations_counts_for_requests() -> None:
    assert collections([(0, 0), (1, 0), (1, 0)], [0, 999, 1500]) == [False, True, False]


def test_a_collection_comes_at_the_latest_after_ten_minutes() -> None:
    now = 0.0
    done: list[float] = []
    garbage = GarbageCollection(lambda: done.append(now), clock=lambda: now)
    for minute in range(30):
        now = minute * 60.0
        garbage.look(ended=0, running=1, answered=minute)
    assert done == [600, 1200]
