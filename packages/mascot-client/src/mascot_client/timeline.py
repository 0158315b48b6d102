"""The mouth in time with the audio that is heard: what shape it has now, and when the next one is due.

    timeline = Timeline()
    timeline.add(payload, pcm, sample_rate=24000, now_ms=clock())   # each audio message, as it arrives
    timeline.played(position_ms, now_ms=clock())                    # when the player says where it is
    mouth = timeline.mouth(now_ms=clock())                          # as often as you draw
    timeline.interrupt(now_ms=clock())                              # with the player's buffer

No I/O, no thread and no clock of its own: ``now_ms`` is milliseconds of any clock of yours that never goes back
(``time.monotonic() * 1000``). Positions are milliseconds of audio since the first message. Not thread-safe: guard
it with a lock where threads share it, as ``VisemePlayer`` does.
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
"""The column of blend weights that has all of the weight at rest. Blendshapes have none."""


@dataclass(frozen=True, slots=True)
class Mouth:
    """What the mouth does at one moment.

    Attributes:
        viseme: Id of the shape, 0 to 21; 0 (closed) when nothing is heard. With named shapes, its name.
        next_viseme: The shape after it, ``None`` if none is known.
        next_in_ms: Milliseconds until then, ``None`` if none is known. The end of the audio received so far
            counts as a closing of the mouth; it moves on when more audio is added.
        weights: How much of each viseme to show for a soft movement: id → 0 to 1, together 1. Where the server sends
            blend weights: how much of each of their columns, a viseme or a blendshape, by its name. What is not in it
            has none.
        speaking: Whether audio is being heard.
    """

    viseme: VisemeId
    next_viseme: VisemeId | None
    next_in_ms: float | None
    weights: Mapping[VisemeId, float]
    speaking: bool


class Timeline:
    """Audio played so far and visemes received, put together.

    Args:
        blend_ms: How long one shape takes to become the next in ``Mouth.weights``, centred on the change, so
            that a mouth begins to move just before the sound. 0 for none.
        history_ms: How far back ``seek`` can go; what is older is forgotten.
        shapes: The viseme set that was asked for as ``viseme_shapes``.

    Raises:
        ConfigurationError: A value is negative or not a number, or there is no such set.
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
        # Where audio began after none was heard, and the last such place at which the mouth had come to rest.
        self._opens_ms = 0.0
        self._rested_ms = 0.0
        # The last shape that the server told of: it holds into the next payload, over undescribed audio too.
        self._told = self._openings.closed
        self._told_until = 0.0

    @property
    def rest(self) -> Mapping[VisemeId, float]:
        """``Mouth.weights`` of a mouth at rest."""
        if self._columns.names:
            return {_AT_REST: 1.0} if _AT_REST in self._columns.names else {}
        return {self._openings.closed: 1.0}

    @property
    def end_ms(self) -> float:
        """Milliseconds of audio received so far, less what interruptions dropped."""
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
        """Add the audio of one message behind what is there.

        Args:
            visemes: The message's payload, ``None`` if it has none: then the loudness of ``pcm`` moves the mouth.
            pcm: The message's audio, signed 16-bit little-endian mono. Not needed where there is a payload;
                where it is given, its own length counts.
            sample_rate: Of ``pcm``, in Hz; needed where ``pcm`` is given.
            now_ms: Your clock.

        Returns:
            Where this audio begins, for ``describe``.

        Raises:
            ConfigurationError: Neither payload nor audio is given, or a number is missing or unusable.
        """
        self._advance(now_ms)
        if pcm is None:
            if visemes is None:
                raise ConfigurationError("visemes", "give the payload, the audio (pcm) or both")
            self._note_rest()
            duration = visemes.audio_duration_ms
            return self._append(visemes, duration)
        if sample_rate is None:
            raise ConfigurationError("sample_rate", "must be given with pcm: its samples per second")
        if sample_rate <= 0:
            raise ConfigurationError("sample_rate", "must be above 0 Hz")
        self._note_rest()
        duration = len(pcm) // 2 * 1000 / sample_rate
        if visemes is not None:
            return self._append(visemes, duration)
        heard = loudness_visemes(pcm, sample_rate, self._openings)
        return self._track.append(duration, tuple((viseme.offset_ms, viseme.id) for viseme in heard))

    def add_silence(self, duration_ms: float, *, now_ms: float) -> None:
        """Add a pause behind what is there, for a player that goes on playing nothing when it runs dry.

        Args:
            duration_ms: How long it is.
            now_ms: Your clock.

        Raises:
            ConfigurationError: A number is unusable.
        """
        self._advance(now_ms)
        self._note_rest()
        self._track.append(_milliseconds("duration_ms", duration_ms), ((0.0, self._openings.closed),))

    def describe(self, visemes: Visemes, start_ms: float, *, now_ms: float) -> bool:
        """Give late visemes to audio that was added without; what has been heard by now is simply past.

        Args:
            visemes: The payload.
            start_ms: What ``add`` answered for its audio.
            now_ms: Your clock.

        Returns:
            Whether there is such audio still; an interruption may have dropped it.
        """
        self._advance(now_ms)
        cues = self._cues(visemes, start_ms + visemes.audio_duration_ms)
        return self._track.replace(start_ms, cues, self._columns(visemes).weights)

    def played(self, position_ms: float, *, now_ms: float, in_ms: float = 0.0) -> None:
        """Say how much audio has been heard; the first time starts the clock.

        Between two calls the timeline goes on by your clock, so calling it a few times a second does. Clocks that
        drift apart and small jitter are evened out; from 25 ms on a difference is taken at once. At the end of the
        audio the timeline stands, and goes on by itself when more is added.

        Args:
            position_ms: Milliseconds of audio that the loudspeaker has played: what was written to it, less its
                latency.
            now_ms: Your clock.
            in_ms: For a player that says when a buffer will be heard rather than what has been: that position is
                reached this many milliseconds from now.

        Raises:
            ConfigurationError: A number is not finite.
        """
        position = _number("position_ms", position_ms)
        _milliseconds("in_ms", in_ms)
        self._advance(now_ms)
        self._clock.report(min(position - in_ms, self.end_ms), self._now, self.end_ms)

    def pause(self, *, now_ms: float) -> None:
        """Stand still, with the shape that there is, until ``played`` is called again; ``now_ms`` is your clock."""
        self._advance(now_ms)
        self._clock.pause(self._now, self.end_ms)

    def seek(self, position_ms: float, *, now_ms: float) -> float:
        """Go to a position of the audio that is known.

        Args:
            position_ms: Where to, in milliseconds of audio.
            now_ms: Your clock.

        Returns:
            The position taken: never before what ``history_ms`` still holds nor after the end.

        Raises:
            ConfigurationError: A number is not finite.
        """
        self._advance(now_ms)
        wanted = max(self._track.start_ms, min(_number("position_ms", position_ms), self.end_ms))
        self._clock.jump(wanted, self._now)
        return wanted

    def interrupt(self, *, now_ms: float, unheard_ms: float = 0.0) -> None:
        """Drop the audio not yet heard, and its visemes; the mouth closes, and the next audio begins here.

        Args:
            now_ms: Your clock.
            unheard_ms: Milliseconds that will be heard all the same, because the sound card has them already.
        """
        self._advance(now_ms)
        self._track.cut(self.position(now_ms=now_ms) + _milliseconds("unheard_ms", unheard_ms))
        # The server starts anew too: it says the first shape of what follows, whatever it is.
        self._told = self._openings.closed
        self._told_until = self.end_ms
        self._advance(now_ms)

    def position(self, *, now_ms: float) -> float:
        """Milliseconds of audio heard by now; ``now_ms`` is your clock."""
        self._advance(now_ms)
        return self._clock.position(self._now, self.end_ms)

    def mouth(self, *, now_ms: float) -> Mouth:
        """The mouth now; ``now_ms`` is your clock."""
        position = self.position(now_ms=now_ms)
        spans = self._track.spans(position)
        until, viseme = next(spans)
        following = next(spans, None)
        waiting = self._clock.wait_ms(self._now)
        if waiting and position == self._opens_ms:
            return self._opening(viseme, position, waiting)
        speaking = position < self.end_ms
        # The closing goes on after the last sound, and what came before a rest does not come back.
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
        """The mouth before a sound that is on its way, or that nobody has begun to play."""
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
        """Remember, before audio is added, that nothing was heard at its beginning."""
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
        # Late payloads of older audio do not tell what holds at the front.
        if end_ms >= self._told_until:
            self._told, self._told_until = cues[-1][1], end_ms
        return tuple(cues)

    def _advance(self, now_ms: float) -> None:
        """Let time pass before anything changes, so that it passes for the audio that there was."""
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
