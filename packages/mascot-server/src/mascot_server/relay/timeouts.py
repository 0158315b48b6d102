"""Time limits of a conversation: total duration and idle time.

There is no work per message: a timer checks the number of messages periodically.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mascot_server.settings import Settings

__all__ = ["SessionLimits"]

_CLOSE_CODE: Final = 1008
"""Policy violation (RFC 6455, section 7.4.1): the app made no error, but a limit of this server is reached."""

_LOOKS_PER_IDLE_TIME: Final = 4
"""Checks per idle time: an idle conversation is ended at most a quarter of the idle time late."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Time limits of conversations. Ends conversations that exceed them.

    Attributes:
        longest: Seconds a conversation may last; 0 for no limit.
        idle: Seconds with no message from either side after which it ends; 0 for no limit.
        handshake: Seconds that connecting to the provider may take.
    """

    longest: float
    idle: float
    handshake: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits from the settings."""
        return cls(settings.max_session_seconds, settings.idle_seconds, settings.handshake_seconds)

    @contextmanager
    def watch(self, stop: Callable[[int, str], None], messages: Callable[[], int]) -> Iterator[None]:
        """Watch a conversation while the context lasts.

        Args:
            stop: Ends it with a WebSocket close code and a reason.
            messages: Returns the number of messages so far, from both sides.
        """
        loop = asyncio.get_running_loop()
        timers: dict[str, asyncio.TimerHandle] = {}

        def look(seen: int, silent: int) -> None:
            now = messages()
            silent = silent + 1 if now == seen else 0
            if silent >= _LOOKS_PER_IDLE_TIME:
                stop(_CLOSE_CODE, f"neither side sent anything for {self.idle:g} s")
            else:
                timers["idle"] = loop.call_later(self.idle / _LOOKS_PER_IDLE_TIME, look, now, silent)

        if self.longest:
            timers["longest"] = loop.call_later(
                self.longest, stop, _CLOSE_CODE, f"the conversation lasted {self.longest:g} s"
            )
        if self.idle:
            look(-1, 0)
        try:
            yield
        finally:
            for timer in timers.values():
                timer.cancel()
