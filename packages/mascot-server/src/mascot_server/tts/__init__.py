"""Text to speech: one small interface, `Engine`, and the engines behind it.

==================  ======================================================================
`BuiltInEngine`     `mascotbot-tts`: espeak-ng, and Piper's and Kokoro's voices where set up
`ElevenLabsEngine`  `elevenlabs`, with the caller's key
`CartesiaEngine`    `cartesia`, with the caller's key
==================  ======================================================================
"""

from mascot_server.tts.built_in import BuiltInEngine
from mascot_server.tts.cartesia import CartesiaEngine
from mascot_server.tts.elevenlabs import ElevenLabsEngine
from mascot_server.tts.engine import Engine, Speech, Voice, VoicedEngine

__all__ = ["BuiltInEngine", "CartesiaEngine", "ElevenLabsEngine", "Engine", "Speech", "Voice", "VoicedEngine"]
