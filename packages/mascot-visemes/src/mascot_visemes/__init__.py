"""Audio in, visemes out.

===========================================  ==========================================================
``load(model, shapes=...)``                  the shared engine of a model
``available_models()``                       names of the models there are
``engine.predict(pcm, sample_rate=...)``     visemes of a whole recording
``engine.weights(pcm, sample_rate=...)``     how much of each viseme there is in each 10 ms of it
``engine.create_stream(sample_rate=...)``    visemes of audio as it arrives
``stream.accept_waveform(chunk)``            answers for all audio up to the end of the chunk
``stream.input_finished()``                  closes the mouth
``stream.reset()``                           starts again at 0 ms
``open_audio(file)``                         blocks of samples of a file, a pipe or an open file
``ARKIT_POSES``                              coefficients of ARKit's blendshapes for each Oculus viseme
===========================================  ==========================================================
"""

from mascot_visemes.audio import Encoding
from mascot_visemes.engine import Engine
from mascot_visemes.errors import (
    AudioError,
    AudioFileError,
    CalibrationError,
    MissingExtraError,
    ModelFileError,
    NotFiniteError,
    NoWeightsError,
    OutputError,
    SampleFormatError,
    SampleRateError,
    StreamFinishedError,
    UnknownEncodingError,
    UnknownModelError,
    UnknownShapesError,
    VisemeError,
)
from mascot_visemes.events import VisemeEvent
from mascot_visemes.reading import Recording, open_audio
from mascot_visemes.registry import available_models, load
from mascot_visemes.shapes import Shapes
from mascot_visemes.stream import Stream
from mascot_visemes.tables import ARKIT_POSES

__all__ = [
    "ARKIT_POSES",
    "AudioError",
    "AudioFileError",
    "Encoding",
    "Engine",
    "MissingExtraError",
    "ModelFileError",
    "NotFiniteError",
    "OutputError",
    "Recording",
    "SampleFormatError",
    "SampleRateError",
    "Stream",
    "StreamFinishedError",
    "UnknownEncodingError",
    "UnknownModelError",
    "UnknownShapesError",
    "VisemeError",
    "VisemeEvent",
    "available_models",
    "load",
    "open_audio",
]
