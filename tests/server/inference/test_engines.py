"""Which model moves the mouth: the one that the URL was signed for, else the one that the query names."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from support.apps import sign
from support.servers import RunningServer, run_server, run_simulators
from websockets.asyncio.client import connect

import mascot_visemes as mv
from mascot_server.inference.viseme_models import VISEME_MODELS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

_MESSAGES = 20
_FAST_MODEL = {"default": "lite", "indonesian": "lite"}
"""By viseme model of the API the network of mascot-visemes that is used with `MASCOT_LIVE_MODEL=lite`."""


@pytest.fixture(scope="module")
def patient() -> Iterator[RunningServer]:
    """A server in front of agents that speak Indonesian, with time to predict all of it."""
    with (
        run_simulators(burst=50, playback=math.inf, language="id") as providers,
        run_server(providers.origin, viseme_budget_ms=1000, live_model="lite") as server,
    ):
        yield server


async def heard(server: RunningServer, query: str = "", **config: Any) -> tuple[list[int], list[bytes]]:
    """Shapes of the first messages of a burst, and their audio and that of the message after them."""
    url, _ = await sign(server, "elevenlabs", **config)
    shapes: list[int] = []
    audio: list[bytes] = []
    async with asyncio.timeout(10), connect(url + query, compression=None, proxy=None) as connection:
        while len(audio) <= _MESSAGES:
            message = json.loads(await connection.recv())
            if message["type"] == "visemes" and len(audio) < _MESSAGES:
                shapes += [viseme["visemeId"] for viseme in message["visemes"]]
            elif message["type"] == "audio":
                audio.append(base64.b64decode(message["audio_event"]["audio_base_64"]))
    return shapes, audio


def networks_that_fit(shapes: list[int], audio: list[bytes]) -> set[str]:
    """Which networks of mascot-visemes make these shapes of a burst.

    But for its first quarter: how much of a burst was there when inference ran on its first messages depends on the
    network.
    """
    known = len(shapes) * 3 // 4
    assert known > 15
    found = set()
    for model in mv.available_models():
        engine = mv.load(model)
        stream = engine.create_stream(sample_rate=16_000)
        shown = [
            change.viseme
            for chunk, after in pairwise(audio)
            for change in stream.accept_waveform(chunk, lookahead=after)
        ]
        if shown[-known:] == shapes[-known:]:
            found.add(engine.network)
    return found


@pytest.mark.parametrize("model", VISEME_MODELS)
async def test_the_config_names_it(patient: RunningServer, model: str) -> None:
    shapes, audio = await heard(patient, viseme_model=model)
    assert networks_that_fit(shapes, audio) == {mv.load(_FAST_MODEL[model]).network}
    assert len(shapes) > 20


@pytest.mark.parametrize("model", VISEME_MODELS)
async def test_the_query_names_it_if_the_config_does_not(patient: RunningServer, model: str) -> None:
    shapes, audio = await heard(patient, query=f"&viseme_model={model}")
    assert networks_that_fit(shapes, audio) == {mv.load(_FAST_MODEL[model]).network}


async def test_the_config_comes_before_the_query_and_english_is_the_default(patient: RunningServer) -> None:
    shapes, audio = await heard(patient, query="&viseme_model=indonesian", viseme_model="default")
    assert networks_that_fit(shapes, audio) == {"lite"}
    shapes, audio = await heard(patient)
    assert networks_that_fit(shapes, audio) == {"lite"}


async def test_a_host_may_always_use_the_accurate_network() -> None:
    with (
        run_simulators(burst=50, playback=math.inf, language="id") as providers,
        run_server(providers.origin, viseme_budget_ms=1000, live_model="default") as server,
    ):
        for asked, model in (("default", "default"), ("indonesian", "indonesian")):
            shapes, audio = await heard(server, viseme_model=asked)
            assert networks_that_fit(shapes, audio) == {mv.load(model).network}
