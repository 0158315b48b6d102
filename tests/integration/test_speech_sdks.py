"""The official SDKs for text to speech against the simulators that stand in for their services."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import pytest
import soundfile
from elevenlabs import ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import VoiceSettings
from support.servers import run_simulators

from mascot_server import simulators

if TYPE_CHECKING:
    from collections.abc import Iterator

cartesia = pytest.importorskip("cartesia")

TEXT = "Hello there. This is a test of two sentences, and of some more words than the first recording has."
RAW = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 16000}


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with run_simulators(burst=math.inf) as providers:
        yield providers.origin


def elevenlabs(origin: str, key: str = simulators.ELEVENLABS_API_KEY) -> ElevenLabs:
    return ElevenLabs(api_key=key, base_url=origin)


def cartesian(origin: str, key: str = simulators.CARTESIA_API_KEY) -> Any:
    return cartesia.Cartesia(api_key=key, base_url=origin, max_retries=0)


def test_elevenlabs_streams_speech(origin: str) -> None:
    for rate in (16000, 24000):
        stream = elevenlabs(origin).text_to_speech.stream(
            simulators.ELEVENLABS_VOICE_ID,
            text=TEXT,
            model_id="eleven_flash_v2_5",
            output_format=f"pcm_{rate}",
            voice_settings=VoiceSettings(speed=1.1),
        )
        sound = b"".join(stream)
        assert len(sound) / 2 / rate == pytest.approx(8, abs=4)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"key": "wrong"}, 401, "invalid_api_key"),
        ({"voice_id": "nobody"}, 404, "voice_not_found"),
        ({"text": " "}, 400, "input_text_empty"),
        ({"voice_settings": VoiceSettings(speed=2)}, 400, "invalid_voice_settings"),
        ({"output_format": "mp3_44100_128"}, 403, "output_format_not_allowed"),
    ],
)
def test_elevenlabs_refuses(origin: str, change: dict[str, object], status: int, code: str) -> None:
    asked = {"voice_id": simulators.ELEVENLABS_VOICE_ID, "text": TEXT, "output_format": "pcm_16000", **change}
    client = elevenlabs(origin, str(asked.pop("key", simulators.ELEVENLABS_API_KEY)))
    with pytest.raises(ApiError) as caught:
        list(client.text_to_speech.stream(**asked))  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.status_code == status
    assert caught.value.body["detail"]["status"] == code


@pytest.mark.parametrize(
    "voice", [simulators.CARTESIA_VOICE_ID, {"mode": "id", "id": simulators.CARTESIA_VOICE_ID}]
)
def test_cartesia_speaks(origin: str, voice: object) -> None:
    answer = cartesian(origin).tts.generate(
        model_id="sonic-3",
        transcript=TEXT,
        voice=voice,
        output_format=RAW,
        language="en",
        generation_config={"speed": 1.2},
    )
    assert len(answer.read()) / 2 / 16000 == pytest.approx(8, abs=4)


def test_cartesia_speaks_wav(origin: str) -> None:
    answer = cartesian(origin).tts.generate(
        model_id="sonic-3",
        transcript=TEXT,
        voice=simulators.CARTESIA_VOICE_ID,
        output_format={**RAW, "container": "wav"},
    )
    samples, rate = soundfile.read(io.BytesIO(answer.read()))
    assert rate == 16000
    assert len(samples) / rate == pytest.approx(8, abs=4)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"key": "wrong"}, "AuthenticationError"),
        ({"voice": "nobody"}, "NotFoundError"),
        ({"transcript": ""}, "BadRequestError"),
        ({"generation_config": {"speed": 3}}, "BadRequestError"),
        ({"output_format": {**RAW, "sample_rate": 1}}, "BadRequestError"),
        ({"extra_headers": {"Cartesia-Version": ""}}, "BadRequestError"),
    ],
)
def test_cartesia_refuses(origin: str, change: dict[str, object], error: str) -> None:
    asked = {
        "model_id": "sonic-3", "transcript": TEXT, "voice": simulators.CARTESIA_VOICE_ID, "output_format": RAW,
        **change,
    }  # fmt: skip
    client = cartesian(origin, str(asked.pop("key", simulators.CARTESIA_API_KEY)))
    with pytest.raises(getattr(cartesia, error)):
        client.tts.generate(**asked)
