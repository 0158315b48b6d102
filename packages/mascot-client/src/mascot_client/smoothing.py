"""Fewer, calmer mouth shapes: a face that hits every sound looks like a machine.

    smoother = Smoother(SMOOTHING_PRESETS["conversation"])
    timeline.add(smoother.push(payload), now_ms=clock())

The rules and the names of the settings follow the natural lip sync of the original service's browser SDK, whose
documentation describes them; how they are carried out is this package's own. No I/O and no clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING

from mascot_client._similarity import distinctness, similarity
from mascot_client.errors import ConfigurationError
from mascot_client.visemes import MAX_VISEME_ID, VisemeEvent, VisemeId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mascot_client.visemes import Visemes

SILENCE = 0

CRITICAL_VISEMES = frozenset({7, 8, 13, 14, 18, 21})
"""The shapes a viewer misses: w/uw, ow, r, l, f/v and p/b/m."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoothing:
    """How much to calm a mouth down. The defaults are those of the original's documentation.

    Attributes:
        min_interval_ms: Least time between two shapes. A shape that comes sooner waits, or is left out if it
            would not last then. Critical shapes and silence come when they come.
        merge_window_ms: A shape that follows another within this time, resembles it and is gone again within this
            time is left out.
        similarity_threshold: From which likeness on two shapes resemble each other, 0 to 1; above 1, none do.
        key_preference: 0 to 1, how much harder it is to leave out a shape that stands out.
        preserve_silence: Whether every closing of the mouth is kept.
        preserve_critical: Whether every critical shape is kept, at its own time.
        critical_min_duration_ms: Least time that a critical shape is held; the next one waits.
        absorb_ms: A shape that waited, and would be seen for less than this, is left out.
        critical: Ids of the critical shapes.

    Raises:
        ConfigurationError: A value is out of range.
    """

    min_interval_ms: int = 60
    merge_window_ms: int = 80
    similarity_threshold: float = 0.6
    key_preference: float = 0.7
    preserve_silence: bool = True
    preserve_critical: bool = True
    critical_min_duration_ms: int = 0
    absorb_ms: int = 30
    critical: frozenset[int] = CRITICAL_VISEMES

    def __post_init__(self) -> None:
        for name in ("min_interval_ms", "merge_window_ms", "critical_min_duration_ms", "absorb_ms"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ConfigurationError(f"Smoothing.{name}", "must be milliseconds, 0 or more")
        if not self.similarity_threshold >= 0:
            raise ConfigurationError("Smoothing.similarity_threshold", "must be 0 or more")
        if not 0 <= self.key_preference <= 1:
            raise ConfigurationError("Smoothing.key_preference", "must be within 0 and 1")
        if not self.critical <= frozenset(range(MAX_VISEME_ID + 1)):
            raise ConfigurationError("Smoothing.critical", f"must be viseme ids, 0 to {MAX_VISEME_ID}")

    def protects(self, viseme: VisemeId) -> bool:
        """Whether shapes of this id are always kept, at their own time."""
        if viseme == SILENCE:
            return self.preserve_silence
        return self.preserve_critical and viseme in self.critical

    def resemble(self, shown: VisemeId, following: VisemeId) -> bool:
        """Whether a shape may be left out after another because they look alike."""
        if isinstance(shown, str) or isinstance(following, str):
            return shown == following
        room = max(0.0, 1 - self.similarity_threshold)
        wanted = self.similarity_threshold + room * self.key_preference * distinctness(following)
        return similarity(shown, following) >= wanted

    def rest_after(self, viseme: VisemeId) -> int:
        """How long a shape is shown at least before another may follow, in milliseconds."""
        if viseme in self.critical:
            return max(self.min_interval_ms, self.critical_min_duration_ms)
        return self.min_interval_ms


DEFAULT = Smoothing()
"""The original's defaults."""

CONVERSATION = Smoothing(
    min_interval_ms=40,
    merge_window_ms=60,
    similarity_threshold=0.4,
    key_preference=0.6,
    critical_min_duration_ms=80,
)
"""What the original's public examples of voice agents set."""

FAST_SPEECH = Smoothing(min_interval_ms=80, merge_window_ms=100, similarity_threshold=0.5, key_preference=0.5)
"""Ours: for fast speakers and small faces, fewer shapes."""

ARTICULATE = Smoothing(min_interval_ms=40, merge_window_ms=40, similarity_threshold=0.9, key_preference=0.9)
"""Ours: for teaching and for large faces, nearly every shape."""

SMOOTHING_PRESETS: Mapping[str, Smoothing] = MappingProxyType(
    {
        "default": DEFAULT,
        "conversation": CONVERSATION,
        "fast_speech": FAST_SPEECH,
        "articulate": ARTICULATE,
    }
)
"""The presets by name."""


_LONG_CLOSED = VisemeEvent(SILENCE, -(10**9))


class Smoother:
    """Calms one conversation's stream of payloads, without delay: each payload is answered by one as long.

    Payloads whose visemes are names, of another set than the Microsoft one, are given back as they are. Blend weights
    stay as they are, too: they are smooth already.

    What it knows of the future is the rest of the payload, so that other cuts of the same speech can give
    slightly other shapes.

    Args:
        smoothing: How much.
    """

    def __init__(self, smoothing: Smoothing = DEFAULT) -> None:
        self._smoothing = smoothing
        self._shown = _LONG_CLOSED
        self._waiting: VisemeEvent | None = None

    def reset(self) -> None:
        """Start anew, as the mouth does after an interruption."""
        self._shown, self._waiting = _LONG_CLOSED, None

    def push(self, payload: Visemes) -> Visemes:
        """Give the next payload back with fewer shapes.

        Args:
            payload: In the order in which they came.

        Returns:
            The same payload with other ``visemes``: in order, inside its duration, each id other than the last.
        """
        if any(isinstance(viseme.id, str) for viseme in payload.visemes):
            return payload
        duration = payload.audio_duration_ms
        coming = [*([] if self._waiting is None else [self._waiting]), *payload.visemes]
        self._waiting = None
        kept: list[VisemeEvent] = []
        for viseme, following in zip_longest(coming, coming[1:]):
            until = math.inf if following is None else following.offset_ms
            due = self._due(viseme, until)
            if due is None:
                continue
            if due.offset_ms >= duration:
                # Only the last one can wait so long: it had no shape after it to make room for.
                self._waiting = viseme
                continue
            kept.append(due)
            self._shown = due
        # Rounded so that rests become longer rather than shorter.
        passed = math.floor(duration)
        self._shown = replace(self._shown, offset_ms=self._shown.offset_ms - passed)
        if self._waiting is not None:
            self._waiting = replace(self._waiting, offset_ms=self._waiting.offset_ms - passed)
        return replace(payload, visemes=tuple(kept))

    def _due(self, viseme: VisemeEvent, until: float) -> VisemeEvent | None:
        """The shape at the time at which to show it, None to leave it out; ``until`` is when the next one comes."""
        smoothing, shown = self._smoothing, self._shown
        if viseme.id == shown.id or until == viseme.offset_ms:
            return None
        if smoothing.protects(viseme.id):
            return viseme
        close = max(viseme.offset_ms - shown.offset_ms, until - viseme.offset_ms) < smoothing.merge_window_ms
        if close and smoothing.resemble(shown.id, viseme.id):
            return None
        at = max(viseme.offset_ms, shown.offset_ms + smoothing.rest_after(shown.id))
        if at > viseme.offset_ms and until - at < max(smoothing.absorb_ms, 1):
            return None
        return replace(viseme, offset_ms=at)


def smooth(payloads: Iterable[Visemes], smoothing: Smoothing = DEFAULT) -> list[Visemes]:
    """Calm the payloads of one turn; see ``Smoother``.

    Args:
        payloads: In order.
        smoothing: How much.

    Returns:
        One payload for each, as long as it was.
    """
    smoother = Smoother(smoothing)
    return [smoother.push(payload) for payload in payloads]
