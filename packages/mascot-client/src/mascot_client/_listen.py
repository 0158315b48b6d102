"""Yield the SDK's events and add their visemes to a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator

    from mascot_client.feed import VisemeFeed
    from mascot_client.visemes import Visemes

    Read = Callable[[object], Visemes | None]
    Interrupts = Callable[[object], bool]

Event = TypeVar("Event")


def tapped(events: Iterable[Event], feed: VisemeFeed, read: Read, interrupts: Interrupts) -> Iterator[Event]:
    """Yield each event unchanged, after its visemes were added to the feed."""
    for event in events:
        _take(event, feed, read, interrupts)
        yield event


async def tapped_async(
    events: AsyncIterable[Event], feed: VisemeFeed, read: Read, interrupts: Interrupts
) -> AsyncIterator[Event]:
    """Yield each event unchanged, after its visemes were added to the feed."""
    async for event in events:
        _take(event, feed, read, interrupts)
        yield event


def _take(event: object, feed: VisemeFeed, read: Read, interrupts: Interrupts) -> None:
    if interrupts(event):
        feed.interrupt()
    payload = read(event)
    if payload is not None:
        feed(payload)
