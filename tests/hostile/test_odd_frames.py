"""JSON, base64 and MIME types that the providers' SDKs accept: their audio gets visemes, and no byte is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from support.scripts import converse, speech
from support.wires import WIRES, b64, gemini_audio

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.conftest import Figures

    from mascot_server.providers.codec import Frame

pytestmark = pytest.mark.anyio

MESSAGES: Final = 10
ODD: Final = {
    "half a surrogate pair": r'"\ud83d"',
    "5000 digits": "9" * 5000,
    "nested 300 deep": "[" * 300 + "]" * 300,
    "nested 5000 deep": '{"a":[' * 2500 + "]}" * 2500,
    "duplicate keys": '{"type":1,"type":2},"odd":"\\ud800"',
}
providers = pytest.mark.parametrize("provider", sorted(WIRES))


def edited(frame: Frame, old: str, new: str) -> Frame:
    """Return a frame with replaced text, for any opcode."""
    if isinstance(frame, bytes):
        assert old.encode() in frame
        return frame.replace(old.encode(), new.encode(), 1)
    assert old in frame
    return frame.replace(old, new, 1)


@providers
async def test_odd_messages_get_visemes(tmp_path: Path, figure: Figures, provider: str) -> None:
    wire, sounds = WIRES[provider], [sound[:-2] for sound in speech(MESSAGES)]
    kinds = {
        name: [edited(wire.audio(sound, n), "{", f'{{"odd":{odd},') for n, sound in enumerate(sounds)]
        for name, odd in ODD.items()
    }
    texts = [b64(sound) for sound in sounds]
    odd_texts = [text.rstrip("=").replace("+", "-").replace("/", "_") for text in texts]
    kinds["URL-safe, unpadded base64"] = [
        edited(wire.audio(sound, n), b64(sound), odd_texts[n]) for n, sound in enumerate(sounds)
    ]
    if provider == "gemini":
        kinds["MIME type in capitals"] = [gemini_audio(sound, 1, "Audio/PCM; Rate=24000") for sound in sounds]
    frames = [frame for kind in kinds.values() for frame in kind]
    record = await converse(tmp_path, provider, frames)
    described = [visemes is not None for visemes in record.visemes]
    for number, name in enumerate(kinds):
        with_visemes = sum(described[number * MESSAGES : (number + 1) * MESSAGES])
        figure(f"{name}: messages with visemes of {MESSAGES}", with_visemes, at_least=MESSAGES)
    figure("messages altered", record.altered(frames), at_most=0)
    figure("tracebacks", record.log.count("Traceback"), at_most=0)


@providers
async def test_audio_that_nobody_can_read_is_counted(tmp_path: Path, figure: Figures, provider: str) -> None:
    wire, sounds = WIRES[provider], speech(MESSAGES)
    frames = [
        *(edited(wire.audio(sound, 1), "{", "{,") for sound in sounds),
        *(edited(wire.audio(sound, 1), b64(sound)[:4], "****") for sound in sounds),
    ]
    record = await converse(tmp_path, provider, frames)
    figure(f"messages counted of {len(frames)}", record.undecodable, at_least=len(frames))
    figure("messages altered", record.altered(frames), at_most=0)


async def test_dynamic_variables_are_merged_into_odd_json(tmp_path: Path, figure: Figures) -> None:
    values = '"price": 1.10, "far":1e400, "none":NaN'
    for number, odd in enumerate(ODD.values()):
        values += f', "odd {number}":{odd}'
    said = f'{{"type":"conversation_initiation_client_data","dynamic_variables":{{{values}}}}}'
    config = {"dynamic_variables": {"name": "Ada", "price": 7}}
    record = await converse(tmp_path, "elevenlabs", [], says=[said], config=config)
    (arrived,) = record.to_provider
    figure("variables missing", 0 if '"Ada"' in str(arrived) else 1, at_most=0)
    untouched = str(arrived).replace(',"name":"Ada"', "", 1) == said
    figure("messages altered elsewhere", 0 if untouched else 1, at_most=0)


async def test_the_apps_numbers_are_not_written_anew(tmp_path: Path, figure: Figures) -> None:
    values = ["1.10", "1e400", "-0", "1E5", "NaN", "-Infinity"]
    members = ",".join(f'"v{number}":{value}' for number, value in enumerate(values))
    said = f'{{"type":"conversation_initiation_client_data","dynamic_variables":{{{members}}}}}'
    config = {"dynamic_variables": {"name": "Ada"}}
    record = await converse(tmp_path, "elevenlabs", [], says=[said], config=config)
    text = str(record.to_provider[0]).replace('": ', '":')
    kept = sum(f'"v{number}":{value}' in text for number, value in enumerate(values))
    figure(f"values as they came of {len(values)}", kept, at_least=len(values))
