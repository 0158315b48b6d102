"""How the playground's faces move by the server's blend weights, beside how they move by visemes alone.

Judged on the simulators' English sentences, in pictures of 1/60 s, by the parameters that the faces are drawn from
(0 to 1): how far the jaw moves from one picture to the next, how often it turns round, and whether lips are closed for
every P, B and M.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import wave
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import mascot_visemes as mv

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
FACES = ROOT / "packages/mascot-server/src/mascot_server/playground/static/faces/shapes.js"
CLOSED = 0.05

PROGRAM = f"""
import {{ VisemeTimeline }} from {json.dumps((ROOT / "packages/mascot-web/src/index.js").as_uri())};
import {{ blended }} from {json.dumps(FACES.as_uri())};
import {{ readFileSync }} from "node:fs";
const mouth = (timeline, ms) => blended(Object.entries(timeline.weights("sapi", ms)));
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map((payloads) => {{
  const timeline = new VisemeTimeline({{ clock: () => 0, shapes: "sapi" }});
  let end = 0;
  for (const payload of payloads) end = timeline.add(payload, end).endMs;
  const closures = timeline.events().filter(({{ viseme }}) => viseme === 21).map(({{ startMs }}) => startMs);
  return {{
    pictures: Array.from({{ length: end * 0.06 }}, (_, index) => mouth(timeline, (index * 1000) / 60)),
    closures: closures.map((ms) =>
      Math.min(...Array.from({{ length: 31 }}, (_, index) => mouth(timeline, ms + 2 * index).open))),
  }};
}})));
"""


def conversation(name: str, *, weights: bool) -> list[dict[str, Any]]:
    """A sentence in messages of 100 ms, by the model of live conversations."""
    with (files("mascot_server.simulators") / "assets" / "en" / name).open("rb") as file:
        with wave.open(file) as reader:
            rate = reader.getframerate()
            samples = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
    stream = mv.load("lite").create_stream(sample_rate=rate, weights="oculus" if weights else False)
    made, step = [], rate // 10
    for begin in range(0, len(samples), step):
        chunk = samples[begin : begin + step].tobytes()
        began = begin * 1000 // rate
        visemes = [
            {"visemeId": event.viseme, "offset": max(0, event.time_ms - began)}
            for event in stream.accept_waveform(chunk)
        ]
        payload: dict[str, Any] = {"visemes": visemes, "audio_duration": len(chunk) // 2 * 1000 / rate}
        if weights:
            rows = base64.b64encode(np.round(stream.weights * 255).astype(np.uint8).tobytes()).decode()
            payload["weights"] = {"fps": 100, "names": stream.columns, "frames": rows}
        made.append(payload)
    return made


def movement(*, weights: bool) -> dict[str, float]:
    program = shutil.which("node")
    if program is None:
        pytest.skip("needs Node.js 20 or newer")
    folder = files("mascot_server.simulators") / "assets" / "en"
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".wav"))
    given = json.dumps([conversation(name, weights=weights) for name in names])
    ran = subprocess.run(
        [program, "--input-type=module", "-e", PROGRAM],
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    jaws, largest, turns, seconds, closures = [], 0.0, 0, 0.0, []
    for spoken in json.loads(ran.stdout):
        parameters: NDArray[Any] = np.array([list(picture.values()) for picture in spoken["pictures"]])
        jaw = np.diff(parameters[:, list(spoken["pictures"][0]).index("open")])
        jaws.append(np.abs(jaw))
        largest = max(largest, float(np.abs(np.diff(parameters, axis=0)).max()))
        ways = np.sign(jaw[np.abs(jaw) > 0.01])
        turns += int((ways[1:] != ways[:-1]).sum())
        seconds += len(parameters) / 60
        closures += spoken["closures"]
    jaw = np.concatenate(jaws)
    return {
        "jaw_change_median": float(np.median(jaw)),
        "jaw_change_p95": float(np.percentile(jaw, 95)),
        "jaw_change_max": float(jaw.max()),
        "any_change_max": largest,
        "turns_per_second": turns / seconds,
        "closures": len(closures),
        "closures_closed": float((np.array(closures) < CLOSED).mean()),
        "seconds": seconds,
    }


def test_faces_move_more_calmly_by_weights(record_property: Callable[[str, object], None]) -> None:
    by_visemes, by_weights = movement(weights=False), movement(weights=True)
    for name, figures in (("visemes", by_visemes), ("weights", by_weights)):
        record_property(
            f"movement by {name}", json.dumps({key: round(value, 3) for key, value in figures.items()})
        )
    assert by_weights["jaw_change_p95"] < 0.9 * by_visemes["jaw_change_p95"]
    assert by_weights["turns_per_second"] < by_visemes["turns_per_second"]
    assert by_weights["closures"] == by_visemes["closures"] > 20
    assert by_weights["closures_closed"] == 1
    # Lips that close are shut within two rows of 10 ms; a picture lasts 17 ms.
    assert by_weights["any_change_max"] < 0.9
