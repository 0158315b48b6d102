"""docs/security.md names the limits that the settings have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mascot_server.settings import Settings

ROOT = Path(__file__).parents[2]

LIMITING = ("max_", "_seconds", "_concurrency", "_per_second", "_bytes")


def test_the_table_of_limits_is_up_to_date() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tools.security_page", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def test_every_setting_that_limits_something_is_in_it() -> None:
    page = (ROOT / "docs/security.md").read_text()
    limiting = [name for name in Settings.model_fields if any(part in name for part in LIMITING)]
    assert not [name for name in limiting if f"`MASCOT_{name.upper()}`" not in page]
