"""Predict visemes from audio.

* ``load(model, shapes=...)`` returns the shared engine of a model.
* ``available_models()`` returns the names of the installed models.
* ``predict_file(path)`` predicts the visemes of a file.
* ``engine.predict(pcm, sample_rate=...)`` predicts the visemes of a whole recording.
* ``engine.weights(pcm, sample_rate=...)`` returns the blend weights of a recording, one row per 10 ms.
* ``engine.create_stream(sample_rate=...)`` creates a stream, for audio that arrives in chunks.
* ``stream.accept_waveform(chunk)`` returns the events of all audio up to the end of the chunk.
* ``stream.weights`` contains the blend weights of the chunk, one row per 10 ms.
* ``stream.input_finished()`` ends the stream and closes the mouth.
* ``stream.reset()`` starts again at 0 ms.
* ``open_audio(file)`` reads a file, a pipe or an open file in blocks of samples.
* ``ARKIT_POSES`` contains the coefficients of ARKit's blendshapes for each Oculus viseme.
"""

from typing import TYPE_CHECKING

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
    SampleRangeError,
    SampleRateError,
    StreamFinishedError,
    StreamsError,
    UnknownEncodingError,
    UnknownModelError,
    UnknownShapesError,
    VisemeError,
)
from mascot_visemes.events import VisemeEvent
from mascot_visemes.reading import Recording, open_audio
from mascot_visemes.recordings import predict_file
from mascot_visemes.registry import available_models, load
from mascot_visemes.shapes import Shapes
from mascot_visemes.stream import Stream
from mascot_visemes.tables import ARKIT_POSES

__all__ = [
    "ARKIT_POSES",
    "AudioError",
    "AudioFileError",
    "CalibrationError",
    "Encoding",
    "Engine",
    "MissingExtraError",
    "ModelFileError",
    "NoWeightsError",
    "NotFiniteError",
    "OutputError",
    "Recording",
    "SampleFormatError",
    "SampleRangeError",
    "SampleRateError",
    "Shapes",
    "Stream",
    "StreamFinishedError",
    "StreamsError",
    "UnknownEncodingError",
    "UnknownModelError",
    "UnknownShapesError",
    "VisemeError",
    "VisemeEvent",
    "available_models",
    "load",
    "open_audio",
    "predict_file",
]

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """Look up the version on first use, so that importing the package stays fast."""
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 - its import is slow

            return version("mascot-visemes")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
