from __future__ import annotations

from pathlib import Path

from support.metadata import version_of

import mascot_server


def test_public_names() -> None:
    assert mascot_server.__all__ == ["Settings", "SettingsError", "create_app", "load_settings"]


def test_the_version_is_that_of_the_distribution(tmp_path: Path) -> None:
    assert version_of("mascot_server", tmp_path) == "9.8.7"
