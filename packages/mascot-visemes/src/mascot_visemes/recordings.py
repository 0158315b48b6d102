"""Visemes of a whole file in one call."""

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
    """Visemes of a file: WAV, and with soundfile installed MP3, FLAC, OGG and others.

    Memory stays the same however long the file is, but for the events.

    Args:
        source: A path, or a file that is open in mode ``rb``, as for ``open_audio``.
        model: As for ``load``.
        shapes: Likewise.

    Returns:
        Changes of shape, sorted, from silence at 0 ms; the last closes the mouth where the audio ends.

    Raises:
        AudioFileError: The file is missing, or no audio that can be read.
        MissingExtraError: Its format needs soundfile.
        UnknownModelError: There is no such model.
        UnknownShapesError: There is no such viseme set.
    """
    engine = load(model, shapes=shapes)
    with open_audio(source) as recording:
        stream = engine.create_stream(sample_rate=recording.rate)
        events = [event for block in recording.blocks for event in stream.accept_waveform(block)]
    return events + stream.input_finished()
