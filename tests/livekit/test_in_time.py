"""A whole LiveKit session in real time, its track listened to: visemes are published with the sound."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from support.lip_sync import Table, chunks, differences, expected, recording
from support.livekit_stage import Room, SpeakingModel, running_session, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

FERRY = chunks(recording("2-ferry", 2.5), 0.1)
GREETING = chunks(recording("1-greeting", 2.0), 0.1)


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """Printed once all cases are measured."""
    table = Table("LiveKit Agents")
    yield table
    print(f"\n{table}")  # noqa: T201


def segments(room: Room) -> list[str]:
    """The ids of the segments, in order."""
    return list(dict.fromkeys(payload["segmentId"] for _, payload in room.visemes()))


def of(room: Room, parts: list[bytes], segment: str, *, whole: bool = True) -> list[float]:
    """The differences of one speech."""
    return differences(room.heard, parts, room.visemes(segmentId=segment, interrupted=False), whole=whole)


def in_time(median_ms: float) -> None:
    assert median_ms == pytest.approx(0, abs=40)


async def test_a_speech(table: Table) -> None:
    room = Room()
    async with running_session(room) as session:
        await session.say("The ferry", audio=spoken(FERRY)).wait_for_playout()
    (segment,) = segments(room)
    found = of(room, FERRY, segment)
    assert {topic for _, topic, _ in room.data} == {"mascot.visemes"}
    assert {(payload["trackId"], payload["shapes"]) for _, payload in room.visemes()} == {("TR_0", "oculus")}
    in_time(table.add("a speech, sent at once", found))


async def test_an_interruption(table: Table) -> None:
    room = Room()
    async with running_session(room) as session:
        first = session.say("The ferry", audio=spoken(FERRY))
        await room.played(1.0)
        await session.interrupt()
        await first.wait_for_playout()
        await session.say("Hello", audio=spoken(GREETING)).wait_for_playout()
    one, two = segments(room)
    ((at, closing),) = room.visemes(interrupted=True)
    assert (closing["segmentId"], closing["visemes"]) == (one, [{"viseme": "sil", "offset": 0}])
    assert all(time <= at for time, _ in room.visemes(segmentId=one))
    found = of(room, FERRY, one, whole=False)
    assert 0 < len(found) < len(expected(FERRY)) / 1.5
    in_time(table.add("interrupted after 1 s", found))
    found = of(room, GREETING, two)
    in_time(table.add("the speech after it", found))


async def test_uninterruptible_speech_plays_on(table: Table) -> None:
    room = Room()
    parts = chunks(recording("3-room", 4.0), 0.1)
    async with running_session(room) as session:
        handle = session.say("Your room", audio=spoken(parts), allow_interruptions=False)
        await room.played(1.0)
        with pytest.raises(RuntimeError, match="interrupt"):
            handle.interrupt()
        await handle.wait_for_playout()
    (segment,) = segments(room)
    assert not room.visemes(interrupted=True)
    found = of(room, parts, segment)
    in_time(table.add("uninterruptible, interrupted", found))


async def test_an_underrun(table: Table) -> None:
    room = Room()
    async with running_session(room) as session:
        audio = spoken(FERRY, stall_after=6, stall=2.0)
        await session.say("The ferry", audio=audio).wait_for_playout()
    (segment,) = segments(room)
    found = differences(room.heard, FERRY, room.visemes(segmentId=segment), within=4.0, stalled=True)
    in_time(table.add("an underrun of 1.4 s", found))
    # Those behind it too: without following the playhead all of them would be 1.4 s early. LiveKit Agents 1.7 holds the
    # last 50 ms before the stall back, and a viseme may lie in them.
    assert sum(abs(difference) > 0.2 for difference in found) <= 1


async def test_a_pause(table: Table) -> None:
    """LiveKit pauses the agent when the user may have interrupted, and goes on if it was a false alarm."""
    room = Room()
    parts = chunks(recording("3-room", 4.0), 0.1)
    async with running_session(room) as session:
        handle = session.say("Your room", audio=spoken(parts))
        await room.played(1.0)
        assert session.output.audio is not None
        session.output.audio.pause()
        await asyncio.sleep(0.8)
        paused = len(room.data)
        session.output.audio.resume()
        await handle.wait_for_playout()
    ((_, closing),) = room.visemes(interrupted=True)
    assert closing["visemes"] == [{"viseme": "sil", "offset": 0}]
    assert room.data[paused - 1][2] == closing
    # LiveKit drops what its audio source had queued; what plays after that is found by the end of the speech.
    later = [
        (at + change["offset"] / 1000, change["viseme"])
        for at, _, payload in room.data[paused + 1 :]
        for change in payload["visemes"]
    ]
    events = expected(parts)[-len(later) :]
    assert [viseme for _, viseme in later] == [event.viseme for event in events]
    end = b"".join(parts[15:])
    found = []
    for (at, _), event in zip(later, events, strict=True):
        heard = room.heard.time_in(end, event.time_ms - 1500) if event.time_ms >= 1500 else None
        if heard is not None:
            found.append(at - heard)
    in_time(table.add("after a pause of 0.8 s", found))


async def test_two_agents_in_one_room(table: Table) -> None:
    host, guest = Room(), Room()
    async with running_session(host) as one, running_session(guest) as two:
        handles = one.say("The ferry", audio=spoken(FERRY)), two.say("Hello", audio=spoken(GREETING))
        for handle in handles:
            await handle.wait_for_playout()
    for name, room, parts in (("first", host, FERRY), ("second", guest, GREETING)):
        (segment,) = segments(room)
        found = of(room, parts, segment)
        in_time(table.add(f"two speakers: the {name}", found))
    assert segments(host) != segments(guest)


async def test_a_realtime_model(table: Table) -> None:
    room = Room()
    parts = chunks(b"".join(FERRY), 0.05)
    async with running_session(room, llm=SpeakingModel(parts)) as session:
        await session.generate_reply().wait_for_playout()
    (segment,) = segments(room)
    found = of(room, parts, segment)
    in_time(table.add("a realtime model", found))
