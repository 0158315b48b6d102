"""Publish messages to the participants of a room."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from livekit.rtc import TrackSource

if TYPE_CHECKING:
    from livekit.rtc import Room

    from livekit.plugins.mascot.messages import VisemeMessage

__all__ = ["TOPIC", "RoomPublisher"]

TOPIC: Final = "mascot.visemes"


class RoomPublisher:
    """Publish viseme messages as reliable data packets, on the topic ``mascot.visemes``.

    A payload is JSON::

        {"type": "mascot-visemes", "shapes": "oculus", "segmentId": "…", "trackId": "TR_…",
         "visemes": [{"viseme": "PP", "offset": 40}], "interrupted": false}
    """

    def __init__(self, room: Room, *, track_id: str | None = None) -> None:
        """Create a publisher for a room.

        Args:
            room: The connected room of the agent.
            track_id: The id of the agent's audio track (``TR_…``). The default is its microphone track, which a session
                publishes. Set it if one participant publishes several voices.
        """
        self._room = room
        self._track_id = track_id

    async def __call__(self, message: VisemeMessage) -> None:
        """Publish one message."""
        payload = json.dumps(message.payload(self._track_id or self._microphone()))
        await self._room.local_participant.publish_data(payload, reliable=True, topic=TOPIC)

    def _microphone(self) -> str | None:
        """Return the id of the first microphone track of this participant; ``None`` if there is none."""
        for publication in self._room.local_participant.track_publications.values():
            if publication.source == TrackSource.SOURCE_MICROPHONE:
                return str(publication.sid)
        return None
