"""The viseme payload of one audio message, as JSON text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mascot_server.inference.viseme_sets import VisemeSets
    from mascot_server.inference.weights import WeightRows
    from mascot_server.providers.codec import Audio

__all__ = ["viseme_payload"]


def viseme_payload(
    sets: VisemeSets,
    audio: Audio,
    changes: Iterable[tuple[int, int | str]],
    weights: WeightRows | None,
    *,
    named: bool,
) -> str:
    """Return the payload.

    Args:
        sets: Viseme sets of the conversation.
        audio: The audio.
        changes: Offsets in milliseconds, and the visemes from there on.
        weights: Blend weights of the audio, if any.
        named: Whether to include the names of the columns of the weights.
    """
    # All values are numbers and names of visemes. Numbers have the same text in JSON and in Python.
    member, quote = sets.event_member, "" if sets.shapes == "sapi" else '"'
    visemes = ",".join(
        [f'{{"{member}":{quote}{shape}{quote},"offset":{offset}}}' for offset, shape in changes]
    )
    blended = ""
    if weights is not None:
        blended = f',"weights":{json.dumps(weights.as_json(named=named), separators=(",", ":"))}'
    return (
        f'{{"visemes":[{visemes}],"audio_event_id":{audio.event_id},"subchunk_id":1,"total_chunks":1,'
        f'"audio_duration":{audio.duration_ms}{blended}}}'
    )
