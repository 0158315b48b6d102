"""Viseme streams of live conversations. The network is chosen by the current capacity of the process.

The network is chosen when a turn begins. In a stream without turns (some providers send audio continuously), a turn
begins with the first sound after a silence in which inference was skipped. If a turn has to change to the fast network,
that network first processes the last second of audio without any output, so that its state is about the same as if it
had processed the whole turn.
"""

from __future__ import annotations

from collections import deque
from math import gcd
from time import monotonic
from typing import TYPE_CHECKING, Final

from mascot_server.inference.predictions import run_each
from mascot_server.inference.silence import (
    SECOND_MS,
    STEP_MS,
    Change,
    SilenceSkippingEngine,
    SilenceSkippingStream,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mascot_server.inference.capacity import Capacity, Networks, Turn
    from mascot_server.inference.predictions import NetworkEngine, VisemeEvent
    from mascot_server.inference.silence import NetworkStream
    from mascot_server.inference.viseme_sets import VisemeSets
    from mascot_server.inference.weights import WeightRows
    from mascot_server.observability.metrics import Metrics
    from mascot_server.providers.codec import AudioFormat

__all__ = ["LiveEngine", "LiveStream"]

HISTORY_MS: Final = 1000
"""Recent audio that the fast network processes before it takes over.

Then 98.8 % of the frames of the next 300 ms are the same as if it had processed all audio; 97 % with 0.5 s of recent
audio, 86 % with none.
"""

QUIET_POINT_MS: Final = 500
"""How long a change of network may be deferred until the mouth is closed."""

_MOST_CHANGES: Final = 4
"""Most streams that change their network in one batch: each change costs as much as ten messages."""


class LiveStream:
    """A viseme stream of a live conversation.

    Args:
        turn: Its first turn.
        stream: New stream of the turn's network.
        sets: Its viseme sets.
        audio_format: Format of its audio.

    Attributes:
        turn: Turn in progress.
        network: Model of mascot-visemes that processes its audio.
        inner: Stream of that network.
        sets: As given.
        format: As given.
        bytes_per_second: Bytes of one second of its audio.
        history_bytes: Bytes of recent audio that are kept for a change of network.
    """

    __slots__ = (
        "_base_ms",
        "_bytes",
        "_history",
        "_moving_ms",
        "_waited_ms",
        "bytes_per_second",
        "format",
        "history_bytes",
        "inner",
        "network",
        "sets",
        "turn",
    )

    def __init__(
        self, turn: Turn, stream: NetworkStream, sets: VisemeSets, audio_format: AudioFormat
    ) -> None:
        self.turn = turn
        self.network = turn.network
        self.inner = SilenceSkippingStream(stream, audio_format)
        self.sets = sets
        self.format = audio_format
        self.bytes_per_second = audio_format.bytes_per_second
        self._base_ms = 0
        self._bytes = 0
        self._history: deque[bytes] = deque()
        self.history_bytes = 0
        self._waited_ms: float = 0
        self._moving_ms: int | None = None

    @property
    def viseme(self) -> int | str:
        """The mouth shape at the end of the accepted audio."""
        return self.inner.viseme

    @property
    def time_ms(self) -> int:
        """Length of the accepted audio, in whole milliseconds."""
        return self._base_ms + self.inner.time_ms

    @property
    def weights(self) -> WeightRows | None:
        """Blend weights of the last chunk, with times from the start of the stream; `None` without weights."""
        weights = self.inner.weights
        return weights if weights is None or not self._base_ms else weights.moved(self._base_ms)

    def wakes(self, chunk: bytes) -> bool:
        """Return whether a chunk ends the silence in which inference is skipped now."""
        return not (self.inner.is_quiet(chunk) and self.inner.may_skip())

    def may_change(self, chunk: bytes) -> bool:
        """Return whether to change to the turn's network before a chunk: at a quiet point, or after waiting for one."""
        if self.viseme == self.inner.silence or self._waited_ms >= QUIET_POINT_MS:
            return True
        self._waited_ms += self.format.duration_ms(len(chunk))
        return False

    def begin(self, turn: Turn, stream: NetworkStream | None) -> None:
        """Begin a new turn after a silence in which inference was skipped.

        Args:
            turn: The turn.
            stream: New stream of its network; `None` if the network is that of the previous turn.
        """
        self.turn = turn
        self._waited_ms = 0
        kept = self.inner.kept
        self._history, self.history_bytes = deque([kept]), len(kept)
        if stream is not None:
            self._use(stream, kept)

    def change(self, stream: NetworkStream) -> None:
        """Use the network of the turn from now on, after it has processed recent audio.

        Args:
            stream: New stream of that network.
        """
        if self.viseme != self.inner.silence:
            # The first shape of the new stream is always reported, at the time where the stream begins.
            self._moving_ms = self.time_ms
        self._use(stream, b"".join(self._history))
        self._history.clear()
        self.history_bytes = 0

    def accept(self, chunk: bytes, changes: Sequence[VisemeEvent]) -> Sequence[VisemeEvent]:
        """Note that the network has processed a chunk; return its changes at their times in this stream."""
        self._bytes += len(chunk)
        if self.network != self.turn.networks.fast and not self.inner.kept:
            self._remember(chunk)
        if self._base_ms:
            changes = [Change(change.time_ms + self._base_ms, change.viseme) for change in changes]
        if self._moving_ms is not None:
            changes = [Change(self._moving_ms, self.inner.silence), *changes]
            self._moving_ms = None
        return changes

    def _use(self, stream: NetworkStream, recent: bytes) -> None:
        time_ms = self.time_ms
        # The alignment of the network's steps does not change.
        recent = recent[(len(recent) - self._bytes) % self._step_bytes() :]
        self.network = self.turn.network
        self.inner = SilenceSkippingStream(stream, self.format)
        # The kept audio is processed before the next chunk, and only the shape at its end is reported.
        self.inner.keep(recent)
        self._base_ms = time_ms - self.inner.time_ms

    def _step_bytes(self) -> int:
        """Return the size of the fewest steps of the network that are a whole number of samples."""
        samples_per_second = self.format.sample_rate
        steps = SECOND_MS // gcd(samples_per_second * STEP_MS, SECOND_MS)
        return (
            steps * samples_per_second * STEP_MS // SECOND_MS * (2 if self.format.encoding == "pcm16" else 1)
        )

    def _remember(self, chunk: bytes) -> None:
        history = self._history
        history.append(chunk)
        self.history_bytes += len(chunk)
        while self.format.duration_ms(self.history_bytes - len(history[0])) >= HISTORY_MS:
            self.history_bytes -= len(history.popleft())


class LiveEngine:
    """Runs the networks of live conversations, each with its streams.

    Args:
        engines: An engine of each network. It runs streams of all models and viseme sets that share the network.
        open_stream: Creates a stream of a network for viseme sets and an audio format.
        network_of: Network of each model.
        capacity: Decides which network a turn uses.
        metrics: Metrics that count turns.
        clock: Returns the current monotonic time in seconds.
    """

    def __init__(
        self,
        engines: Mapping[str, NetworkEngine],
        open_stream: Callable[[str, VisemeSets, AudioFormat], NetworkStream],
        *,
        network_of: Mapping[str, str],
        capacity: Capacity,
        metrics: Metrics,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._engines = {name: SilenceSkippingEngine(engine) for name, engine in engines.items()}
        self._open_stream = open_stream
        self._network_of = network_of
        self._capacity = capacity
        self._metrics = metrics
        self._clock = clock

    def open_stream(self, networks: Networks, sets: VisemeSets, audio_format: AudioFormat) -> LiveStream:
        """Create the stream of a new turn.

        Args:
            networks: The networks it may use.
            sets: Its viseme sets.
            audio_format: Format of its audio.
        """
        turn = self._begin(networks, self._clock())
        return LiveStream(turn, self._open_stream(turn.network, sets, audio_format), sets, audio_format)

    def run_together(
        self, streams: Sequence[LiveStream], chunks: Sequence[bytes], lookaheads: Sequence[bytes]
    ) -> list[Sequence[VisemeEvent] | None]:
        """Run inference on a chunk of each stream.

        When a turn changes its network, the look-ahead that the old network has processed is dropped with its stream.
        The new network processes that audio as part of the next chunks.

        Returns:
            The changes of each stream; `None` for a stream that failed, which has not accepted its chunk.
        """
        self._choose_networks(streams, chunks)
        networks = [self._network_of[stream.network] for stream in streams]
        if len(set(networks)) == 1:
            return self._run(networks[0], streams, chunks, lookaheads)
        groups: dict[str, list[int]] = {}
        for i, network in enumerate(networks):
            groups.setdefault(network, []).append(i)
        answers: list[Sequence[VisemeEvent] | None] = [None] * len(streams)
        for network, members in groups.items():
            group, audio = [streams[i] for i in members], [chunks[i] for i in members]
            following = [lookaheads[i] for i in members]
            for i, answer in zip(members, self._run(network, group, audio, following), strict=True):
                answers[i] = answer
        return answers

    def _choose_networks(self, streams: Sequence[LiveStream], chunks: Sequence[bytes]) -> None:
        """Begin a turn where a chunk ends a skipped silence, and change the network of a turn if it should change."""
        changed = 0
        for stream, chunk in zip(streams, chunks, strict=True):
            if stream.inner.kept:
                if stream.wakes(chunk):
                    self._begin_again(stream, self._clock())
            elif (
                stream.network != stream.turn.network and changed < _MOST_CHANGES and stream.may_change(chunk)
            ):
                changed += 1
                stream.change(self._open_stream(stream.turn.network, stream.sets, stream.format))
                self._metrics.turn_downgrades.add()

    def _run(
        self,
        network: str,
        streams: Sequence[LiveStream],
        chunks: Sequence[bytes],
        lookaheads: Sequence[bytes],
    ) -> list[Sequence[VisemeEvent] | None]:
        """Run the streams of one network, and note how long it takes."""
        inner = [stream.inner for stream in streams]
        waiting = [len(stream.kept) for stream in inner]
        began = self._clock()
        results = run_each(self._engines[network], inner, chunks, lookaheads)
        ended = self._clock()
        answers: list[Sequence[VisemeEvent] | None] = []
        processed, total, relayed = 0, 0.0, 0.0
        for stream, chunk, kept, changes in zip(streams, chunks, waiting, results, strict=True):
            if changes is None:
                answers.append(None)
                continue
            answers.append(stream.accept(chunk, changes))
            seconds = len(chunk) / stream.bytes_per_second
            relayed += seconds
            if not stream.inner.kept:
                self._capacity.processed(stream.turn, seconds, ended)
                processed += 1
                total += seconds + kept / stream.bytes_per_second
        if total:
            self._capacity.ran(network, streams=processed, audio=total, took=ended - began)
        self._capacity.relayed(relayed)
        return answers

    def _begin(self, networks: Networks, now: float) -> Turn:
        turn = self._capacity.begin(networks, now)
        self._metrics.turns.add(self._network_of[turn.network])
        return turn

    def _begin_again(self, stream: LiveStream, now: float) -> None:
        self._capacity.end(stream.turn)
        turn = self._begin(stream.turn.networks, now)
        same = turn.network == stream.network
        stream.begin(turn, None if same else self._open_stream(turn.network, stream.sets, stream.format))
