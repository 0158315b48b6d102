"""Which audio is predicted next, by clock values alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mascot_server.inference.deadline_queue import DeadlineQueue
from mascot_server.inference.jobs import Job, Piece, Track
from mascot_server.inference.pace import Pace
from mascot_server.inference.playout import Playout

BUDGET = 0.04
SPACING = (0.004, 0.008)
BYTES_PER_SECOND = 16
"""So a message of 8 bytes is as long as a piece."""


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
    weights: None = None


def agenda(*, batch_size: int = 4, capacity: int = 1000) -> DeadlineQueue:
    return DeadlineQueue(pace(batch_size), capacity=capacity)


def pace(most_streams: int = 4, *, most_seconds: float = 100.0) -> Pace:
    return Pace(most_streams=most_streams, most_seconds=most_seconds, spacing=SPACING)


def stream(
    engine: Engine | None = None, *, lookahead: int = 0, bytes_per_second: int = BYTES_PER_SECOND
) -> Track:
    return Track(engine or Engine(), Stream(), bytes_per_second=bytes_per_second, lookahead=lookahead)


def taken_from(batch: list[Piece]) -> list[Track]:
    return [piece.track for piece in batch]


def job(now: float = 0.0, due: float = 0.0, data: bytes = b"") -> Job:
    return Job(data, now=now, due=due, budget=BUDGET, done=lambda _: None)


def tracks(count: int, engine: Engine | None = None) -> list[Track]:
    engine = engine or Engine()
    return [stream(engine) for _ in range(count)]


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
        assert set(taken_from(work.take())) < set(others)
        assert burst in set(taken_from(work.take()))

    def test_what_is_late_anyway_makes_nothing_else_late(self) -> None:
        work, (late, *others) = agenda(), tracks(5)
        work.add(late, job(now=0.0, due=0.0))
        for other in others:
            work.add(other, job(now=1.0, due=1.0))
        assert len(work.expire(1.0)) == 1
        assert set(taken_from(work.take())) == set(others)
        assert taken_from(work.take()) == [late]

    def test_a_batch_is_of_one_engine(self) -> None:
        work = agenda()
        english, indonesian = tracks(2), tracks(2)
        for i in range(2):
            work.add(english[i], job(due=1.0))
            work.add(indonesian[i], job(due=0.5))
        assert set(taken_from(work.take())) == set(indonesian)
        assert set(taken_from(work.take())) == set(english)

    def test_what_is_forgotten_is_not_predicted(self) -> None:
        work, (one, other) = agenda(), tracks(2)
        for track in (one, one, other):
            work.add(track, job())
        work.forget(one)
        assert taken_from(work.take()) == [other]
        assert len(work) == 0
        work.forget(other)

    def test_there_is_room_for_so_much_and_no_more(self) -> None:
        work, (track,) = agenda(capacity=2), tracks(1)
        assert [work.add(track, job()) for _ in range(3)] == [True, True, False]
        work.take()
        assert work.add(track, job())


class TestFollowing:
    """Audio that is needed later waits for the audio that follows it."""

    LEAD = 5.0

    def talk(
        self, *, ahead: int = 8, count: int = 2, lead: float = LEAD, bytes_per_second: int = BYTES_PER_SECOND
    ) -> tuple[DeadlineQueue, Track]:
        """A stream that was given messages of 8 bytes, the first of which was taken."""
        work, track = agenda(), stream(lookahead=ahead, bytes_per_second=bytes_per_second)
        for number in range(count):
            work.add(track, job(0.0, 0.0 if number == 0 else lead, bytes([number]) * 8))
        assert [piece.audio for piece in work.take()] == [bytes(8)]
        return work, track

    def test_first_words_wait_for_nothing(self) -> None:
        work, track = agenda(), stream(lookahead=8)
        work.add(track, job(0.0, self.LEAD, b"12345678"))
        assert work.next_batch(0.0) == 0.0
        (taken,) = work.take()
        assert taken.lookahead == b""

    def test_what_is_there_is_looked_at_even_so(self) -> None:
        work, track = agenda(), stream(lookahead=12)
        for data in (b"12345678", b"abcdefgh", b"ABCDEFGH"):
            work.add(track, job(0.0, 0.0, data))
        assert [work.take()[0].lookahead for _ in range(3)] == [b"abcdefghABCD", b"ABCDEFGH", b""]

    def test_it_runs_when_enough_has_followed(self) -> None:
        work, track = self.talk(ahead=12)
        assert work.take() == []
        work.add(track, job(0.0, self.LEAD, b"more, yet"))
        assert work.take() == []
        work.add(track, job(0.0, self.LEAD, b"enough"))
        (taken,) = work.take()
        assert (taken.audio, taken.lookahead) == (b"\1" * 8, b"more, yeteno")
        assert work.take() == []

    @pytest.mark.parametrize(
        ("lead", "runs"),
        [(0.2, 0.0), (0.25, 0.0), (0.3, 0.05), (0.4, 0.15), (5.0, 5 * BUDGET), (60.0, 5 * BUDGET)],
    )
    def test_it_runs_shortly_before_it_is_needed_and_soon_anyway(self, lead: float, runs: float) -> None:
        work, _ = self.talk(lead=lead)
        assert work.next_batch(0.0) == pytest.approx(runs)
        if runs:
            work.wake(runs - 0.001)
            assert work.take() == []
        work.wake(runs + 0.001)
        assert len(work.take()) == 1

    def test_it_never_waits_until_it_is_late(self) -> None:
        for lead in (0.1, 0.3, 0.5, 1.0, 3.0, 60.0):
            for budget in (0.001, 0.01, 0.04, 1.0):
                one = Job(b"", now=7.0, due=7.0 + lead, budget=budget, done=lambda _: None)
                assert one.patient_until < min(one.limit, 7.0 + lead)

    def test_without_a_budget_nothing_waits(self) -> None:
        assert not Job(b"", now=3.0, due=33.0, budget=0.0, done=lambda _: None).patient_until

    def test_the_end_of_a_turn_waits_for_nothing(self) -> None:
        work, track = self.talk()
        assert work.take() == []
        work.finish(track)
        assert work.next_batch(0.0) == 0.0
        assert len(work.take()) == 1
        work.finish(track)
        assert work.next_batch(0.0) is None

    def test_it_can_be_hastened(self) -> None:
        work, track = self.talk()
        work.hasten(track, BUDGET)
        assert work.next_batch(0.0) == pytest.approx(BUDGET)
        work.wake(BUDGET)
        assert len(work.take()) == 1
        work.hasten(track, 2 * BUDGET)
        assert work.next_batch(0.0) is None

    def test_the_last_block_of_a_long_message_can_be_hastened_before_its_turn(self) -> None:
        work, track = self.talk(ahead=16, count=1, bytes_per_second=64)
        work.add(track, Job(bytes(64), now=0.0, due=5.0, budget=BUDGET, done=lambda _: None, seconds=1.0))
        work.hasten(track, BUDGET)
        assert len(work.take()) == 1
        assert work.take() == []
        assert work.next_batch(0.0) == pytest.approx(BUDGET)

    def test_it_is_never_slowed_down(self) -> None:
        work, track = self.talk(lead=0.3)
        work.hasten(track, 10.0)
        assert work.next_batch(0.0) == pytest.approx(0.05)

    def test_what_follows_in_time_is_still_looked_at(self) -> None:
        work, track = self.talk()
        work.hasten(track, BUDGET)
        work.add(track, job(0.0, self.LEAD, b"in time!"))
        (taken,) = work.take()
        assert taken.lookahead == b"in time!"
        # What came after that has its own time again.
        assert work.next_batch(0.0) == pytest.approx(5 * BUDGET)

    def test_what_is_forgotten_while_it_waits_is_not_predicted(self) -> None:
        work, track = self.talk()
        work.forget(track)
        assert (len(work), work.size, track.size) == (0, 0, 0)
        work.finish(track)
        work.wake(100.0)
        assert work.next_batch(100.0) is None
        assert work.take() == []

    def test_who_waits_keeps_nobody_else_waiting(self) -> None:
        work, track = self.talk()
        other = Track(track.engine, Stream(), bytes_per_second=BYTES_PER_SECOND, lookahead=8)
        work.add(other, job(0.1, 0.1))
        assert taken_from(work.take()) == [other]
        assert work.next_batch(0.1) == pytest.approx(5 * BUDGET)

    def test_blocks_of_a_long_message_look_at_the_next_one(self) -> None:
        work, track = self.talk(ahead=16, count=1, bytes_per_second=64)
        data = bytes(range(64))
        long = Job(data, now=0.0, due=5.0, budget=BUDGET, done=lambda _: None, seconds=1.0)
        work.add(track, long)
        (first,) = work.take()
        assert (first.audio, first.lookahead) == (data[:32], data[32:48])
        # Its last block waits for the next message.
        assert work.take() == []
        work.add(track, job(0.0, self.LEAD, bytes(16)))
        (second,) = work.take()
        assert (second.audio, second.lookahead, second.finished) == (data[32:], bytes(16), 1)

    def test_the_last_block_of_a_turn_has_nothing_to_look_at(self) -> None:
        work, track = self.talk(ahead=16, count=1, bytes_per_second=64)
        work.add(track, Job(bytes(64), now=0.0, due=5.0, budget=BUDGET, done=lambda _: None, seconds=1.0))
        work.finish(track)
        assert [work.take()[0].lookahead for _ in range(2)] == [bytes(16), b""]


class TestPace:
    """What the queue makes of a pace; `test_pace.py` tests the pace itself."""

    def test_with_nothing_to_do_no_batch_is_due(self) -> None:
        assert agenda().next_batch(1.0) is None

    def test_a_batch_that_is_not_full_waits_for_its_time(self) -> None:
        its = pace(2)
        work = DeadlineQueue(its, capacity=1000)
        its.ran(1.0, 1.0001, seconds=0.5)
        first, second = tracks(2)
        work.add(first, job())
        assert work.next_batch(1.0001) == its.not_before > 1.0001
        assert work.next_batch(2.0) == 2.0
        work.add(second, job())
        assert work.next_batch(1.0001) == 1.0001

    def test_so_much_audio_is_a_batch_as_well(self) -> None:
        its = pace(most_seconds=1.0)
        work = DeadlineQueue(its, capacity=1000)
        its.ran(1.0, 1.0001, seconds=0.5)
        (track, other) = tracks(2)
        work.add(track, job(data=bytes(8)))
        assert work.next_batch(1.0001) == its.not_before > 1.0001
        work.add(other, job(data=bytes(8)))
        assert work.next_batch(1.0001) == 1.0001

    def test_a_batch_has_no_more_audio_than_the_pace_allows(self) -> None:
        its = pace(32)
        work = DeadlineQueue(its, capacity=1000)
        for _ in range(50):
            its.ran(1.0, 1.008, seconds=2.0)
        for number, track in enumerate(tracks(20)):
            work.add(track, job(due=-number, data=bytes(4 if number % 2 else 8)))
        batch = work.take()
        assert 1.5 < sum(piece.seconds for piece in batch) <= its.seconds < 2.1
        rest = work.take()
        assert max(piece.parts[0].job.due for piece in batch) < min(piece.parts[0].job.due for piece in rest)

    def test_one_piece_is_a_batch_however_long_it_is(self) -> None:
        its = pace(32, most_seconds=0.1)
        work = DeadlineQueue(its, capacity=1000)
        for track in tracks(2):
            work.add(track, job(data=bytes(8)))
        assert [len(work.take()) for _ in range(3)] == [1, 1, 0]


class TestPieces:
    """Messages that wait are processed together."""

    def talk(self, *sizes: int, ahead: int = 4, lead: float = 5.0) -> tuple[DeadlineQueue, Track]:
        """A stream with a second of 32 bytes, whose first message, of 4 bytes, was taken."""
        work, track = agenda(), stream(lookahead=ahead, bytes_per_second=32)
        for number, size in enumerate((4, *sizes)):
            work.add(track, job(0.0, lead if number else 0.0, bytes([number]) * size))
        (first,) = work.take()
        assert (first.audio, first.finished) == (bytes(4), 1)
        return work, track

    def test_up_to_half_a_second_and_parts_of_messages(self) -> None:
        work, track = self.talk(6, 6, 6, 6)
        (piece,) = work.take()
        assert (piece.audio, piece.lookahead) == (b"\1" * 6 + b"\2" * 6 + b"\3" * 4, b"\3\3\4\4")
        assert (piece.finished, piece.seconds, track.size) == (2, 0.5, 8)
        assert work.take() == []
        work.finish(track)
        (piece,) = work.take()
        assert (piece.audio, piece.lookahead, piece.finished) == (b"\3" * 2 + b"\4" * 6, b"", 2)
        assert (len(work), work.size) == (0, 0)

    def test_they_wait_until_there_is_so_much(self) -> None:
        work, track = self.talk(6, 6, 6)
        assert work.take() == []
        assert work.next_batch(0.0) == pytest.approx(5 * BUDGET)
        work.add(track, job(0.0, 5.0, bytes(2)))
        assert work.next_batch(0.0) == 0.0

    def test_what_has_waited_takes_along_what_has_its_look_ahead(self) -> None:
        work, _ = self.talk(4, 4, 4)
        work.wake(5 * BUDGET)
        (piece,) = work.take()
        assert (piece.audio, piece.lookahead) == (b"\1" * 4 + b"\2" * 4, b"\3" * 4)

    def test_the_first_words_of_a_turn_go_alone(self) -> None:
        work, track = agenda(), stream(bytes_per_second=32)
        for _ in range(3):
            work.add(track, job(data=bytes(4)))
        assert [len(work.take()[0].audio) for _ in range(2)] == [4, 8]

    def test_what_is_late_is_made_up_for_at_once(self) -> None:
        work, _ = self.talk(4, 4, 4, lead=0.0)
        assert len(work.expire(1.0)) == 3
        (piece,) = work.take()
        assert (len(piece.audio), piece.finished) == (12, 3)


class TestLateAudioOfACompleteStream:
    """Nothing depends on it: without this, an overloaded server would also process turns that are over."""

    def test_it_is_dropped_when_the_stream_ends(self) -> None:
        work, track = agenda(), stream()
        work.add(track, job(data=bytes(8)))
        assert len(work.expire(1.0)) == 1
        assert len(work) == 1
        work.finish(track)
        assert (len(work), work.size, work.next_batch(1.0)) == (0, 0, None)

    def test_it_is_dropped_when_the_last_message_is_late(self) -> None:
        work, track = agenda(), stream()
        work.add(track, job(now=0.0, data=bytes(8)))
        work.add(track, job(now=1.0, due=1.0, data=bytes(8)))
        work.finish(track)
        assert len(work.expire(1.0)) == 1
        assert len(work) == 2
        assert len(work.expire(2.0)) == 1
        assert (len(work), work.size, work.next_batch(2.0)) == (0, 0, None)

    def test_that_of_a_stream_that_goes_on_is_processed(self) -> None:
        work, track = agenda(), stream()
        work.add(track, job(data=bytes(8)))
        work.expire(1.0)
        (piece,) = work.take()
        assert piece.finished == 1


@dataclass
class Model:
    """The expected content of a deadline queue."""

    given: dict[Track, bytes] = field(default_factory=dict)
    taken: dict[Track, bytes] = field(default_factory=dict)
    jobs: dict[Job, Track] = field(default_factory=dict)
    finished: list[Job] = field(default_factory=list)

    def drop_late(self) -> None:
        """Forget what the queue has dropped of complete streams: audio that was late."""
        for track in self.given:
            if track.ended and not track.size:
                rest = [
                    job for job, owner in self.jobs.items() if owner is track and job not in self.finished
                ]
                assert all(job.late for job in rest)
                self.finished += rest
                self.given[track] = self.taken.get(track, b"")


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["add", "add", "add", "take", "expire", "finish"]),
            st.integers(0, 5),
            st.integers(0, 30),
        ),
        max_size=80,
    )
)
def test_nothing_is_lost_and_each_stream_keeps_its_order(steps: list[tuple[str, int, int]]) -> None:
    work, model, now = agenda(batch_size=2), Model(), 0.0
    engines = Engine("a"), Engine("b")
    # Most of them wait for what follows. Pieces of the last ones are of several messages.
    all_tracks = [
        Track(engines[i // 3], Stream(), bytes_per_second=(4, 8, 24)[i % 3], lookahead=(0, 3, 6)[i % 3])
        for i in range(6)
    ]
    playouts = {track: Playout() for track in all_tracks}

    def take() -> None:
        ready = [track for track in all_tracks if (track.jobs or track.late) and track.ready]
        fronts = {track: track.next for track in ready}
        work.wake(now)
        batch = work.take()
        assert len(batch) <= 2
        chosen = taken_from(batch)
        assert len(set(chosen)) == len(chosen)
        assert len({id(track.engine) for track in chosen}) <= 1
        for piece in batch:
            track = piece.track
            model.taken[track] = model.taken.get(track, b"") + piece.audio
            assert model.given[track].startswith(model.taken[track] + piece.lookahead)
            assert len(piece.lookahead) <= track.lookahead
            assert piece.seconds <= 0.5
            model.finished += [part.job for part in piece.parts if part.finished]
            # Nobody of this engine who was left behind is more urgent.
            front = piece.parts[0].job
            left = [fronts[t] for t in ready if t.engine is track.engine and t not in chosen]
            assert all((front.late, front.due) <= (other.late, other.due) for other in left)

    for count, (step, number, milliseconds) in enumerate(steps):
        now += milliseconds / 1000
        track = all_tracks[number]
        if step == "add":
            data = str(count).encode()
            given = job(now, playouts[track].due(now, 0.1), data)
            assert work.add(track, given)
            model.given[track] = model.given.get(track, b"") + data
            model.jobs[given] = track
        elif step == "take":
            take()
        elif step == "finish":
            work.finish(track)
        else:
            for late in work.expire(now):
                assert late.limit <= now
            assert not work.expire(now)
        model.drop_late()
    while len(work):
        when = work.next_batch(now)
        assert when is not None
        now = max(now, when)
        take()
    assert {track: model.taken.get(track, b"") for track in model.given} == model.given
    assert len(model.finished) == len(model.jobs)
    assert set(model.finished) == set(model.jobs)
    assert work.size == 0
