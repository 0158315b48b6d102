"""The errors that this package raises.

::

    VisemeError
    ├── UnknownModelError (ValueError)     no model with this name is installed
    ├── UnknownShapesError (ValueError)    there is no set of shapes with this name
    ├── CalibrationError (ValueError)      the calibration is not valid
    ├── ModelFileError                     the files of a model are damaged or do not match
    ├── AudioError (ValueError)            the audio cannot be used
    │   ├── SampleRateError                the sample rate is outside 8000..48000 Hz
    │   ├── UnknownEncodingError           the encoding is not supported
    │   ├── SampleFormatError              the array has the wrong type or shape
    │   ├── NotFiniteError                 a sample is NaN or infinite
    │   ├── SampleRangeError               a float sample is far outside -1..1
    │   └── AudioFileError                 the file cannot be read as audio
    ├── StreamFinishedError (RuntimeError) audio was added after input_finished()
    ├── StreamsError (ValueError)          the streams or chunks for run_together() are not valid
    ├── NoWeightsError (RuntimeError)      the stream was created without weights
    ├── MissingExtraError                  an optional module is not installed
    └── OutputError                        the output file cannot be written
"""

from __future__ import annotations


class VisemeError(Exception):
    """Base class of all errors of this package."""


class UnknownModelError(VisemeError, ValueError):
    """No model with this name is installed.

    Attributes:
        name: The unknown name.
        available: The names of the installed models.
    """

    def __init__(self, name: object, available: tuple[str, ...]) -> None:
        super().__init__(name, available)
        self.name = name
        self.available = available

    def __str__(self) -> str:
        return f"model: there is no model {self.name!r}; available: {', '.join(self.available) or 'none'}"


class UnknownShapesError(VisemeError, ValueError):
    """There is no set of shapes with this name.

    Attributes:
        name: The unknown name.
        available: The names of the sets of shapes.
    """

    def __init__(self, name: object, available: tuple[str, ...]) -> None:
        super().__init__(name, available)
        self.name = name
        self.available = available

    def __str__(self) -> str:
        return f"shapes: there is no set of shapes {self.name!r}; available: {', '.join(self.available)}"


class CalibrationError(VisemeError, ValueError):
    """The calibration of blendshapes is not valid.

    Attributes:
        problem: The problem and what to do about it.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"calibration: {self.problem}"


class ModelFileError(VisemeError):
    """The files of a model are damaged or do not match.

    Attributes:
        model: The name of the model.
        problem: The problem.
    """

    def __init__(self, model: str, problem: str) -> None:
        super().__init__(model, problem)
        self.model = model
        self.problem = problem

    def __str__(self) -> str:
        return f"model {self.model!r}: {self.problem}; reinstall mascot-visemes"


class AudioError(VisemeError, ValueError):
    """The audio cannot be used. The stream is unchanged."""


class SampleRateError(AudioError):
    """The sample rate is not a whole number from 8000 to 48000.

    Attributes:
        sample_rate: The invalid value.
    """

    def __init__(self, sample_rate: object) -> None:
        super().__init__(sample_rate)
        self.sample_rate = sample_rate

    def __str__(self) -> str:
        return f"sample_rate: expected a whole number from 8000 to 48000 (Hz), got {self.sample_rate!r}"


class UnknownEncodingError(AudioError):
    """The encoding is not supported.

    Attributes:
        encoding: The invalid value.
        available: The names of the supported encodings.
    """

    def __init__(self, encoding: object, available: tuple[str, ...]) -> None:
        super().__init__(encoding, available)
        self.encoding = encoding
        self.available = available

    def __str__(self) -> str:
        return f"encoding: expected one of {', '.join(self.available)}, got {self.encoding!r}"


class SampleFormatError(AudioError):
    """An array or another object does not contain mono samples in the stream's encoding.

    Attributes:
        found: A description of the object.
        expected: A description of what is accepted.
    """

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found = found
        self.expected = expected

    def __str__(self) -> str:
        return f"audio: expected {self.expected}, got {self.found}"


class NotFiniteError(AudioError):
    """A float sample is NaN or infinite.

    Attributes:
        index: The index of the first such sample in the chunk.
    """

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index

    def __str__(self) -> str:
        return (
            f"audio: sample {self.index} of the chunk is NaN or infinite; "
            "replace such samples first, e.g. with numpy.nan_to_num(chunk, posinf=1, neginf=-1)"
        )


class SampleRangeError(AudioError):
    """A float sample is far outside -1..1, for example because integers were converted to floats without scaling.

    Attributes:
        index: The index of the first such sample in the chunk.
        value: The value of this sample.
    """

    def __init__(self, index: int, value: float) -> None:
        super().__init__(index, value)
        self.index = index
        self.value = value

    def __str__(self) -> str:
        return (
            f"audio: sample {self.index} of the chunk is {self.value:g}, but floats must be within -1..1; "
            "divide by the full scale of the values: chunk / 2**15 for 16 bits, chunk / 2**31 for 32 bits"
        )


class AudioFileError(AudioError):
    """A file or pipe cannot be read as audio.

    Attributes:
        path: The path of the file.
        problem: The problem and what to do about it.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class StreamFinishedError(VisemeError, RuntimeError):
    """Audio was added after ``input_finished()``."""

    def __str__(self) -> str:
        return "the stream is finished: call reset() before accept_waveform(), or create another stream"


class StreamsError(VisemeError, ValueError):
    """The streams or chunks for ``run_together`` are not valid. All streams are unchanged.

    Attributes:
        problem: The invalid argument and what to do about it.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class NoWeightsError(VisemeError, RuntimeError):
    """The stream has no weights because it was created without them."""

    def __str__(self) -> str:
        return "weights: this stream has no weights; create it with create_stream(..., weights=True)"


class MissingExtraError(VisemeError):
    """An optional module is not installed.

    Attributes:
        module: The name of the module.
        purpose: The feature that needs it.
    """

    def __init__(self, module: str, purpose: str) -> None:
        super().__init__(module, purpose)
        self.module = module
        self.purpose = purpose

    def __str__(self) -> str:
        return f"{self.purpose} needs {self.module}; run: pip install 'mascot-visemes[cli]'"


class OutputError(VisemeError):
    """The output file cannot be written.

    Attributes:
        path: The path of the file.
        problem: The problem.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: cannot be written ({self.problem})"
