"""One connection's share of the event loop."""

from __future__ import annotations

import asyncio

import pytest
from websockets.frames import Frame, Opcode

from mascot_server.transport.framing import ClientFrames, MessageReader
from mascot_server.transport.intake import Intake, LoopTime

pytestmark = pytest.mark.anyio

client_frame = ClientFrames()


class TestLoopTime:
    def test_a_burst_costs_no_waiting(self) -> None:
        time = LoopTime(part=0.25, at_once=0.05)
        assert [time.wait(100.0 + i / 1000, 0.001) for i in range(50)] == [0.0] * 50

    def test_in_the_long_run_it_is_a_part_of_the_time(self) -> None:
        time, now, used = LoopTime(part=0.25, at_once=0.05), 100.0, 0.0
        while now < 110.0:
            used += 0.001
            now += 0.001 + time.wait(now + 0.001, 0.001)
        assert used == pytest.approx(0.25 * 10 + 0.05, rel=0.05)

    def test_after_a_rest_it_may_use_as_much_at_once_again(self) -> None:
        time = LoopTime(part=0.25, at_once=0.05)
        time.wait(100.0, 0.2)
        assert time.wait(100.1, 0.0) > 0
        assert time.wait(102.0, 0.05) == 0.0


class Transport(asyncio.Transport):
    """Notes whether it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True
        self.changes = 0

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        assert self.reading
        self.reading, self.changes = False, self.changes + 1

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading, self.changes = True, self.changes + 1


class Connection:
    """An intake and what came out of it."""

    def __init__(self) -> None:
        self.messages: list[str | bytes] = []
        self.hold_after = -1
        self.transport = Transport()
        self.reader = MessageReader(self._deliver, lambda _: True, masked=True, max_size=None)
        self.intake = Intake(self.transport, self.reader)

    def _deliver(self, message: str | bytes) -> None:
        self.messages.append(message)
        if len(self.messages) == self.hold_after:
            self.intake.hold()


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_read_with_little_in_it_costs_nothing() -> None:
    connection = Connection()
    for i in range(100):
        connection.intake.feed(client_frame(f"{i}") + client_frame("x" * 7000))
    assert len(connection.messages) == 200
    assert connection.transport.changes == 0


async def test_a_read_with_many_messages_is_handled_over_turns_of_the_loop() -> None:
    connection = Connection()
    sent = [f"{i}" for i in range(100)]
    connection.intake.feed(b"".join(map(client_frame, sent)))
    seen = [len(connection.messages)]
    assert not connection.transport.reading
    while not connection.transport.reading:
        await turns(1)
        seen.append(len(connection.messages))
    assert seen == [32, 64, 96, 100]
    assert connection.messages == sent


async def test_control_frames_count_as_well() -> None:
    connection = Connection()
    ping = Frame(Opcode.PING, b"").serialize(mask=True)
    connection.intake.feed(ping * 32 + client_frame("behind them"))
    assert not connection.messages
    await turns(2)
    assert connection.messages == ["behind them"]


async def test_after_a_large_read_the_others_have_their_turn() -> None:
    connection = Connection()
    connection.intake.feed(client_frame("x" * 100_000))
    assert len(connection.messages) == 1
    assert not connection.transport.reading
    await turns(2)
    assert connection.transport.reading


async def test_what_is_held_is_not_even_read_from_what_came_already() -> None:
    connection = Connection()
    connection.hold_after = 3
    sent = [f"{i}" for i in range(10)]
    data = b"".join(map(client_frame, sent))
    # The last message in two pieces, the second one while nothing is read.
    connection.intake.feed(data[:-2])
    assert connection.intake.held
    connection.intake.feed(data[-2:])
    await turns(3)
    assert connection.messages == sent[:3]
    assert not connection.transport.reading
    connection.intake.go_on()
    assert connection.messages == sent[:3]
    await turns(3)
    assert connection.messages == sent
    assert connection.transport.reading


async def test_a_piece_of_a_frame_waits_while_it_is_held() -> None:
    connection = Connection()
    data = client_frame("whole")
    connection.intake.feed(data[:4])
    connection.intake.hold()
    connection.intake.feed(data[4:])
    assert connection.intake.unread
    connection.intake.go_on()
    await turns(2)
    assert connection.messages == ["whole"]


async def test_all_that_came_is_read_before_the_end() -> None:
    connection = Connection()
    ended: list[int] = []
    connection.intake.feed(b"".join(map(client_frame, map(str, range(100)))))
    connection.intake.end(lambda: ended.append(len(connection.messages)))
    assert not ended
    await turns(5)
    assert ended == [100]


async def test_what_nobody_wants_is_dropped_at_the_end() -> None:
    connection = Connection()
    connection.intake.feed(b"".join(map(client_frame, map(str, range(100)))))
    connection.intake.end()
    await turns(5)
    assert len(connection.messages) == 32
