"""Predictions of many streams on one loop: in order, in batches, each failing alone, none waited for too long."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mascot_visemes
from mascot_server.inference.jobs import Track
from mascot_server.inference.scheduler import Scheduler
from mascot_server.inference.silence import SilenceSkippingEngine, SilenceSkippingStream
from mascot_server.observability.metrics import Metrics
from mascot_server.providers.codec import AudioFormat
from mascot_server.simulators.core.voice import answer as spoken_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mascot_server.inference.predictions import Prediction

pytestmark = pytest.mark.anyio

CHUNK = bytes(4800)
PCM24 = AudioFormat("pcm16", 24000)


def word(number: int) -> bytes:
    """A message of the length of a piece."""
    return bytes([number]) * 4


@dataclass(frozen=True)
class Change:
    time_ms: int
    viseme: int


@dataclass(eq=False)
class Stream:
    """Says the first byte of each chunk, and remembers all."""

    viseme: int = 0
    time_ms: int = 0
    weights: None = None
    heard: list[bytes] = field(default_factory=list)


@dataclass(eq=False)
class Engine:
    """Takes its time; some chunks are beyond it."""

    seconds: float = 0.0
    batches: list[int] = field(default_factory=list)

    def run_together(
        self, streams: Sequence[Stream], chunks: Sequence[bytes], _: Sequence[bytes], /
    ) -> list[list[Change]]:
        if any(chunk == b"bad!" for chunk in chunks):
            raise ValueError("bad chunk")
        self.batches.append(len(streams))
        time.sleep(self.seconds)
        for stream, chunk in zip(streams, chunks, strict=True):
            stream.heard.append(chunk)
        return [[Change(stream.time_ms, chunk[0])] for stream, chunk in zip(streams, chunks, strict=True)]


class Caller:
    """Submits for one track and keeps what it is called with."""

    def __init__(self, scheduler: Scheduler, engine: Engine, *, bytes_per_second: int = 8) -> None:
        self.scheduler = scheduler
        self.stream = Stream()
        # Half a second is four bytes: most tests have one message in each call.
        self.track = Track(engine, self.stream, bytes_per_second=bytes_per_second)
        self.answers: list[Prediction | None] = []

    def submit(self, *chunks: bytes, ahead: float = 0.0) -> None:
        due = time.monotonic() + ahead
        for chunk in chunks:
            self.scheduler.submit(self.track, chunk, due=due, done=self.answers.append)

    @property
    def said(self) -> list[int | str | None]:
        return [None if answer is None else answer.changes[0][1] for answer in self.answers]


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while True:
            if reached():
                return
            await asyncio.sleep(0.002)


async def until_heard(callers: list[Caller], count: int) -> None:
    await until(lambda: all(len(caller.stream.heard) >= count for caller in callers))


async def test_streams_share_batches_and_each_gets_its_own_answers_in_order() -> None:
    metrics, engine = Metrics(), Engine()
    async with Scheduler(budget_ms=10_000, metrics=metrics) as scheduler:
        callers = [Caller(scheduler, engine) for _ in range(40)]
        for number, caller in enumerate(callers):
            caller.submit(*(bytes([number, i, 0, 0]) for i in range(3)))
        await until_heard(callers, 3)
    assert [caller.said for caller in callers] == [[number] * 3 for number in range(40)]
    assert all(
        caller.stream.heard == [bytes([number, i, 0, 0]) for i in range(3)]
        for number, caller in enumerate(callers)
    )
    # Eight seconds of audio.
    assert max(engine.batches) == 16
    assert metrics.batch_size.total == len(engine.batches) < 10


async def test_a_chunk_that_fails_fails_alone() -> None:
    metrics, engine = Metrics(), Engine()
    async with Scheduler(budget_ms=10_000, metrics=metrics) as scheduler:
        good, bad = [Caller(scheduler, engine) for _ in range(5)], Caller(scheduler, engine)
        for caller in good:
            caller.submit(word(7))
        bad.submit(b"bad!", word(8))
        await until_heard([*good, bad], 1)
    assert [caller.said for caller in good] == [[7]] * 5
    assert bad.said == [None, 8]
    assert metrics.chunks_without_visemes[("failed",)] == 1


async def test_what_is_late_goes_on_without_visemes_and_is_heard_all_the_same() -> None:
    metrics, engine = Metrics(), Engine(seconds=0.05)
    async with Scheduler(budget_ms=20, metrics=metrics) as scheduler:
        caller = Caller(scheduler, engine)
        caller.submit(word(1), word(2), word(3))
        await until_heard([caller], 3)
    assert caller.said == [1, None, None]
    assert caller.stream.heard == [word(1), word(2), word(3)]
    assert metrics.chunks_without_visemes[("late",)] == 2


async def test_the_tail_of_a_burst_is_not_late_while_its_listener_has_other_audio() -> None:
    metrics, engine = Metrics(), Engine(seconds=0.05)
    async with Scheduler(budget_ms=20, metrics=metrics) as scheduler:
        caller = Caller(scheduler, engine)
        caller.submit(word(1))
        caller.submit(word(2), word(3), ahead=0.3)
        await until_heard([caller], 3)
    assert caller.said == [1, 2, 3]


async def test_a_turn_that_comes_at_once_does_not_hold_up_the_first_words_of_others() -> None:
    engine = Engine(seconds=0.002)
    async with Scheduler(budget_ms=40, metrics=Metrics()) as scheduler:
        burst, others = Caller(scheduler, engine), [Caller(scheduler, engine) for _ in range(20)]
        for i in range(300):
            burst.submit(word(1), ahead=i * 0.1)
        await until_heard([burst], 3)
        for other in others:
            other.submit(word(2))
        await until_heard(others, 1)
        assert len(burst.stream.heard) < 30
        scheduler.forget(burst.track)
    assert [other.said for other in others] == [[2]] * 20


async def test_far_too_much_is_not_kept() -> None:
    metrics, engine = Metrics(), Engine()
    async with Scheduler(budget_ms=10_000, metrics=metrics) as scheduler:
        caller = Caller(scheduler, engine)
        assert not scheduler.crowded
        caller.submit(*[word(1)] * 10_000)
        # Conversations read no further long before anything is refused.
        assert scheduler.crowded
        assert not caller.said
        caller.submit(*[word(1)] * 25_000)
        refused = metrics.chunks_without_visemes[("overloaded",)]
        assert caller.said == [None] * refused
        assert refused > 500
        scheduler.forget(caller.track)
        assert not scheduler.crowded


async def test_audio_in_bytes_makes_it_crowded_as_well() -> None:
    async with Scheduler(budget_ms=10_000, metrics=Metrics()) as scheduler:
        caller = Caller(scheduler, Engine())
        caller.submit(*[bytes(1 << 20)] * 63)
        assert not scheduler.crowded
        caller.submit(bytes(1 << 20))
        assert scheduler.crowded
        scheduler.forget(caller.track)
        assert not scheduler.crowded


async def test_a_long_message_is_predicted_in_blocks_and_answered_once() -> None:
    metrics, engine = Metrics(), Engine()
    async with Scheduler(budget_ms=10_000, metrics=metrics) as scheduler:
        long, other = Caller(scheduler, engine, bytes_per_second=48_000), Caller(scheduler, engine)
        # A second of audio for each byte that differs.
        audio = b"".join(bytes([second]) * 48_000 for second in range(10))
        scheduler.submit(long.track, audio, due=time.monotonic(), done=long.answers.append, seconds=10.0)
        await until(lambda: len(long.stream.heard) >= 2)
        other.submit(word(7))
        await until_heard([other], 1)
        assert not long.answers
        await until(lambda: bool(long.answers))
    assert b"".join(long.stream.heard) == audio
    assert [len(block) for block in long.stream.heard] == [24_000] * 20
    (answer,) = long.answers
    assert answer is not None
    assert [shape for _, shape in answer.changes] == [second for second in range(10) for _ in range(2)]


async def test_a_block_that_fails_fails_its_message_alone() -> None:
    metrics, engine = Metrics(), Engine()
    async with Scheduler(budget_ms=10_000, metrics=metrics) as scheduler:
        caller = Caller(scheduler, engine)
        scheduler.submit(
            caller.track, bytes(4) + b"bad!", due=time.monotonic(), done=caller.answers.append, seconds=0.9
        )
        caller.submit(word(5))
        await until(lambda: len(caller.answers) == 2)
    assert caller.said == [None, 5]
    assert metrics.chunks_without_visemes[("failed",)] == 1


async def test_blocks_of_one_message_give_what_as_many_messages_give() -> None:
    engine = mascot_visemes.load("lite")
    speech = bytes((i * i // 7) % 251 for i in range(4 * 48_000))
    block = 24_000
    alone = engine.create_stream(sample_rate=24000, weights="arkit")
    expected, rows = [], []
    for start in range(0, len(speech), block):
        expected += [
            (event.time_ms, event.viseme) for event in alone.accept_waveform(speech[start : start + block])
        ]
        rows.append(alone.weights)
    async with Scheduler(budget_ms=10_000, metrics=Metrics()) as scheduler:
        stream = engine.create_stream(sample_rate=24000, weights="arkit")
        track = Track(
            SilenceSkippingEngine(engine), SilenceSkippingStream(stream, PCM24), bytes_per_second=48_000
        )
        answers: list[Prediction | None] = []
        # Behind other audio, so that the stream's time does not begin at 0.
        scheduler.submit(track, speech[:block], due=0.0, done=answers.append, seconds=0.5)
        scheduler.submit(track, speech[block:], due=0.0, done=answers.append, seconds=3.5)
        await until(lambda: len(answers) == 2)
    absolute = [
        (start + offset, shape)
        for start, answer in zip((0, 500), answers, strict=True)
        if answer is not None
        for offset, shape in answer.changes
    ]
    assert absolute == expected
    weights = [answer.weights for answer in answers if answer is not None and answer.weights is not None]
    assert [(its.columns, its.start_ms) for its in weights] == [(alone.columns, 0)] * 2
    assert (
        b"".join(its.data for its in weights)
        == np.rint(np.concatenate(rows) * 255).astype(np.uint8).tobytes()
    )


@pytest.mark.parametrize("size", [778, 960, 4800, 24_001])
@pytest.mark.parametrize("rate", [11_025, 24_000])
async def test_messages_that_are_processed_together_share_the_visemes_and_weights(
    size: int, rate: int
) -> None:
    engine = mascot_visemes.load("lite")
    reply, piece = spoken_answer(0), rate // 2 * 2
    audio = reply.samples[: 3 * reply.sample_rate].tobytes()
    messages = [audio[at : at + size] for at in range(0, len(audio), size)]
    alone, ahead = engine.create_stream(sample_rate=rate, weights="arkit"), 2 * (rate // 10)
    expected, rows, at = [], [], 0
    while at < len(audio):
        # The first message of a turn goes alone.
        end = min(at + piece, len(audio) if at else size)
        events = alone.accept_waveform(audio[at:end], lookahead=audio[end : end + ahead])
        expected += [(event.time_ms, event.viseme) for event in events]
        rows.append(alone.weights)
        at = end
    audio_format = AudioFormat("pcm16", rate)
    answers: list[Prediction | None] = []
    async with Scheduler(budget_ms=10_000, metrics=Metrics()) as scheduler:
        inner = engine.create_stream(sample_rate=rate, weights="arkit")
        track = Track(
            SilenceSkippingEngine(engine),
            SilenceSkippingStream(inner, audio_format),
            bytes_per_second=2 * rate,
            lookahead=ahead,
        )
        for message in messages:
            scheduler.submit(track, message, due=0.0, done=answers.append, seconds=len(message) / (2 * rate))
        scheduler.finish(track)
        await until(lambda: len(answers) == len(messages))
    told: list[tuple[int, int | str]] = []
    data = b""
    for number, answer in enumerate(answers):
        assert answer is not None
        assert answer.weights is not None
        start = number * size * 500 // rate
        assert answer.before == (told[-1][1] if told else 0)
        told += [(start + offset, shape) for offset, shape in answer.changes]
        ends = (number + 1) * size * 500 / rate
        assert all(start <= start + offset < ends for offset, _ in answer.changes)
        # Its first row is the first that begins in it.
        first = -(-number * size * 50 // rate)
        if answer.weights.data:
            assert start + answer.weights.start_ms == 10 * first
        data += answer.weights.data
    assert told == expected
    assert data == np.rint(np.concatenate(rows) * 255).astype(np.uint8).tobytes()


async def test_a_burst_gives_what_the_whole_recording_gives_but_for_its_first_message() -> None:
    """And what does not come in a burst gives what it gives alone."""
    engine = mascot_visemes.load("default")
    reply = spoken_answer(0)
    samples, rate = reply.samples[: 3 * reply.sample_rate], reply.sample_rate
    speech = [samples[at : at + rate // 10].tobytes() for at in range(0, len(samples), rate // 10)]
    whole = engine.create_stream(sample_rate=rate).accept_waveform(samples)
    alone = engine.create_stream(sample_rate=rate)
    edges = [(event.time_ms, event.viseme) for chunk in speech for event in alone.accept_waveform(chunk)]

    async def told(lead: float) -> list[tuple[int, int | str]]:
        answers: list[Prediction | None] = []
        async with Scheduler(budget_ms=10_000, metrics=Metrics()) as scheduler:
            audio_format = AudioFormat("pcm16", rate)
            stream = SilenceSkippingStream(engine.create_stream(sample_rate=rate), audio_format)
            lookahead = audio_format.size(engine.lookahead_ms)
            track = Track(
                SilenceSkippingEngine(engine), stream, bytes_per_second=2 * rate, lookahead=lookahead
            )
            for number, chunk in enumerate(speech):
                due = time.monotonic() + number * lead
                scheduler.submit(track, chunk, due=due, done=answers.append, seconds=0.1)
                if not lead or not number:
                    await until(lambda: len(answers) == number + 1)  # noqa: B023 - awaited here
            scheduler.finish(track)
            await until(lambda: len(answers) == len(speech))
        return [
            (start * 100 + offset, shape)
            for start, said in enumerate(answers)
            if said is not None
            for offset, shape in said.changes
        ]

    events = await told(1.0)
    later = {event for event in events if event[0] >= 200}
    expected = {(event.time_ms, event.viseme) for event in whole if event.time_ms >= 200}
    assert len(later ^ expected) <= 2
    assert len(expected ^ {event for event in edges if event[0] >= 200}) > 20
    assert await told(0.0) == edges


async def test_together_gives_what_the_real_engine_gives_alone() -> None:
    engine = mascot_visemes.load("default")
    speech = [bytes((i * j) % 251 for i in range(4800)) for j in range(1, 7)]
    alone = engine.create_stream(sample_rate=24000)
    expected = [[(event.time_ms, event.viseme) for event in alone.accept_waveform(chunk)] for chunk in speech]
    async with Scheduler(budget_ms=10_000, metrics=Metrics()) as scheduler:
        skipping = SilenceSkippingEngine(engine)
        tracks = [
            Track(
                skipping,
                SilenceSkippingStream(engine.create_stream(sample_rate=24000), PCM24),
                bytes_per_second=48_000,
            )
            for _ in range(5)
        ]
        answers: list[list[Prediction | None]] = [[] for _ in tracks]
        for number, track in enumerate(tracks):
            for chunk in speech:
                scheduler.submit(track, chunk, due=0.0, done=answers[number].append)
            await asyncio.sleep(0.001 * number)
        await until(lambda: all(len(answer) == len(speech) for answer in answers))
    for answer in answers:
        absolute = [
            [] if said is None else [(start * 100 + offset, shape) for offset, shape in said.changes]
            for start, said in enumerate(answer)
        ]
        assert absolute == expected
