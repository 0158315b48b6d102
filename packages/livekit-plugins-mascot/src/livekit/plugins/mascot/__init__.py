"""Publish visemes in time with the speech of a LiveKit agent.

* ``VisemeAudioOutput(sink, publish)`` wraps ``session.output.audio`` and predicts the visemes.
* ``RoomPublisher(room)`` publishes the messages to the room, on the topic ``mascot.visemes``.
* ``VisemeMessage`` contains the visemes of the next 100 ms.
"""

from livekit.agents import Plugin

from livekit.plugins.mascot.audio_output import VisemeAudioOutput
from livekit.plugins.mascot.log import logger
from livekit.plugins.mascot.messages import MESSAGE_TYPE, VisemeMessage
from livekit.plugins.mascot.publishing import TOPIC, RoomPublisher
from livekit.plugins.mascot.version import __version__

__all__ = ["MESSAGE_TYPE", "TOPIC", "RoomPublisher", "VisemeAudioOutput", "VisemeMessage", "__version__"]


class MascotPlugin(Plugin):
    """Register this package with LiveKit Agents."""

    def __init__(self) -> None:
        super().__init__(__name__, __version__, __package__ or __name__, logger)


Plugin.register_plugin(MascotPlugin())
