"""One pure mapper per provider: its frames in, a small vocabulary of events out, visemes into its frames."""

from mascot_server.providers.codecs.base import (
    AskUpstream,
    Audio,
    AudioFormat,
    Codec,
    Event,
    Frame,
    Interrupted,
    TurnEnded,
    Undecodable,
)
from mascot_server.providers.codecs.elevenlabs import ElevenLabsCodec
from mascot_server.providers.codecs.gemini import GeminiCodec
from mascot_server.providers.codecs.openai import OpenAICodec

__all__ = [
    "AskUpstream",
    "Audio",
    "AudioFormat",
    "Codec",
    "ElevenLabsCodec",
    "Event",
    "Frame",
    "GeminiCodec",
    "Interrupted",
    "OpenAICodec",
    "TurnEnded",
    "Undecodable",
]
