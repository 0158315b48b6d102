"""Streams that skip inference on silence. The time of the stream continues.

A provider that sends audio continuously sends silence most of the time. Once a stream has processed enough of it, the
mouth is closed and the state of the network hardly changes any more. From then on quiet audio is not processed.
Its last part is kept, and is processed just before the first audio that is not quiet. The skipped audio is a multiple
of the network's step, so the alignment of frames and chunks does not change.

A part of the state of `default` changes slowly over minutes, even in silence. So after a skipped silence a change of
shape may come 10 ms earlier or later than without skipping. It is fewer than one change in a hundred.

Quiet audio is processed without look-ahead, which changes nothing while the mouth is closed. So when a stream starts to
skip, it has not processed the beginning of the next chunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from mascot_server.inference.weights import WeightRows, rows_begun

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from mascot_server.inference.predictions import NetworkEngine, VisemeEvent
    from mascot_server.providers.codec import AudioFormat, Encoding

__all__ = [
    "SECOND_MS",
    "STEP_MS",
    "Change",
    "NetworkStream",
    "SilenceSkippingEngine",
    "SilenceSkippingStream",
    "is_quiet",
]

QUIET_PEAK: Final = 2
"""Peak of quiet audio, of 32768: dither at the level of rounding, which hardly changes the features."""

CONTEXT_MS: Final = 2000
"""Quiet audio that a stream processes before inference is skipped: more than the left context of the network."""

REPLAYED_MS: Final = 1400
"""Quiet audio that is processed before the first sound: the left context of the network and of the decoder."""

STEP_MS: Final = 20
"""Duration of a step of the network."""
SECOND_MS: Final = 1000
"""Unit in which audio is skipped if a step is not a whole number of samples."""

_QUIET_CODES: Final[dict[Encoding, bytes]] = {
    "mulaw": b"\xff\x7f",
    "alaw": b"\xd5\x55",
}
"""G.711 codes of quiet samples (ITU-T G.711, tables 1 and 2): 0 of both signs; A-law has no 0, its least value is 8."""

_QUIET_BYTES: Final = bytes({value & 0xFF for value in range(-QUIET_PEAK, QUIET_PEAK + 1)})
"""All bytes that quiet PCM16 samples consist of."""
_START: Final = 32
"""Bytes at the start of PCM16 audio in which nearly all speech has other bytes."""


def is_quiet(data: bytes, encoding: Encoding) -> bool:
    """Return whether audio (whole samples) is digital silence or low-level dither."""
    codes = _QUIET_CODES.get(encoding)
    if codes is not None:
        return not data.translate(None, codes)
    if data[:_START].strip(_QUIET_BYTES):
        # The fast path for speech.
        return False
    samples = np.frombuffer(data, "<i2")
    return not len(samples) or (int(samples.max()) <= QUIET_PEAK and int(samples.min()) >= -QUIET_PEAK)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of mouth shape, with its time in the stream including skipped silence."""

    time_ms: int
    viseme: int | str


class NetworkStream(Protocol):
    """The part of a `mascot_visemes` stream that this module uses."""

    @property
    def viseme(self) -> int | str:
        """The mouth shape at the end of the accepted audio."""

    @property
    def columns(self) -> tuple[int | str, ...]:
        """The visemes or blendshapes of the columns of `weights`; empty if the stream has no weights."""

    @property
    def weights(self) -> NDArray[np.float32]:
        """Blend weights of the last chunk, 0 to 1, shape (rows, columns)."""


