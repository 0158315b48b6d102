from __future__ import annotations

from mascot_server.garbage import GarbageCollection


def test_a_full_collection_waits_for_many_ended_conversations_or_a_minute() -> None:
    collections: list[float] = []
    now = 0.0
    garbage = GarbageCollection(lambda: collections.append(now), lambda: now)
    garbage.look(0)
    garbage.look(199)
    assert collections == []
    garbage.look(200)
    assert collections == [0.0]
    now = 59.0
    garbage.look(201)
    assert collections == [0.0]
    now = 60.0
    garbage.look(201)
    assert collections == [0.0, 60.0]


def test_nothing_is_collected_while_no_conversation_ends() -> None:
    collections: list[str] = []
    garbage = GarbageCollection(lambda: collections.append("full"), iter(range(0, 10_000, 1000)).__next__)
    for _ in range(5):
        garbage.look(0)
    assert collections == []
