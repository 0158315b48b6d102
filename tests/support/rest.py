"""Make recordings for the REST endpoints, and parse their events like an app."""

from __future__ import annotations

import io
import json
import wave
from typing import TYPE_CHECKING, Any

from mascot_server.simulators.core.voice import greeting
from support.servers import API_KEY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AUTHORIZED = {"Authorization": f"Bearer {API_KEY}"}
RATE = greeting().sample_rate


def wav(samples: NDArray[np.int16], rate: int = RATE) -> bytes:
    """Return a WAV file; samples of shape (n,) or (n, channels)."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(samples.shape[1] if samples.ndim > 1 else 1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def events(text: str) -> list[Any]:
    """Return the data of each event of an event stream, without comments and other fields."""
    found = []
    for block in text.split("\n\n"):
        data = [line.removeprefix("data: ") for line in block.split("\n") if line.startswith("data: ")]
        if data:
            found.append(json.loads("\n".join(data)))
    return found


def visemes(found: list[Any]) -> list[Any]:
    """Return all visemes of events, in order."""
    return [viseme for event in found for viseme in event.get("visemes", ())]
