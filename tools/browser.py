"""Chromium for the tests that open a page: ``python -m tools.browser`` installs it where it can.

Playwright's own browsers are built for it and come from its own servers; any Chromium of the last years does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

__all__ = ["HOW_TO_GET_IT", "find_chromium", "launch_arguments"]

HOW_TO_GET_IT: Final = (
    "no Chromium: install one (on Debian `apt-get install chromium`), or name it by MASCOT_CHROMIUM"
)
"""What a test that is skipped for want of it says."""

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

_PACKAGES: Final = ("chromium", "fonts-dejavu-core")
"""A page without any font shows boxes."""

_QUIET: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It asks for nothing by itself, and draws without a graphics card."""

_MICROPHONE: Final = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)


def find_chromium() -> Path | None:
    """Find an installed Chromium.

    Returns:
        The one that `MASCOT_CHROMIUM` names, or else the first on the `PATH`; `None` if there is none.

    Raises:
        FileNotFoundError: `MASCOT_CHROMIUM` names no file.
    """
    named = os.environ.get("MASCOT_CHROMIUM")
    if named:
        if not Path(named).is_file():
            raise FileNotFoundError(f"MASCOT_CHROMIUM: there is no {named}")
        return Path(named)
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return None if found is None else Path(found)


def launch_arguments(*, microphone: bool = False) -> list[str]:
    """Return the arguments to start Chromium with.

    Args:
        microphone: Give pages a microphone that beeps, and let them play sound, without asking anybody.
    """
    # Its sandbox refuses to be started by root, which is who tests are run by in a container.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*(["--no-sandbox"] if root else []), *_QUIET, *(_MICROPHONE if microphone else ())]


def install() -> Path | None:
    """Installs Debian's Chromium where there is none, and this is root on Debian or a system made from it.

    Returns:
        Where it is; `None` if there still is none.
    """
    found = find_chromium()
    if found is not None or shutil.which("apt-get") is None or os.geteuid() != 0:
        return found
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *_PACKAGES]):
        ran = subprocess.run(["apt-get", *arguments], env=environment, stdout=sys.stderr, check=False)  # noqa: S603, S607
        if ran.returncode:
            break
    return find_chromium()


if __name__ == "__main__":
    print(install() or HOW_TO_GET_IT)
