from __future__ import annotations

import inspect
import pickle

import pytest

import mascot_visemes as mv
from mascot_visemes import errors

_EXAMPLES: list[mv.VisemeError] = [
    mv.UnknownModelError("x", ("default",)),
    mv.UnknownShapesError("x", ("sapi",)),
    mv.ModelFileError("x", "broken"),
    mv.SampleRateError(1),
    mv.UnknownEncodingError("x", ("pcm16",)),
    mv.SampleFormatError("a list", "bytes"),
    mv.NotFiniteError(3),
    mv.SampleRangeError(3, 1000.0),
    mv.CalibrationError("jawOpen: expected a factor of 0 or more, got -1"),
    mv.NoWeightsError(),
    mv.AudioFileError("a.wav", "holds no audio"),
    mv.StreamFinishedError(),
    mv.StreamsError("streams: one is given twice"),
    mv.MissingExtraError("soundfile", "reading a.mp3"),
    mv.OutputError("a.json", "no space left"),
]


@pytest.mark.parametrize("error", _EXAMPLES, ids=lambda e: type(e).__name__)
def test_errors_speak_and_survive_pickling(error: mv.VisemeError) -> None:
    assert str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


def test_the_tree_on_top_of_the_module_names_every_error() -> None:
    classes = {name: value for name, value in vars(errors).items() if inspect.isclass(value)}
    assert all(name in (errors.__doc__ or "") for name in classes)
    assert all(issubclass(value, mv.VisemeError) for value in classes.values())
