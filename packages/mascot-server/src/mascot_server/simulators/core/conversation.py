"""Common base of the simulated conversations: scheduled messages, turns and interruptions.

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
"""A message as a JSON object, before it is encoded."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """How time passes in a conversation.

    Attributes:
        burst: how many times faster than real time audio is sent; ``math.inf`` for all at once.
        playback: how many times faster than real time the audio is assumed to be played. A user who speaks
            during playback interrupts the agent.
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
    """Close the socket. It is the last action."""

    code: int
    reason: str


@dataclass(slots=True)
class Turn:
    """A turn of the agent.

    Attributes:
        reply: the reply that is spoken.
        started: when its first chunk was due.
        sent: the chunks that were sent.
    """

    reply: Reply
    started: float
    sent: list[Chunk] = field(default_factory=list)

    def heard_ms(self, now: float, pacing: Pacing) -> float:
        """Return how much of the turn has been played, in ms."""
        if math.isinf(pacing.playback):
            return self.reply.duration_ms
        return min((now - self.started) * 1000 * pacing.playback, self.reply.duration_ms)

    @property
    def sent_text(self) -> str:
        """The words that begin in the sent chunks."""
        return " ".join(word for chunk in self.sent for word in chunk.words)


@dataclass(frozen=True, slots=True)
class _Cue:
    at: float
    event: Event
    chunk: Chunk | None
    turn: Turn | None


class Conversation(ABC):
    """One connection to a simulated provider. Times are seconds of a monotonic clock."""

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
        """Begin the conversation, when the socket is open."""

    @abstractmethod
    def receive(self, message: str | bytes, now: float) -> None:
        """Process a message of the client."""

    @abstractmethod
    def encode(self, event: Event) -> str | bytes:
        """Encode an event. Called once for each event, in the order of sending."""

    def due(self) -> float | None:
        """Return when the next message is due; `None` if nothing is scheduled."""
        if self._urgent or self._close is not None:
            return -math.inf
        return self._script[0].at if self._script else None

    def next_action(self, now: float) -> Frame | Close | None:
        """Return the next action that is due."""
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
        """Send an event at once, before scheduled events."""
        self._urgent.append(event)

    def schedule(self, at: float, event: Event, chunk: Chunk | None = None) -> None:
        """Schedule an event of the current turn. Events with the same time are sent in the order of the calls."""
        insort(self._script, _Cue(at, event, chunk, self.turn), key=attrgetter("at"))

    def drop_scheduled(self, turn: Turn | None = None) -> None:
        """Drop scheduled events; with a turn, only those of that turn."""
        kept = [] if turn is None else [cue for cue in self._script if cue.turn is not turn]
        self._script = deque(kept)

    def sends(self, turn: Turn) -> bool:
        """Return whether a turn has scheduled events."""
        return any(cue.turn is turn for cue in self._script)

    @property
    def sending(self) -> bool:
        """Whether any turn has scheduled events."""
        return bool(self._script)

    def end(self, code: int, reason: str) -> None:
        """Close the socket after the events that `send` has queued. Drop scheduled events."""
        self.drop_scheduled()
        # The reason of a close frame is limited to 123 bytes, and may quote the client's message.
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
