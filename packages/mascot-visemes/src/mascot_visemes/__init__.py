"""Audio in, visemes out.

===========================================  ==========================================================
``load(model, shapes=...)``                  the shared engine of a model
``available_models()``                       names of the models there are
``engine.predict(pcm, sample_rate=...)``     visemes of a whole recording
``engine.create_stream(sample_rate=...)``    visemes of audio as it arrives
``stream.accept_waveform(chunk)``            answers for all audio up to the end of the chunk
``stream.input_finished()``                  closes the mouth
``stream.reset()``                           starts again at 0 ms
===========================================  ==========================================================
"""

from mascot_visemes.audio import Encoding
from mascot_visemes.engine import Engine
from mascot_visemes.errors import (
    AudioError,
    ModelFileError,
    NotFiniteError,
    SampleFormatError,
    SampleRateError,
    StreamFinishedError,
    UnknownEncodingError,
    UnknownModelError,
    UnknownShapesError,
    VisemeError,
    WaveFileError,
)
from mascot_visemes.registry import available_models, load
from mascot_visemes.stream import Stream, VisemeEvent

__all__ = [
    "AudioError",
    "Encoding",
    "Engine",
    "ModelFileError",
    "NotFiniteError",
    "SampleFormatError",
    "SampleRateError",
    "Stream",
    "StreamFinishedError",
    "UnknownEncodingError",
    "UnknownModelError",
    "UnknownShapesError",
    "VisemeError",
    "VisemeEvent",
    "WaveFileError",
    "available_models",
    "load",
]
