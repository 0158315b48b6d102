"""Predict the visemes of a file in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Literal, overload

from mascot_visemes.reading import open_audio
from mascot_visemes.registry import load

if TYPE_CHECKING:
    import os

    from mascot_visemes.events import VisemeEvent
    from mascot_visemes.registry import NamedShapes


@overload
def predict_file(
    source: str | os.PathLike[str] | BinaryIO, *, model: str = ..., shapes: Literal["sapi"] = ...
) -> list[VisemeEvent[int]]: ...
@overload
def predict_file(
    source: str | os.PathLike[str] | BinaryIO, *, model: str = ..., shapes: NamedShapes
) -> list[VisemeEvent[str]]: ...
@overload
def predict_file(
    source: str | os.PathLike[str] | BinaryIO, *, model: str = ..., shapes: str
) -> list[VisemeEvent]: ...
def predict_file(
    source: str | os.PathLike[str] | BinaryIO, *, model: str = "default", shapes: str = "sapi"
) -> list[VisemeEvent[Any]]:
    """Predict the visemes of an audio file.

    WAV is always supported. MP3, FLAC, OGG and other formats need soundfile. The file is processed in blocks, so the
    memory does not grow with its length, except for the events.

    Args:
        source: A path, or a file opened with mode ``rb``; see ``open_audio``.
        model: The name of the model; see ``load``.
        shapes: The set of shapes; see ``load``.

    Returns:
        The events, sorted by time. The mouth is closed before the first event, and the last event closes it at the end
        of the audio.

    Raises:
        AudioFileError: The file is missing, or is not readable audio.
        MissingExtraError: The audio format needs soundfile.
        UnknownModelError: There is no such model.
        UnknownShapesError: There is no such set of shapes.
    """
    engine = load(model, shapes=shapes)
    with open_audio(source) as recording:
        stream = engine.create_stream(sample_rate=recording.rate)
        events = [event for block in recording.blocks for event in stream.accept_waveform(block)]
    return events + stream.input_finished()
