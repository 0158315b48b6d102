"""When a process says that it has room for no more."""

from __future__ import annotations

import asyncio
import time

import pytest

from mascot_server.inference.overload import OverloadDetector, OverloadMeter, Sample

CALM = Sample(busy=0.3, lag=0.0, chunks=1000, late=0)
BUSY = Sample(busy=0.95, lag=0.0, chunks=1000, late=0)
BEHIND = Sample(busy=0.5, lag=0.2, chunks=1000, late=0)
LATE = Sample(busy=0.5, lag=0.0, chunks=1000, late=20)
BETWEEN = Sample(busy=0.85, lag=0.0, chunks=1000, late=0)


def after(*samples: Sample) -> str | None:
    load = OverloadDetector()
    for sample in samples:
        load.add(sample)
    return load.overloaded()


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ([], None),
        ([CALM] * 10, None),
        ([BETWEEN] * 10, None),
        ([BUSY] * 6, "the processor is busy"),
        ([BEHIND] * 3, "the event loop runs behind"),
        ([LATE] * 2, "visemes come too late"),
    ],
)
def test_the_reason_is_told(samples: list[Sample], reason: str | None) -> None:
    assert after(*samples) == reason


@pytest.mark.parametrize("sample", [BUSY, BEHIND, LATE])
def test_a_short_peak_is_no_reason(sample: Sample) -> None:
    assert after(*[sample, CALM, sample, CALM] * 5) is None


@pytest.mark.parametrize(("chunks", "late"), [(1000, 14), (5, 4)])
def test_a_few_late_messages_are_no_reason(chunks: int, late: int) -> None:
    assert after(*[Sample(busy=0.5, lag=0.0, chunks=chunks, late=late)] * 10) is None


def test_there_is_room_again_after_some_calm_and_not_at_its_first_sign() -> None:
    full = [BUSY] * 6
    assert after(*full, *[BETWEEN] * 20) is not None
    assert after(*full, *[CALM] * 4) is not None
    assert after(*full, *[CALM] * 4, BETWEEN, *[CALM] * 4) is not None
    assert after(*full, *[CALM] * 5) is None


@pytest.mark.anyio
async def test_a_loop_that_computes_all_the_time_is_overloaded_and_one_that_waits_is_not() -> None:
    async with OverloadMeter(lambda: (0, 0)) as meter:
        await asyncio.sleep(0.6)
        assert meter.overloaded() is None
        give_up = time.monotonic() + 20
        while meter.overloaded() is None and time.monotonic() < give_up:
            end = time.thread_time() + 0.2
            while time.thread_time() < end:
                pass
            await asyncio.sleep(0)
        assert meter.overloaded() is not None
