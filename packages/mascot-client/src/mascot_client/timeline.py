"""Return the mouth in time with the playback: the shape now, and when the next shape starts.

    timeline = Timeline()
    timeline.add(payload, pcm, sample_rate=24000, now_ms=clock())   # for each audio message
    timeline.played(position_ms, now_ms=clock())                    # when the player reports its position
    mouth = timeline.mouth(now_ms=clock())                          # for each frame that you draw
    timeline.interrupt(now_ms=clock())                              # when you clear the player's buffer

The timeline does no I/O, has no thread and reads no clock. ``now_ms`` is the time in milliseconds of any monotonic
clock, for example ``time.monotonic() * 1000``. Positions are milliseconds of audio since the first message. The
timeline is not thread-safe: use a lock if threads share it, as ``VisemePlayer`` does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from mascot_client._blend import blend, blend_rows
from mascot_client._clock import PlaybackClock
from mascot_client._column_names import ColumnNames
from mascot_client._loudness import loudness_visemes
from mascot_client._sets import OPENINGS
from mascot_client._track import Track
from mascot_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_client._sets import VisemeShapes
    from mascot_client.visemes import VisemeId, Visemes

_AT_REST = "sil"
"""The column of blend weights that is 1 for a closed mouth. Blendshapes have no such column."""


@dataclass(frozen=True, slots=True)
class Mouth:
    """The mouth at one moment.

    Attributes:
        viseme: The viseme: a SAPI id from 0 to 21, or a name if another set of shapes is used. The mouth is closed
            (0, ``"sil"`` or ``"X"``) while no audio is played.
        next_viseme: The next viseme, ``None`` if it is not known.
        next_in_ms: The time until the next viseme in milliseconds, ``None`` if it is not known. The mouth closes at
            the end of the audio received so far; more audio moves that end.
        weights: Blend weights for a smooth movement, 0 to 1, by viseme. If the server sends blend weights, the keys are
            the names of its columns: visemes or blendshapes. The weights of visemes sum to 1; those of ARKit's
            blendshapes do not. The weight of a missing key is 0.
        speaking: Whether audio is played now.
    """

    viseme: VisemeId
    next_viseme: VisemeId | None
    next_in_ms: float | None
    weights: Mapping[VisemeId, float]
    speaking: bool


class Timeline:
    """Combine the playback position with the visemes received.

    Args:
        blend_ms: Duration of the transition between two shapes in ``Mouth.weights``, in milliseconds. It is centred
            on the change, so the mouth starts to move just before the sound. 0 turns blending off.
        history_ms: How far back ``seek`` can go, in milliseconds. Older visemes are deleted.
        shapes: The set of shapes, the same as ``viseme_shapes`` of the config.

    Raises:
        ConfigurationError: A value is negative or not a number, or there is no such set of shapes.
    """

    def __init__(
        self, *, blend_ms: float = 80.0, history_ms: float = 30_000.0, shapes: VisemeShapes = "sapi"
    ) -> None:
        if shapes not in OPENINGS:
            raise ConfigurationError("shapes", f"must be one of {', '.join(OPENINGS)}")
        self._openings = OPENINGS[shapes]
        self._blend = _milliseconds("blend_ms", blend_ms)
        self._history = _milliseconds("history_ms", history_ms, finite=False)
        self._track = Track(self._openings.closed)
        self._columns = ColumnNames()
        self._clock = PlaybackClock()
        self._now = -math.inf
        # The last position at which audio started after silence, and the last one before which the mouth was closed.
        self._opens_ms = 0.0
        self._rested_ms = 0.0
        # The last shape that the server sent. It holds until the next payload, also during audio without visemes.
        self._told = self._openings.closed
        self._told_until = 0.0

    @property
    def rest(self) -> Mapping[VisemeId, float]:
        """``Mouth.weights`` of a closed mouth."""
        if self._columns.names:
            return {_AT_REST: 1.0} if _AT_REST in self._columns.names else {}
        return {self._openings.closed: 1.0}

    @property
    def end_ms(self) -> float:
        """Length of the audio received, without the audio that interruptions dropped, in milliseconds."""
        return self._track.end_ms

    @overload
    def add(self, visemes: Visemes, *, now_ms: float) -> float: ...
    @overload
    def add(self, visemes: Visemes | None, pcm: bytes, *, sample_rate: int, now_ms: float) -> float: ...
    def add(
        self,
        visemes: Visemes | None,
        pcm: bytes | None = None,
        *,
        sample_rate: int | None = None,
        now_ms: float,
    ) -> float:
        """Add the audio of one message at the end.

        Args:
            visemes: The payload of the message. If it is ``None``, the loudness of ``pcm`` moves the mouth.
            pcm: The audio of the message, mono, little-endian PCM16. It is optional if there is a payload. If you
                pass it, its length is used instead of ``audio_duration_ms``.
            sample_rate: The sample rate of ``pcm`` in Hz. It is required with ``pcm``.
            now_ms: The time of your clock, in milliseconds.

        Returns:
            The start of this audio in milliseconds, for ``describe``.

        Raises:
            ConfigurationError: Both payload and audio are missing, or a number is missing or out of range.
        """
        self._advance(now_ms)
        if pcm is None:
            if visemes is None:
                raise ConfigurationError("visemes", "pass the payload, the audio (pcm) or both")
            self._note_rest()
            duration = visemes.audio_duration_ms
            return self._append(visemes, duration)
        if sample_rate is None:
            raise ConfigurationError("sample_rate", "is required with pcm; pass the sample rate in Hz")
        if sample_rate <= 0:
            raise ConfigurationError("sample_rate", "must be above 0 Hz")
        self._note_rest()
        duration = len(pcm) // 2 * 1000 / sample_rate
        if visemes is not None:
            return self._append(visemes, duration)
        estimated = loudness_visemes(pcm, sample_rate, self._openings)
        return self._track.append(duration, tuple((viseme.offset_ms, viseme.id) for viseme in estimated))

    def add_silence(self, duration_ms: float, *, now_ms: float) -> None:
        """Add silence at the end, for a player that plays silence while it has no audio.

        Args:
            duration_ms: The length of the silence in milliseconds.
            now_ms: The time of your clock, in milliseconds.

        Raises:
            ConfigurationError: A number is out of range.
        """
        self._advance(now_ms)
        self._note_rest()
        self._track.append(_milliseconds("duration_ms", duration_ms), ((0.0, self._openings.closed),))

    def describe(self, visemes: Visemes, start_ms: float, *, now_ms: float) -> bool:
        """Set the visemes of audio that was added without visemes.

        Args:
            visemes: The payload.
            start_ms: The result of ``add`` for the audio.
            now_ms: The time of your clock, in milliseconds.

        Returns:
            True if the audio still exists; False if it was dropped, for example by an interruption.
        """
        self._advance(now_ms)
        cues = self._cues(visemes, start_ms + visemes.audio_duration_ms)
        return self._track.replace(start_ms, cues, self._columns(visemes).weights)

    def played(self, position_ms: float, *, now_ms: float, in_ms: float = 0.0) -> None:
        """Report the playback position. The first call starts the timeline.

        Between two calls the timeline follows your clock, so a few calls per second are enough. Differences of up to
        25 ms (clock drift, jitter) are corrected gradually, larger ones immediately. The timeline stops at the end of
        the audio and continues when more audio is added.

        Args:
            position_ms: The length of the audio that the loudspeaker has played, in milliseconds: the audio written
                to it, minus its latency.
            now_ms: The time of your clock, in milliseconds.
            in_ms: The time in milliseconds until ``position_ms`` is reached. Use it if your player reports when a
                buffer will be played.

        Raises:
            ConfigurationError: A number is not finite.
        """
        position = _number("position_ms", position_ms)
        _milliseconds("in_ms", in_ms)
        self._advance(now_ms)
        self._clock.report(min(position - in_ms, self.end_ms), self._now, self.end_ms)

    def pause(self, *, now_ms: float) -> None:
        """Stop the clock and keep the current shape until the next call of ``played``.

        Args:
            now_ms: The time of your clock, in milliseconds.
        """
        self._advance(now_ms)
        self._clock.pause(self._now, self.end_ms)

    def seek(self, position_ms: float, *, now_ms: float) -> float:
        """Move the playback position.

        Args:
            position_ms: The new position, in milliseconds of audio.
            now_ms: The time of your clock, in milliseconds.

        Returns:
            The new position, limited to the audio that is available: ``history_ms`` back, and up to the end.

        Raises:
            ConfigurationError: A number is not finite.
        """
        self._advance(now_ms)
        wanted = max(self._track.start_ms, min(_number("position_ms", position_ms), self.end_ms))
        self._clock.jump(wanted, self._now)
        return wanted

    def interrupt(self, *, now_ms: float, unheard_ms: float = 0.0) -> None:
        """Drop the audio that has not been played, and its visemes. The mouth closes, and the next audio starts here.

        Args:
            now_ms: The time of your clock, in milliseconds.
            unheard_ms: Length of the audio that will still be played because the sound card already has it, in
                milliseconds.
        """
        self._advance(now_ms)
        self._track.cut(self.position(now_ms=now_ms) + _milliseconds("unheard_ms", unheard_ms))
        # The server resets its state too: the next payload always begins with a shape.
        self._told = self._openings.closed
        self._told_until = self.end_ms
        self._advance(now_ms)

    def position(self, *, now_ms: float) -> float:
        """Return the playback position in milliseconds of audio.

        Args:
            now_ms: The time of your clock, in milliseconds.
        """
        self._advance(now_ms)
        return self._clock.position(self._now, self.end_ms)

    def mouth(self, *, now_ms: float) -> Mouth:
        """Return the mouth at the playback position.

        Args:
            now_ms: The time of your clock, in milliseconds.
        """
        position = self.position(now_ms=now_ms)
        spans = self._track.spans(position)
        until, viseme = next(spans)
        following = next(spans, None)
        waiting = self._clock.wait_ms(self._now)
        if waiting and position == self._opens_ms:
            return self._opening(viseme, position, waiting)
        speaking = position < self.end_ms
        # The mouth still closes after the end of the audio, and shapes from before a rest do not reappear.
        middle = position if speaking else position + max(self._now - self._clock.ended_at, 0.0)
        rested = self._rested_ms if self._rested_ms <= middle else -math.inf
        return Mouth(
            viseme=viseme,
            next_viseme=None if following is None else following[1],
            next_in_ms=None if following is None else until - position,
            weights=self._weights(middle, rested),
            speaking=speaking,
        )

    def _append(self, visemes: Visemes, duration_ms: float) -> float:
        cues = self._cues(visemes, self.end_ms + duration_ms)
        return self._track.append(duration_ms, cues, self._columns(visemes).weights)

    def _weights(self, middle_ms: float, rested_ms: float) -> Mapping[VisemeId, float]:
        if not self._columns.names:
            return blend(self._track, middle_ms, self._blend, rested_ms)
        return blend_rows(self._track, middle_ms, self._blend, rested_ms, self.rest)

    def _opening(self, first: VisemeId, position: float, waiting: float) -> Mouth:
        """Return the mouth before audio that has not started to play."""
        closed = self._openings.closed
        due = first != closed and waiting < math.inf
        return Mouth(
            viseme=closed,
            next_viseme=first if due else None,
            next_in_ms=waiting if due else None,
            weights=self._weights(position - waiting, position),
            speaking=False,
        )

    def _note_rest(self) -> None:
        """Remember, before audio is added, that no audio is played at its start."""
        if self._clock.ended_at <= self._now:
            self._opens_ms = self.end_ms
        if self._clock.ended_at <= self._now - self._blend / 2:
            self._rested_ms = self.end_ms

    def _cues(self, visemes: Visemes, end_ms: float) -> tuple[tuple[float, VisemeId], ...]:
        cues: list[tuple[float, VisemeId]] = [
            (float(viseme.offset_ms), viseme.id) for viseme in visemes.visemes
        ]
        if not cues or cues[0][0] > 0:
            cues.insert(0, (0.0, self._told))
        # A late payload of older audio does not change the last shape.
        if end_ms >= self._told_until:
            self._told, self._told_until = cues[-1][1], end_ms
        return tuple(cues)

    def _advance(self, now_ms: float) -> None:
        """Advance the clock before the audio changes, because the elapsed time belongs to the old audio."""
        self._now = max(self._now, _number("now_ms", now_ms))
        position = self._clock.position(self._now, self.end_ms)
        self._track.forget_before(position - self._history - self._blend)


def _number(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise ConfigurationError(name, "must be a finite number of milliseconds")
    return value


def _milliseconds(name: str, value: float, *, finite: bool = True) -> float:
    if not value >= 0 or (finite and math.isinf(value)):
        raise ConfigurationError(name, "must be a number of milliseconds, 0 or more")
    return value
