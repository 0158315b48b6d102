"""Selection of the network for each turn of a conversation, from measurements alone. No I/O, no clock.

A turn uses the accurate network while the process has capacity for it, otherwise the fast one. The load is a share of
one core. It is estimated from the last measurements and from what has changed since, by the measured costs of the
networks and of relaying; it is at least the estimated cost of the turns in progress. The load must stay below a limit.
The limit falls at once when messages come close to their deadlines, when the event loop lags, or when the core is
busy. It rises slowly after all of that is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from mascot_server.inference.inference_times import InferenceTimes
    from mascot_server.inference.overload import Sample

__all__ = ["Capacity", "Networks", "Turn"]

MOST: Final = 0.7
"""Largest share of the core at which turns use the accurate network.

The rest is headroom for bursts: the closer a core is to full load, the longer messages wait in the queue.
"""

_BAND: Final = 0.06
"""Share of the core above the limit from which turns in progress change to the fast network."""

_MARGIN: Final = 0.1
"""Share of the core below the limit at which new turns use the accurate network again."""

HOLD_SECONDS: Final = 1.0
"""How long there must be capacity before new turns use the accurate network again."""

_BUSY: Final = 0.9
"""Share of the core in use from which the limit is lowered. New conversations are rejected only at a higher load."""

_LAG: Final = 0.05
"""Lag of the event loop, in seconds, above which the limit is lowered."""

_TIGHT: Final = 0.01
"""Share of the messages that may be predicted with little of their budget left, see `Capacity.served`."""

_FEW_TIGHT: Final = 4
"""Messages that are allowed in addition: with one conversation, a single message would be a large share."""

_TENSE_SAMPLES: Final = 2
"""Consecutive samples that must exceed a threshold: other programs cause single ones now and then."""

_CUT: Final = 0.75
"""Factor on the load that gives the new limit after an overload."""

_CEILING: Final = 0.92
"""Factor on that load up to which the limit rises quickly again; above it the limit rises very slowly."""

_LEAST_CEILING: Final = 0.4
"""Share of the core up to which the limit always rises quickly: other programs cause overload, too."""

CALM_SECONDS: Final = 5.0
"""How long no threshold may be exceeded before the limit rises again."""

RISE: Final = 0.04
"""Rise of the limit per second, in shares of the core."""

SLOW_RISE: Final = 0.001
"""Rise of the limit per second above the load at which the process was overloaded."""

PROBE_SECONDS: Final = 10.0
"""How often a single turn uses the accurate network although its estimated cost is too high.