class SilenceSkippingStream:
    """A viseme stream that skips inference on silence.

    Args:
        stream: A new stream of the network.
        audio_format: Format of its audio.

    Attributes:
        stream: As given.
        silence: The viseme of a closed mouth.
        kept: Quiet audio that was skipped and may still have to be processed.
    """

    __slots__ = (
        "_bytes",
        "_columns",
        "_format",
        "_last_bytes",
        "_quiet_ms",
        "_skipped",
        "_skipped_ms",
        "_unit",
        "_unit_ms",
        "_width",
        "kept",
        "silence",
        "stream",
    )

    def __init__(self, stream: NetworkStream, audio_format: AudioFormat) -> None:
        self.stream = stream
        self.silence = stream.viseme
        self._columns = tuple(map(str, stream.columns))
        self._format = audio_format
        self._width = 2 if audio_format.encoding == "pcm16" else 1
        self._unit_ms = SECOND_MS if audio_format.sample_rate * STEP_MS % SECOND_MS else STEP_MS
        self._unit = audio_format.sample_rate * self._unit_ms // SECOND_MS * self._width
        self._bytes = self._last_bytes = 0
        # Whether inference was skipped for the last audio.
        self._skipped = False
        self._quiet_ms: float = 0
        self._skipped_ms = 0
        self.kept = b""

    @property
    def viseme(self) -> int | str:
        """The mouth shape at the end of the accepted audio."""
        return self.stream.viseme

    @property
    def time_ms(self) -> int:
        """Length of the accepted audio, in whole milliseconds."""
        return self._bytes // self._width * SECOND_MS // self._format.sample_rate

    @property
    def weights(self) -> WeightRows | None:
        """Blend weights of the last chunk, with times from the start of the stream; `None` without weights."""
        if not self._columns:
            return None
        rate = self._format.sample_rate
        first = rows_begun((self._bytes - self._last_bytes) // self._width, rate)
        if self._skipped:
            return WeightRows.at_rest(
                self._columns, first, rows_begun(self._bytes // self._width, rate) - first
            )
        return WeightRows.of(self._columns, first, self.stream.weights)

    def may_skip(self) -> bool:
        """Return whether inference can be skipped for the next audio if that is quiet."""
        return self._quiet_ms >= CONTEXT_MS and self.stream.viseme == self.silence

    def keep(self, chunk: bytes) -> None:
        """Accept audio without inference."""
        self._bytes += len(chunk)
        self._last_bytes, self._skipped = len(chunk), True
        self.kept += chunk
        spare = len(self.kept) - self._format.sample_rate * REPLAYED_MS // SECOND_MS * self._width
        units = max(0, spare) // self._unit
        self.kept = self.kept[units * self._unit :]
        self._skipped_ms += units * self._unit_ms

    def replayed(self, changes: Sequence[VisemeEvent]) -> list[VisemeEvent]:
        """Note that the network has processed the kept audio; return its changes, which are only known now."""
        self.kept = b""
        return [Change(self.time_ms, change.viseme) for change in changes]

    def accept(self, chunk: bytes, changes: Sequence[VisemeEvent], *, quiet: bool) -> Sequence[VisemeEvent]:
        """Note that the network has processed a chunk; return its changes at their times in this stream."""
        self._quiet_ms = self._quiet_ms + self._format.duration_ms(len(chunk)) if quiet else 0
        self._bytes += len(chunk)
        self._last_bytes, self._skipped = len(chunk), False
        if not self._skipped_ms:
            return changes
        return [Change(change.time_ms + self._skipped_ms, change.viseme) for change in changes]

    def is_quiet(self, chunk: bytes) -> bool:
        """Return whether the next audio is quiet. Audio with a sample that is split between chunks is not quiet."""
        whole = self._bytes % self._width == 0 and len(chunk) % self._width == 0
        return whole and is_quiet(chunk, self._format.encoding)


class SilenceSkippingEngine:
    """An engine whose streams skip inference on silence.

    Args:
        engine: Engine of the network.
    """

    def __init__(self, engine: NetworkEngine) -> None:
        self._engine = engine

    def run_together(
        self, streams: Sequence[SilenceSkippingStream], chunks: Sequence[bytes], lookaheads: Sequence[bytes]
    ) -> list[list[VisemeEvent]]:
        """Process or keep a chunk of each stream. If this raises, no stream has accepted its chunk."""
        answers: list[list[VisemeEvent]] = [[] for _ in streams]
        quiet = [stream.is_quiet(chunk) for stream, chunk in zip(streams, chunks, strict=True)]
        skipped, waking, sounding = [], [], []
        for i, stream in enumerate(streams):
            if quiet[i] and stream.may_skip():
                skipped.append(i)
                continue
            sounding.append(i)
            if stream.kept:
                waking.append(i)
        kept = [stream.kept for stream in streams]
        for i, changes in self._run(waking, streams, kept, [b""] * len(streams)):
            answers[i] += streams[i].replayed(changes)
        ahead = [b"" if is_quiet else after for is_quiet, after in zip(quiet, lookaheads, strict=True)]
        for i, changes in self._run(sounding, streams, chunks, ahead):
            answers[i] += streams[i].accept(chunks[i], changes, quiet=quiet[i])
        for i in skipped:
            streams[i].keep(chunks[i])
        return answers

    def _run(
        self,
        which: list[int],
        streams: Sequence[SilenceSkippingStream],
        chunks: Sequence[bytes],
        lookaheads: Sequence[bytes],
    ) -> Iterable[tuple[int, Sequence[VisemeEvent]]]:
        """Run inference on some of the streams; return the index and the changes of each."""
        if not which:
            return ()
        inner = [streams[i].stream for i in which]
        audio, following = [chunks[i] for i in which], [lookaheads[i] for i in which]
        return zip(which, self._engine.run_together(inner, audio, following), strict=True)
