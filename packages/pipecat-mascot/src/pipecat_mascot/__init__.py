"""Visemes in time with the speech of a Pipecat voice agent.

==============================  ==============================================================================
``MascotVisemeProcessor()``     behind speech synthesis: puts ``VisemeFrame``s into the audio
``MascotRTVIBridge()``          behind ``transport.output()``: sends them to an RTVI client as the audio leaves
``VisemeFrame``                 the mouth's changes of shape in the audio that follows it
==============================  ==============================================================================
"""

from pipecat_mascot.bridge import MESSAGE_TYPE, MascotRTVIBridge
from pipecat_mascot.frames import VisemeFrame
from pipecat_mascot.processor import MascotVisemeProcessor

__all__ = ["MESSAGE_TYPE", "MascotRTVIBridge", "MascotVisemeProcessor", "VisemeFrame"]
