"""What the three simulated conversations share: messages at their times, turns, and being interrupted.

Sans-I/O: the caller passes messages and the time to a conversation and gets the messages to send. It calls `open` once,
`receive` for every message, and `next_action` until that returns None, and again at the time `due` at the latest.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mascot_server.simulators.core.voice import Chunk, Language, Reply

Event = dict[str, Any]
"""A message as JSON, before it is written down."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """How time passes in a conversation.

    Attributes:
        burst: how many times faster than real time audio is sent; ``math.inf`` for all at once.
        playback: how many times faster than real time the user is taken to hear it. A user who speaks
            while the agent is still heard interrupts it.
    """

    burst: float = 8.0
    playback: float = 1.0


@dataclass(frozen=True, slots=True)
class Frame:
    """A message to send: ``str`` as a text frame, ``bytes`` as a binary one; and the audio in it."""

    message: str | bytes
    chunk: Chunk | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket; nothing comes after it."""

    code: int
    reason: str


@dataclass(slots=True)
class Turn:
    """The agent speaking.

    Attributes:
        reply: what it says.
        started: when its first chunk was due.
        sent: the chunks that have gone out.
    """

    reply: Reply
    started: float
    sent: list[Chunk] = field(default_factory=list)

    def heard_ms(self, now: float, pacing: Pacing) -> float:
        """Return how much of it has been played by now, in ms."""
        if math.isinf(pacing.playback):
            return self.reply.duration_ms
        return min((now - self.started) * 1000 * pacing.playback, self.reply.duration_ms)

    @property
    def sent_text(self) -> str:
        """The words that begin in what was sent."""
        return " ".join(word for chunk in self.sent for word in chunk.words)


@dataclass(frozen=True, slots=True)
class _Cue:
    at: float
    event: Event
    chunk: Chunk | None
    turn: Turn | None


class Conversation(ABC):
    """One connection to a simulated provider. Times are seconds of any one clock that only goes forward."""

    provider: str

    def __init__(self, pacing: Pacing, language: Language = "en") -> None:
        self.pacing = pacing
        self.language = language
        self.turn: Turn | None = None
        self._urgent: deque[Event] = deque()
        self._script: deque[_Cue] = deque()
        self._close: Close | None = None

    @abstractmethod
    def open(self, now: float) -> None:
        """Begin: the socket is open."""

    @abstractmethod
    def receive(self, message: str | bytes, now: float) -> None:
        """Take a message of the client."""

    @abstractmethod
    def encode(self, event: Event) -> str | bytes:
        """Write an event down; called once for each, in the order of sending."""

    def due(self) -> float | None:
        """Return when there is something to send; `None` if only a message can change that."""
        if self._urgent or self._close is not None:
            return -math.inf
        return self._script[0].at if self._script else None

    def next_action(self, now: float) -> Frame | Close | None:
        """Hand out the next thing that is due."""
        if self._urgent:
            return Frame(self.encode(self._urgent.popleft()))
        if self._close is not None:
            return self._close
        if self._script and self._script[0].at <= now:
            cue = self._script.popleft()
            if cue.chunk is not None and cue.turn is not None:
                cue.turn.sent.append(cue.chunk)
            return Frame(self.encode(cue.event), cue.chunk)
        return None

    def send(self, event: Event) -> None:
        """Send an event at once, ahead of what is scheduled."""
        self._urgent.append(event)

    def schedule(self, at: float, event: Event, chunk: Chunk | None = None) -> None:
        """Send an event of the present turn at its time, after everything scheduled for that time before it."""
        insort(self._script, _Cue(at, event, chunk, self.turn), key=attrgetter("at"))

    def drop_scheduled(self, turn: Turn | None = None) -> None:
        """Forget what is scheduled; with a turn, only what belongs to it."""
        kept = [] if turn is None else [cue for cue in self._script if cue.turn is not turn]
        self._script = deque(kept)

    def sends(self, turn: Turn) -> bool:
        """Return whether a turn still has something to send."""
        return any(cue.turn is turn for cue in self._script)

    @property
    def sending(self) -> bool:
        """Whether any turn still has something to be sent."""
        return bool(self._script)

    def end(self, code: int, reason: str) -> None:
        """Close the socket after what was sent at once, dropping what is scheduled."""
        self.drop_scheduled()
        # A close frame has room for 123 bytes of reason; the reason may quote what the client wrote.
        self._close = Close(code, reason.encode("ascii", "replace").decode()[:123])

    def sending_time(self, offset_ms: float) -> float:
        """Return when audio at this offset of the turn is sent."""
        assert self.turn is not None  # noqa: S101 - only asked of a turn that was begun
        return self.turn.started + offset_ms / 1000 / self.pacing.burst

    def speaking(self, now: float) -> bool:
        """Return whether the agent's audio is still being played or sent."""
        if self.turn is None:
            return False
        return self.sending or self.turn.heard_ms(now, self.pacing) < self.turn.reply.duration_ms
