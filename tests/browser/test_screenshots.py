"""Pictures of the page, for people to look at.

Those of the documentation are made anew by

    MASCOT_ARTEFACTS=docs/images pytest tests/browser/test_screenshots.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from browser.conftest import Playground

    Visit = Callable[..., AbstractContextManager[Playground]]

LARGEST_BYTES = 300_000
DESKTOP = {"viewport": {"width": 1280, "height": 856}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}


def picture(playground: Playground, artefacts: Path, name: str) -> None:
    playground.page.evaluate("scrollTo(0, 0)")
    file = artefacts / f"playground-{name}.png"
    playground.page.screenshot(path=file)
    assert 10_000 < file.stat().st_size < LARGEST_BYTES


def speak(playground: Playground, avatar: str, provider: str, visemes: set[str], after_ms: int) -> None:
    """Lets a face talk, until its mouth has one of these shapes."""
    page = playground.page
    # Calm eyes: nobody blinks or looks away just now.
    page.evaluate("Math.random = () => 0.8")
    page.check(f"#avatars input[value={avatar}]", force=True)
    playground.choose(provider)
    playground.write("When does the ferry leave?")
    playground.wait_for_state("speaking")
    page.wait_for_timeout(after_ms)
    page.wait_for_function(
        "wanted => wanted.includes(document.documentElement.dataset.viseme)", arg=list(visemes), polling="raf"
    )


def test_idle(visit: Visit, artefacts: Path) -> None:
    with visit(color_scheme="light", **DESKTOP) as playground:
        playground.page.wait_for_timeout(600)
        picture(playground, artefacts, "idle")


def test_speaking(visit: Visit, artefacts: Path) -> None:
    with visit(color_scheme="light", **DESKTOP) as playground:
        speak(playground, "pip", "openai", {"1", "2", "11"}, 2600)
        picture(playground, artefacts, "speaking")


def test_dark(visit: Visit, artefacts: Path) -> None:
    with visit(color_scheme="dark", **DESKTOP) as playground:
        speak(playground, "bolt", "gemini", {"1", "2", "11"}, 2600)
        picture(playground, artefacts, "dark")


def test_phone(visit: Visit, artefacts: Path) -> None:
    with visit(color_scheme="light", **PHONE) as playground:
        speak(playground, "mira", "openai", {"4", "6", "11"}, 2000)
        picture(playground, artefacts, "phone")
