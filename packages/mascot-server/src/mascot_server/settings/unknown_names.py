"""Report unknown names with the prefix ``MASCOT_``: a misspelt setting would silently have no effect."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING, Final

from pydantic_settings import DotEnvSettingsSource

from mascot_server.settings.loading import readable_env_file

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings

__all__ = ["unknown_names"]

_PREFIX: Final = "MASCOT_"
_OF_CLIENT: Final = frozenset({"MASCOT_API_KEY", "MASCOT_BASE_URL"})
"""Names that mascot-client reads. It may share an environment with a server."""


def unknown_names(*kinds: type[BaseSettings]) -> list[str]:
    """Return a line for each name in the environment or ``.env`` that begins with ``MASCOT_`` but is not a setting.

    Args:
        kinds: All kinds of settings.

    Raises:
        SettingsError: `.env` cannot be read.
    """
    known = {
        f"{kind.model_config.get('env_prefix', '')}{field}".upper()
        for kind in kinds
        for field in kind.model_fields
    }
    with readable_env_file():
        names = {name.upper() for name in (*os.environ, *DotEnvSettingsSource(kinds[0]).env_vars)}
    unknown = sorted(name for name in names - known - _OF_CLIENT if name.startswith(_PREFIX))
    return [f"{name}: unknown setting{_suggestion(name, known)}" for name in unknown]


def _suggestion(name: str, known: set[str]) -> str:
    # Without the prefix, which makes all names alike.
    bare = {other.removeprefix(_PREFIX): other for other in known}
    close = difflib.get_close_matches(name.removeprefix(_PREFIX), bare, n=1, cutoff=0.7)
    return f"; did you mean {bare[close[0]]}?" if close else "; see docs/settings.md for all settings"
