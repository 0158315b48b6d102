"""The example in the parity matrix."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from server.providers.scenarios import Scenario
from support.wires import Wire, b64

from .codec import ExampleCodec
from .documents import PATH

if TYPE_CHECKING:
    from mascot_server.providers.codec import Frame


def _audio(data: bytes, _: int) -> str:
    return json.dumps({"type": "audio", "data": b64(data)})


def _payload(frames: tuple[Frame, ...]) -> tuple[dict[str, Any], Frame]:
    (frame,) = frames
    assert isinstance(frame, str)
    payload = json.loads(frame)["visemes"]
    return payload, frame.replace(f',"visemes":{json.dumps(payload, separators=(",", ":"))}', "", 1)


SCENARIO = Scenario(
    wire=Wire(
        name="example",
        codec=ExampleCodec,
        opening=('{"type": "ready", "rate": 24000}',),
        audio=_audio,
        interruption=('{"type": "stop"}',),
        turn_end=('{"type": "end"}',),
        broken=('{"type": "audio", "data": "AAAAA"}', '{"type": "audio"}', '{"type": "audio", "data": '),
        payload=_payload,
    ),
    config={"api_key": "a-key"},
    path=PATH,
    parameter="token",
    reformat=('{"type": "ready", "rate": 16000}',),
    reformatted=_audio,
)
