"""Send visemes in time with the speech of a Pipecat voice agent.

* ``MascotVisemeProcessor()``, after speech synthesis, inserts a ``VisemeFrame`` before the audio of its visemes.
* ``MascotRTVIBridge()``, after ``transport.output()``, sends the visemes to an RTVI client when their audio is sent.
* ``VisemeFrame`` contains the visemes of the audio that follows it.
"""

from pipecat_mascot.bridge import MESSAGE_TYPE, MascotRTVIBridge
from pipecat_mascot.frames import VisemeFrame
from pipecat_mascot.processor import MascotVisemeProcessor

__all__ = ["MESSAGE_TYPE", "MascotRTVIBridge", "MascotVisemeProcessor", "VisemeFrame"]
