"""A whole Pipecat pipeline in real time: visemes reach the client with the sound, whatever happens to the speech."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from pipecat.frames.frames import InterruptionFrame
from support.lip_sync import Table, chunks, differences, expected, recording
from support.pipecat_stage import LEAD, Loudspeaker, run_pipeline, speech

from pipecat_mascot import MascotRTVIBridge, MascotVisemeProcessor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pipecat.pipeline.worker import PipelineWorker

pytestmark = pytest.mark.anyio

FERRY = chunks(recording("2-ferry", 2.5), 0.5)
GREETING = chunks(recording("1-greeting", 2.0), 0.5)


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """Printed once all cases are measured."""
    table = Table("Pipecat")
    yield table
    print(f"\n{table}")  # noqa: T201


async def perform(
    play: Callable[[PipelineWorker, Loudspeaker], Awaitable[None]], *destinations: str
) -> Loudspeaker:
    loudspeaker = Loudspeaker(*destinations)
    await run_pipeline(
        [MascotVisemeProcessor(), loudspeaker, MascotRTVIBridge()], lambda worker: play(worker, loudspeaker)
    )
    return loudspeaker


def of(
    loudspeaker: Loudspeaker,
    parts: list[bytes],
    context: str,
    destination: str | None = None,
    *,
    whole: bool = True,
) -> list[float]:
    """The differences of one speech."""
    payloads = loudspeaker.visemes(contextId=context, destination=destination, interrupted=False)
    return differences(loudspeaker.heard[destination], parts, payloads, whole=whole)


def in_time(median_ms: float) -> None:
    """Visemes lead by what the loudspeaker buffers: the client adds it as its delay."""
    assert median_ms == pytest.approx(-1000 * LEAD, abs=30)


async def test_a_speech(table: Table) -> None:
    async def play(worker: PipelineWorker, _loudspeaker: Loudspeaker) -> None:
        await worker.queue_frames(speech(FERRY, "a"))

    loudspeaker = await perform(play)
    found = of(loudspeaker, FERRY, "a")
    in_time(table.add("a speech, sent at once", found))


async def test_chunks_that_do_not_fit_those_of_the_transport(table: Table) -> None:
    """The bridge knows how much of a speech the transport has written, so no phase adds to the difference."""
    parts = chunks(b"".join(FERRY), 0.13)

    async def play(worker: PipelineWorker, _loudspeaker: Loudspeaker) -> None:
        await worker.queue_frames(speech(parts, "a"))

    found = of(await perform(play), parts, "a")
    in_time(table.add("chunks of 130 ms", found))


async def test_an_interruption(table: Table) -> None:
    async def play(worker: PipelineWorker, loudspeaker: Loudspeaker) -> None:
        await worker.queue_frames(speech(FERRY, "a"))
        await loudspeaker.played(1.2)
        await worker.queue_frame(InterruptionFrame())
        await worker.queue_frames(speech(GREETING, "b"))

    loudspeaker = await perform(play)
    ((at, closing),) = loudspeaker.visemes(contextId="a", interrupted=True)
    assert closing["visemes"] == [{"viseme": "sil", "offset": 0}]
    before = [data for _, data in loudspeaker.visemes(contextId="a", interrupted=False)]
    assert 0 < sum(len(data["visemes"]) for data in before) < len(expected(FERRY)) / 1.5
    assert all(time <= at for time, _ in loudspeaker.visemes(contextId="a"))
    in_time(table.add("interrupted after 1.2 s", of(loudspeaker, FERRY, "a", whole=False)))
    found = of(loudspeaker, GREETING, "b")
    in_time(table.add("the turn after it", found))


async def test_uninterruptible_speech_plays_on(table: Table) -> None:
    parts = chunks(recording("3-room", 4.0), 0.5)

    async def play(worker: PipelineWorker, loudspeaker: Loudspeaker) -> None:
        await worker.queue_frames(speech(parts, "a", interruptible=False))
        await loudspeaker.played(1.2)
        await worker.queue_frame(InterruptionFrame())

    loudspeaker = await perform(play)
    assert loudspeaker.heard[None].seconds == pytest.approx(4.0, abs=0.05)
    assert bytes(loudspeaker.heard[None].pcm).startswith(b"".join(parts))
    assert not loudspeaker.visemes(interrupted=True)
    found = of(loudspeaker, parts, "a")
    in_time(table.add("uninterruptible, interrupted", found))


async def test_uninterruptible_speech_is_not_interrupted_while_it_is_still_synthesised(table: Table) -> None:
    async def play(worker: PipelineWorker, loudspeaker: Loudspeaker) -> None:
        frames = speech(FERRY, "a", interruptible=False)
        await worker.queue_frames(frames[:3])
        await loudspeaker.played(0.5)
        await worker.queue_frame(InterruptionFrame())
        await worker.queue_frames(frames[3:])

    loudspeaker = await perform(play)
    assert not loudspeaker.visemes(interrupted=True)
    found = of(loudspeaker, FERRY, "a")
    in_time(table.add("interrupted during synthesis", found))


async def test_an_underrun(table: Table) -> None:
    async def play(worker: PipelineWorker, loudspeaker: Loudspeaker) -> None:
        frames = speech(FERRY, "a")
        await worker.queue_frames(frames[:3])
        await loudspeaker.played(0.96)
        # The service stalls: all that it sent is played, and nothing follows for a second.
        await asyncio.sleep(1.0)
        await worker.queue_frames(frames[3:])

    loudspeaker = await perform(play)
    times = loudspeaker.heard[None].times
    assert max(b - a for a, b in pairwise(times)) > 0.8
    found = of(loudspeaker, FERRY, "a")
    in_time(table.add("an underrun of 1 s", found))


async def test_two_speakers_at_once(table: Table) -> None:
    async def play(worker: PipelineWorker, _loudspeaker: Loudspeaker) -> None:
        guest = speech(GREETING, "b", destination="guest")
        for host_frame, guest_frame in zip(speech(FERRY, "a"), [*guest, guest[0]], strict=True):
            await worker.queue_frame(host_frame)
            await worker.queue_frame(guest_frame)

    loudspeaker = await perform(play, "guest")
    found = of(loudspeaker, FERRY, "a"), of(loudspeaker, GREETING, "b", "guest")
    in_time(table.add("two speakers: the first", found[0]))
    in_time(table.add("two speakers: the second", found[1]))


async def test_an_interruption_of_one_destination_leaves_the_other_to_speak() -> None:
    """Pipecat's transport goes on playing what it has for other destinations; so does the mouth, and closes."""

    async def play(worker: PipelineWorker, loudspeaker: Loudspeaker) -> None:
        for host_frame, guest_frame in zip(
            speech(FERRY, "a", stopped=False), speech([*GREETING, b""], "b", destination="guest", stopped=False),
            strict=True,
        ):  # fmt: skip
            await worker.queue_frame(host_frame)
            await worker.queue_frame(guest_frame)
        await loudspeaker.played(0.6)
        await worker.queue_frame(InterruptionFrame())
        await loudspeaker.played(1.9, "guest")

    loudspeaker = await perform(play, "guest")
    assert loudspeaker.heard[None].seconds < 1.2
    assert of(loudspeaker, GREETING, "b", "guest")
    last = loudspeaker.visemes(destination="guest")[-1][1]
    assert last["visemes"][-1]["viseme"] == "sil"
