"""What can go wrong, and what to do about it.

::

    VisemeError
    ├── UnknownModelError (ValueError)     no model of that name is installed
    ├── UnknownShapesError (ValueError)    no viseme set of that name
    ├── CalibrationError (ValueError)      a calibration that fits no blendshape, or is not a factor
    ├── ModelFileError                     a model's files are damaged or do not fit together
    ├── AudioError (ValueError)            audio that cannot be used as given
    │   ├── SampleRateError                a sample rate outside 8000..48000
    │   ├── UnknownEncodingError           an encoding other than the four known
    │   ├── SampleFormatError              an array of the wrong type or shape
    │   ├── NotFiniteError                 NaN or infinity among the samples
    │   ├── SampleRangeError               floats that are not -1..1
    │   └── AudioFileError                 a file that is no readable audio
    ├── StreamFinishedError (RuntimeError) audio after input_finished()
    ├── StreamsError (ValueError)           streams and chunks of run_together() that do not fit together
    ├── NoWeightsError (RuntimeError)      weights of a stream that was created without them
    ├── MissingExtraError                  the command needs a module that is not installed
    └── OutputError                        the command cannot write where it was told to
"""

from __future__ import annotations


class VisemeError(Exception):
    """Base of everything this package raises on purpose."""


class UnknownModelError(VisemeError, ValueError):
    """No model of that name is installed.

    Attributes:
        name: The name asked for.
        available: The names there are.
    """

    def __init__(self, name: object, available: tuple[str, ...]) -> None:
        super().__init__(name, available)
        self.name = name
        self.available = available

    def __str__(self) -> str:
        return f"model: no model is called {self.name!r}; available: {', '.join(self.available) or 'none'}"


class UnknownShapesError(VisemeError, ValueError):
    """No viseme set of that name.

    Attributes:
        name: The name asked for.
        available: The names there are.
    """

    def __init__(self, name: object, available: tuple[str, ...]) -> None:
        super().__init__(name, available)
        self.name = name
        self.available = available

    def __str__(self) -> str:
        return f"shapes: no viseme set is called {self.name!r}; available: {', '.join(self.available)}"


class CalibrationError(VisemeError, ValueError):
    """A calibration of blendshapes that cannot be used.

    Attributes:
        problem: What is wrong with it, and what would be right.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"calibration: {self.problem}"


class ModelFileError(VisemeError):
    """A model's files are damaged or do not fit together.

    Attributes:
        model: The model's name.
        problem: What is wrong with it.
    """

    def __init__(self, model: str, problem: str) -> None:
        super().__init__(model, problem)
        self.model = model
        self.problem = problem

    def __str__(self) -> str:
        return f"model {self.model!r}: {self.problem}; install mascot-visemes again"


class AudioError(VisemeError, ValueError):
    """Audio that cannot be used as given. The stream is as it was before the call."""


class SampleRateError(AudioError):
    """A sample rate outside 8000..48000, or none.

    Attributes:
        sample_rate: The value given.
    """

    def __init__(self, sample_rate: object) -> None:
        super().__init__(sample_rate)
        self.sample_rate = sample_rate

    def __str__(self) -> str:
        return f"sample_rate: expected a whole number from 8000 to 48000 (Hz), got {self.sample_rate!r}"


class UnknownEncodingError(AudioError):
    """An encoding other than those known.

    Attributes:
        encoding: The value given.
        available: The encodings there are.
    """

    def __init__(self, encoding: object, available: tuple[str, ...]) -> None:
        super().__init__(encoding, available)
        self.encoding = encoding
        self.available = available

    def __str__(self) -> str:
        return f"encoding: expected one of {', '.join(self.available)}, got {self.encoding!r}"


class SampleFormatError(AudioError):
    """An array or object that does not hold mono samples of the stream's encoding.

    Attributes:
        found: What was given, in words.
        expected: What would be taken, in words.
    """

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found = found
        self.expected = expected

    def __str__(self) -> str:
        return f"audio: expected {self.expected}, got {self.found}"


class NotFiniteError(AudioError):
    """NaN or infinity among float samples.

    Attributes:
        index: Position in the chunk of the first such sample.
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
    """Floats far beyond -1..1, as 16-bit values are when they were only turned into floats.

    Attributes:
        index: Position in the chunk of the first such sample.
        value: That sample.
    """

    def __init__(self, index: int, value: float) -> None:
        super().__init__(index, value)
        self.index = index
        self.value = value

    def __str__(self) -> str:
        return (
            f"audio: sample {self.index} of the chunk is {self.value:g}, floats must lie within -1..1; "
            "divide by the full scale of the values, chunk / 2**15 for 16 bits, chunk / 2**31 for 32"
        )


class AudioFileError(AudioError):
    """A file or pipe that cannot be read as audio.

    Attributes:
        path: The file.
        problem: What is wrong with it.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class StreamFinishedError(VisemeError, RuntimeError):
    """Audio came after ``input_finished()``."""

    def __str__(self) -> str:
        return "the stream is finished: call reset() before accept_waveform(), or create another stream"


class StreamsError(VisemeError, ValueError):
    """Streams and chunks that cannot be run together. All streams are as they were before the call.

    Attributes:
        problem: The argument that is wrong, and what would be right.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class NoWeightsError(VisemeError, RuntimeError):
    """The weights were asked for of a stream that has none."""

    def __str__(self) -> str:
        return "weights: this stream has none; create it with create_stream(..., weights=True)"


class MissingExtraError(VisemeError):
    """The command needs a module that is not installed.

    Attributes:
        module: The module.
        purpose: What cannot be done without it.
    """

    def __init__(self, module: str, purpose: str) -> None:
        super().__init__(module, purpose)
        self.module = module
        self.purpose = purpose

    def __str__(self) -> str:
        return f"{self.purpose} needs {self.module}: pip install 'mascot-visemes[cli]'"


class OutputError(VisemeError):
    """The command cannot write where it was told to.

    Attributes:
        path: The file.
        problem: What is wrong with it.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: cannot be written ({self.problem})"