Otherwise a wrong estimate would never be corrected.
"""

_RELAYING: Final = 2.0
"""Initial estimate of the cost of relaying audio, relative to the fast network."""

_RELAYING_WEIGHT: Final = 0.1
"""Weight of a sample in the measured cost of relaying."""

_RELAYED_SECONDS: Final = 2.0
"""Least audio in a sample that measures this cost: with less, other work of the process counts too much."""

_NEW_TURN_SECONDS: Final = 1.0
"""How long a new turn counts as in progress before its first audio is processed."""

_PAUSE_SECONDS: Final = 0.3
"""How long a turn counts as in progress after the end of its audio: the next message may be on its way."""

_AHEAD_SECONDS: Final = 10.0
"""Most audio of a burst for which its turn counts as in progress once processed: the turn may be interrupted."""

_PRUNE_SECONDS: Final = 0.1
"""Seconds between two searches for turns that are over."""

_SMOOTHING: Final = 0.5
"""Weight of a sample in the measured load."""


class Networks(NamedTuple):
    """The models of mascot-visemes that live conversations use for one viseme model, named as their networks.

    Attributes:
        accurate: Most accurate network.
        fast: Network used when there is no capacity for the accurate one. Equal to it if the model has only one.
    """

    accurate: str
    fast: str


@dataclass(slots=True, eq=False)
class Turn:
    """A turn of an agent, and the network that it uses.

    Attributes:
        networks: The networks it may use.
        network: The one it should use from now on. It may change from accurate to fast.
        until: Time at which the audio that was processed so far has been played.
    """

    networks: Networks
    network: str
    until: float


class Capacity:
    """Decides which network each turn uses.

    All times are those of one monotonic clock, in seconds.

    Args:
        times: Measured times of inference.
    """

    def __init__(self, times: InferenceTimes) -> None:
        self._times = times
        self._active: dict[Turn, None] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._accurate = 0
        self._limit = self._ceiling = MOST
        self._fast = False
        self._room_since: float | None = None
        self._calm_since = 0.0
        self._fast_until = 0.0
        self._refused_at: float | None = None
        self._probe: Turn | None = None
        self._tense = 0
        self._messages = self._tight = 0
        self._busy = 0.0
        self._changed = self._changed_before = 0.0
        self._sampled: float | None = None
        self._pruned = 0.0
        self._relaying: float | None = None
        self._relayed = self._inferred = 0.0

    @property
    def limit(self) -> float:
        """Largest share of the core at which turns use the accurate network."""
        return self._limit

    @property
    def load(self) -> float:
        """Estimated share of the core in use."""
        measured = self._busy + self._changed_before + self._changed
        return max(measured, sum(count * self._cost(*used) for used, count in self._counts.items()))

    def begin(self, networks: Networks, now: float) -> Turn:
        """Choose the network of a new turn."""
        self._prune(now)
        turn = Turn(networks, networks.fast, now + _NEW_TURN_SECONDS)
        if networks.accurate != networks.fast:
            if self._affords(networks, now):
                turn.network = networks.accurate
            elif self._probes(now):
                turn.network = networks.accurate
                self._probe = turn
        self._add(turn)
        self._relieve(above=self._limit + _BAND)
        return turn

    def processed(self, turn: Turn, seconds: float, now: float) -> None:
        """Note that audio of a turn was processed.

        Args:
            turn: The turn.
            seconds: Length of the audio.
            now: Current time.
        """
        turn.until = min(max(now, turn.until) + seconds, now + _AHEAD_SECONDS)
        if turn not in self._active:
            self._add(turn)

    def end(self, turn: Turn) -> None:
        """Note that a turn is over. Without this call a turn is over when its audio has been played."""
        if turn in self._active:
            self._remove(turn)
            self._changed -= self._cost(turn.network, turn.networks.fast)

    def ran(self, network: str, *, streams: int, audio: float, took: float) -> None:
        """Note how long inference took. The arguments are those of `InferenceTimes.note`."""
        self._times.note(network, streams=streams, audio=audio, took=took)
        self._inferred += took

    def relayed(self, seconds: float) -> None:
        """Note that audio was relayed, with or without inference.

        Args:
            seconds: Length of the audio.
        """
        self._relayed += seconds

    def served(self, *, messages: int, tight: int) -> None:
        """Note how close to their deadlines messages were predicted.

        Args:
            messages: How many.
            tight: How many of them with little of the budget left, or too late.
        """
        self._messages += messages
        self._tight += tight

    def sample(self, sample: Sample, now: float, *, crowded: bool = False) -> None:
        """Take a measurement of the event loop, made every half second.

        Args:
            sample: The measurement.
            now: Current time.
            crowded: Whether very many messages wait for inference.
        """
        since, self._sampled = self._sampled, now
        elapsed = 0.0 if since is None else now - since
        self._busy += _SMOOTHING * (sample.busy - self._busy)
        self._measure_relaying(sample.busy * elapsed)
        # On average, this sample includes half of what has changed since the previous one.
        self._changed_before = (1 - _SMOOTHING) * self._changed_before + (1 - _SMOOTHING / 2) * self._changed
        self._changed = 0.0
        tight = self._tight > _FEW_TIGHT + _TIGHT * self._messages
        tense = crowded or tight or sample.busy > _BUSY or sample.lag > _LAG
        self._messages = self._tight = 0
        self._prune(now)
        self._tense = self._tense + 1 if tense else 0
        if tense:
            self._calm_since = now
        if self._tense >= _TENSE_SAMPLES:
            self._tense = 0
            self._overloaded(now)
        elif now - self._calm_since >= CALM_SECONDS:
            self._ceiling = min(MOST, self._ceiling + SLOW_RISE * elapsed)
            self._limit = min(self._ceiling, self._limit + RISE * elapsed)
        self._relieve(above=self._limit + _BAND)
        self._recover(now)

    def _measure_relaying(self, computed: float) -> None:
        """Estimate the cost of relaying from the processor time since the last sample, without inference."""
        relayed, inferred = self._relayed, self._inferred
        self._relayed = self._inferred = 0.0
        if relayed < _RELAYED_SECONDS or not computed:
            return
        cost = max(0.0, computed - inferred) / relayed
        before = cost if self._relaying is None else self._relaying
        self._relaying = before + _RELAYING_WEIGHT * (cost - before)

    def _overloaded(self, now: float) -> None:
        self._probe = None
        # Without turns on the accurate network, a lower limit would not reduce the load.
        if self._accurate:
            load = min(self._limit, self.load)
            self._ceiling = min(self._ceiling, max(_CEILING * load, _LEAST_CEILING))
            self._limit = _CUT * load
            self._relieve(above=self._limit)
        self._leave()
        self._fast_until = now + CALM_SECONDS

    def _affords(self, networks: Networks, now: float) -> bool:
        self._recover(now)
        if self.load + self._cost(networks.accurate, networks.fast) > self._limit:
            self._leave()
        if self._fast:
            return False
        self._refused_at = None
        return True

    def _probes(self, now: float) -> bool:
        """Return whether one turn should use the accurate network to measure its cost."""
        if self._accurate or now < self._fast_until or self.load > self._limit / 2:
            self._refused_at = None
            return False
        if self._refused_at is None:
            self._refused_at = now
        if now - self._refused_at < PROBE_SECONDS:
            return False
        self._refused_at = now
        return True

    def _relieve(self, *, above: float) -> None:
        """Change turns in progress to the fast network if the load is above a share of the core."""
        if not self._accurate or self.load <= above:
            return
        self._leave()
        for turn in list(self._active):
            if self.load <= self._limit:
                break
            if turn.network != turn.networks.fast and turn is not self._probe:
                self.end(turn)
                turn.network = turn.networks.fast
                self._add(turn)

    def _leave(self) -> None:
        self._fast = True
        self._room_since = None

    def _recover(self, now: float) -> None:
        """Use the accurate network for new turns again once there has been capacity for a while."""
        if not self._fast:
            return
        if now < self._fast_until or self.load > self._limit - _MARGIN:
            self._room_since = None
        elif self._room_since is None:
            self._room_since = now
        elif now - self._room_since >= HOLD_SECONDS:
            self._fast = False

    def _cost(self, network: str, fast: str) -> float:
        """Return the least share of the core that a turn needs.

        Args:
            network: Network that it uses.
            fast: Fast network of its viseme model.
        """
        relaying = _RELAYING * self._times.cost(fast) if self._relaying is None else self._relaying
        return self._times.cost(network) + relaying

    def _add(self, turn: Turn) -> None:
        self._active[turn] = None
        self._count(turn, 1)
        self._changed += self._cost(turn.network, turn.networks.fast)

    def _remove(self, turn: Turn) -> None:
        del self._active[turn]
        self._count(turn, -1)

    def _count(self, turn: Turn, count: int) -> None:
        used = turn.network, turn.networks.fast
        self._counts[used] = self._counts.get(used, 0) + count
        if turn.network != turn.networks.fast:
            self._accurate += count

    def _prune(self, now: float) -> None:
        """Forget the turns that are over."""
        if now - self._pruned < _PRUNE_SECONDS:
            return
        self._pruned = now
        for turn in [turn for turn in self._active if turn.until + _PAUSE_SECONDS < now]:
            self._remove(turn)
