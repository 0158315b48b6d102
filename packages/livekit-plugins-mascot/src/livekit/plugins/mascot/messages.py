"""The messages that the plugin publishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

__all__ = ["MESSAGE_TYPE", "VisemeMessage"]

MESSAGE_TYPE: Final = "mascot-visemes"
"""The value of ``type`` in each payload."""


@dataclass(frozen=True, slots=True)
class VisemeMessage:
    """The visemes of the audio that is played next.

    Attributes:
        segment_id: The id of the playback segment of the session.
        shapes: The name of the set of shapes: ``oculus``, ``sapi``, ``vrm``, ``rhubarb`` or ``arkit``.
        changes: Pairs of a time in milliseconds from now, and the viseme that starts then.
        interrupted: Whether the speech was interrupted or paused. If so, drop all earlier visemes.
    """

    segment_id: str
    shapes: str
    changes: tuple[tuple[int, int | str], ...]
    interrupted: bool = False

    def payload(self, track_id: str | None) -> dict[str, Any]:
        """Return the message as a JSON object for the client.

        Args:
            track_id: The id of the audio track of the speech.
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
