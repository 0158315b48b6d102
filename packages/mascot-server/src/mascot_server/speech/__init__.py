"""Text to speech: one small interface, `Engine`, and the engines behind it.

==================  ======================================================================
`BuiltInEngine`     `mascotbot-tts`: espeak-ng, and Piper's and Kokoro's voices where set up
`ElevenLabsEngine`  `elevenlabs`, with the caller's key
`CartesiaEngine`    `cartesia`, with the caller's key
==================  ======================================================================
"""

from mascot_server.speech.built_in import BuiltInEngine
from mascot_server.speech.cartesia import CartesiaEngine
from mascot_server.speech.elevenlabs import ElevenLabsEngine
from mascot_server.speech.engine import Engine, Speech, Voice, VoicedEngine

__all__ = ["BuiltInEngine", "CartesiaEngine", "ElevenLabsEngine", "Engine", "Speech", "Voice", "VoicedEngine"]
