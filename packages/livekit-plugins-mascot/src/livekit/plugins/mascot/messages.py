"""What is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

__all__ = ["MESSAGE_TYPE", "VisemeMessage"]

MESSAGE_TYPE: Final = "mascot-visemes"
"""The ``type`` of each payload."""


@dataclass(frozen=True, slots=True)
class VisemeMessage:
    """The mouth's changes of shape in the audio that plays next.

    Attributes:
        segment_id: The speech that is played: one for each playback segment of the session.
        shapes: Name of the viseme set: ``oculus``, ``sapi``, ``vrm``, ``rhubarb`` or ``arkit``.
        changes: Each change as milliseconds from now, and the new shape.
        interrupted: Whether all that was published before is void, because the speech was cut off or paused.
    """

    segment_id: str
    shapes: str
    changes: tuple[tuple[int, int | str], ...]
    interrupted: bool = False

    def payload(self, track_id: str | None) -> dict[str, Any]:
        """Return the message as JSON that the client reads.

        Args:
            track_id: The audio track that the mouth belongs to.
        """
        key = "visemeId" if self.shapes == "sapi" else "viseme"
        return {
            "type": MESSAGE_TYPE,
            "shapes": self.shapes,
            "segmentId": self.segment_id,
            "trackId": track_id,
            "visemes": [{key: viseme, "offset": offset} for offset, viseme in self.changes],
            "interrupted": self.interrupted,
        }
