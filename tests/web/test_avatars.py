"""TalkingHead and three-vrm, the real packages, in Chromium: their mouths against the audio clock."""

from __future__ import annotations

import base64
import json
import math
import wave
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from playwright.sync_api import sync_playwright
from support.mouth_sync import figures_of, wanted

import mascot_visemes as mv
from tools.browser import HOW_TO_GET_IT, find_chromium, launch_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

MODULE = Path(__file__).parents[2] / "packages" / "mascot-web"


def names(text: str) -> list[str]:
    return text.split()


# What is shown for each SAPI id and each Oculus viseme.
OCULUS = names("sil PP FF TH DD kk CH SS nn RR aa E ih oh ou")
SHOWN: dict[str, dict[int | str, str]] = {
    "talkinghead": {
        **dict(enumerate(names("sil aa aa oh E RR ih ou oh aa oh aa E RR nn SS CH TH FF DD kk PP"))),
        **dict(zip(OCULUS, OCULUS, strict=True)),
    },
    "vrm": {
        **dict(enumerate(names("sil aa aa oh ee ou ih ou oh aa oh aa ee ou ih ih ou ih sil ih ih sil"))),
        **dict(zip(OCULUS, names("sil sil sil ih ih ih ou ih ih ou aa ee ih oh ou"), strict=True)),
    },
}

# The versions that this was made with; three is the one that TalkingHead asks for.
PACKAGES = ("@met4citizen/talkinghead@1.7.0", "@pixiv/three-vrm@3.5.5", "three@0.180.0")
IMPORTS = {
    "mascot-web": "/mascot-web/index.js",
    "three": "/node_modules/three/build/three.module.js",
    "three/addons/": "/node_modules/three/examples/jsm/",
    "@met4citizen/talkinghead": "/node_modules/@met4citizen/talkinghead/modules/talkinghead.mjs",
    "@pixiv/three-vrm": "/node_modules/@pixiv/three-vrm/lib/three-vrm.module.js",
}
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script type="importmap">{imports}</script><script type="module" src="/avatars.js"></script>"""
MESSAGE_S = 0.1
# Weights change at once nowhere: 80 ms from one viseme to the next, and short ones between may never lead.
BOUND_MS = 60.0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    path = find_chromium()
    if path is None:
        pytest.skip(HOW_TO_GET_IT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=launch_arguments(microphone=True))
        yield browser
        browser.close()


@pytest.fixture
def page(
    chromium: Any, npm_install: Callable[..., Path], serve: Callable[[Path], str], tmp_path: Path
) -> Iterator[Page]:
    (tmp_path / "index.html").write_text(PAGE.format(imports=json.dumps({"imports": IMPORTS})))
    (tmp_path / "avatars.js").write_text(Path(__file__).with_name("avatars.js").read_text("utf-8"))
    (tmp_path / "node_modules").symlink_to(npm_install(*PACKAGES) / "node_modules")
    (tmp_path / "mascot-web").symlink_to(MODULE / "src")
    problems: list[str] = []
    page = chromium.new_page()
    page.set_default_timeout(120_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.extend([message.text] if message.type == "error" else []))
    page.goto(f"{serve(tmp_path)}/index.html")
    page.wait_for_function("globalThis.ready")
    yield page
    page.close()
    assert problems == []


def messages(*, weights: bool) -> list[dict[str, Any]]:
    """A sentence of six seconds as a server sends it, in messages of 100 ms."""
    with (files("mascot_server.simulators") / "assets" / "en" / "2-ferry.wav").open("rb") as file:
        with wave.open(file) as reader:
            rate = reader.getframerate()
            samples = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
    engine = mv.load("default", shapes="oculus" if weights else "sapi")
    stream = engine.create_stream(sample_rate=rate, weights=weights)
    key = "viseme" if weights else "visemeId"
    made: list[dict[str, Any]] = []
    step = int(MESSAGE_S * rate)
    for begin in range(0, len(samples), step):
        chunk = samples[begin : begin + step].tobytes()
        began = begin * 1000 // rate
        visemes = [
            {key: event.viseme, "offset": max(0, event.time_ms - began)}
            for event in stream.accept_waveform(chunk)
        ]
        payload: dict[str, Any] = {"visemes": visemes, "audio_duration": len(chunk) // 2 * 1000 / rate}
        if weights:
            frames = base64.b64encode(np.round(stream.weights * 255).astype(np.uint8).tobytes()).decode()
            payload["weights"] = {"fps": 100, "offset": 0, "frames": frames}
            if not made:
                payload["weights"]["names"] = OCULUS
        made.append({"base64": base64.b64encode(chunk).decode(), "rate": rate, "payload": payload})
    return made


@pytest.mark.parametrize("weights", [False, True], ids=["visemes", "weights"])
@pytest.mark.parametrize("avatar", ["talkinghead", "vrm"])
def test_the_mouth_keeps_time_with_what_is_heard(
    page: Page,
    artefacts: Path,
    record_property: Callable[[str, object], None],
    avatar: str,
    weights: bool,
) -> None:
    sent = messages(weights=weights)
    played = page.evaluate("([kind, messages]) => play(kind, messages)", [avatar, sent])
    frames, payloads = played["frames"], [message["payload"] for message in sent]
    # What the resampler holds back is scheduled a little later; starts follow from the first one.
    starts, at = [], played["starts"][0]["atMs"]
    for payload in payloads:
        starts.append({"atMs": at})
        at += payload["audio_duration"]

    spans = wanted(payloads, starts, SHOWN[avatar].__getitem__)
    figures = figures_of(spans, frames)
    name = f"{avatar}-{'weights' if weights else 'visemes'}"
    (artefacts / f"avatar-{name}.json").write_text(json.dumps(figures, indent=1))
    record_property(f"mouth against audio clock, {name}", json.dumps(figures))
    assert figures["changes"] >= 10
    assert math.isfinite(figures["error_ms_max"])
    assert abs(figures["lag_ms_median"]) <= BOUND_MS / 2 + figures["frame_ms_median"]
    assert figures["error_ms_p95"] <= BOUND_MS
    assert frames[-1]["viseme"] == "sil"
    assert len({frame["viseme"] for frame in frames}) >= 4
