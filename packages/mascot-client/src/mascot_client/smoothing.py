"""Reduce the number of mouth shapes. A face that shows a shape for every sound looks mechanical.

    smoother = Smoother(SMOOTHING_PRESETS["conversation"])
    timeline.add(smoother.push(payload), now_ms=clock())

The rules and the names of the settings follow the documentation of the natural lip sync in the original service's
browser SDK. The implementation is our own. This module does no I/O and reads no clock.
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
"""The shapes that viewers notice most if they are missing: w/uw, ow, r, l, f/v and p/b/m."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoothing:
    """Settings of the smoothing. The defaults are those of the original service's documentation.

    Attributes:
        min_interval_ms: Minimum time between two shapes, in milliseconds. An earlier shape is delayed, or dropped if it
            would then be too short. Critical shapes and silence are not delayed.
        merge_window_ms: Time window in milliseconds. A shape is dropped if it follows a similar shape within this time
            and lasts less than this time.
        similarity_threshold: Similarity from which two shapes count as similar, 0 to 1. Above 1, no shapes are similar.
        key_preference: How much higher the threshold is for distinct shapes, 0 to 1.
        preserve_silence: Whether to keep every silence, in which the mouth is closed.
        preserve_critical: Whether to keep every critical shape, without delay.
        critical_min_duration_ms: Minimum duration of a critical shape, in milliseconds. The next shape is delayed.
        absorb_ms: Minimum duration of a delayed shape, in milliseconds. A shorter one is dropped.
        critical: SAPI ids of the critical shapes.

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
                raise ConfigurationError(f"Smoothing.{name}", "must be a number of milliseconds, 0 or more")
        if not self.similarity_threshold >= 0:
            raise ConfigurationError("Smoothing.similarity_threshold", "must be 0 or more")
        if not 0 <= self.key_preference <= 1:
            raise ConfigurationError("Smoothing.key_preference", "must be between 0 and 1")
        if not self.critical <= frozenset(range(MAX_VISEME_ID + 1)):
            raise ConfigurationError(
                "Smoothing.critical", f"must contain viseme ids from 0 to {MAX_VISEME_ID} only"
            )

    def protects(self, viseme: VisemeId) -> bool:
        """Return whether a shape is always kept, without delay."""
        if viseme == SILENCE:
            return self.preserve_silence
        return self.preserve_critical and viseme in self.critical

    def resemble(self, shown: VisemeId, following: VisemeId) -> bool:
        """Return whether a shape may be dropped because it looks like the one before it."""
        if isinstance(shown, str) or isinstance(following, str):
            return shown == following
        room = max(0.0, 1 - self.similarity_threshold)
        wanted = self.similarity_threshold + room * self.key_preference * distinctness(following)
        return similarity(shown, following) >= wanted

    def rest_after(self, viseme: VisemeId) -> int:
        """Return the minimum duration of a shape in milliseconds."""
        if viseme in self.critical:
            return max(self.min_interval_ms, self.critical_min_duration_ms)
        return self.min_interval_ms


DEFAULT = Smoothing()
"""The defaults of the original service."""

CONVERSATION = Smoothing(
    min_interval_ms=40,
    merge_window_ms=60,
    similarity_threshold=0.4,
    key_preference=0.6,
    critical_min_duration_ms=80,
)
"""The settings of the original service's public examples of voice agents."""

FAST_SPEECH = Smoothing(min_interval_ms=80, merge_window_ms=100, similarity_threshold=0.5, key_preference=0.5)
"""Fewer shapes, for fast speakers and small faces. Our own values."""

ARTICULATE = Smoothing(min_interval_ms=40, merge_window_ms=40, similarity_threshold=0.9, key_preference=0.9)
"""Nearly every shape, for teaching and for large faces. Our own values."""

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
    """Smooth the visemes of one conversation, payload by payload.

    Each payload is processed immediately and keeps its duration. Payloads with viseme names (another set of shapes
    than ``sapi``) are returned unchanged. Blend weights are smooth already and are returned unchanged too.

    The smoother looks ahead only to the end of the payload. If the same speech is split into other payloads, the
    result can differ slightly.

    Args:
        smoothing: The settings, for example one of ``SMOOTHING_PRESETS``.
    """

    def __init__(self, smoothing: Smoothing = DEFAULT) -> None:
        self._smoothing = smoothing
        self._shown = _LONG_CLOSED
        self._waiting: VisemeEvent | None = None

    def reset(self) -> None:
        """Start again with a closed mouth. Call it after an interruption."""
        self._shown, self._waiting = _LONG_CLOSED, None

    def push(self, payload: Visemes) -> Visemes:
        """Return the next payload with fewer visemes.

        Args:
            payload: The next payload. Payloads must be in the order in which they arrive.

        Returns:
            A copy with new ``visemes``: sorted, within the duration, and each id different from the one before.
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
                # Only the last shape can be delayed beyond the payload, because no shape follows it here.
                self._waiting = viseme
                continue
            kept.append(due)
            self._shown = due
        # Rounded down, so that minimum durations become longer rather than shorter.
        passed = math.floor(duration)
        self._shown = replace(self._shown, offset_ms=self._shown.offset_ms - passed)
        if self._waiting is not None:
            self._waiting = replace(self._waiting, offset_ms=self._waiting.offset_ms - passed)
        return replace(payload, visemes=tuple(kept))

    def _due(self, viseme: VisemeEvent, until: float) -> VisemeEvent | None:
        """Return the shape with the time at which to show it, ``None`` to drop it.

        Args:
            viseme: The shape.
            until: When the next shape starts, in milliseconds.
        """
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
    """Smooth the visemes of one turn; see ``Smoother``.

    Args:
        payloads: The payloads of the turn, in order.
        smoothing: The settings, for example one of ``SMOOTHING_PRESETS``.

    Returns:
        One payload for each payload, with the same duration.
    """
    smoother = Smoother(smoothing)
    return [smoother.push(payload) for payload in payloads]
