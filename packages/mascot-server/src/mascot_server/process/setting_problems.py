"""Problems of settings whose values are valid: missing settings and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mascot_server.errors import SettingsError
from mascot_server.observability.tracing import tracing
from mascot_server.process.tls import tls_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mascot_server.settings import Settings

__all__ = ["setting_problems"]


def setting_problems(settings: Settings, *, dev: bool = False) -> Iterator[str]:
    """Yield a line for each setting that prevents the server from starting.

    Args:
        settings: The settings to check.
        dev: Whether a missing key and secret are generated.
    """
    checks: list[Callable[[], object]] = [
        lambda: tls_options(settings),
        lambda: tracing(enabled=settings.tracing),
    ]
    for check in checks if dev else [settings.check_safe, *checks]:
        try:
            check()
        except SettingsError as error:
            yield from str(error).splitlines()
    for name in ("piper_voices", "kokoro_model", "kokoro_voices"):
        path = getattr(settings, name)
        if path is not None and not path.exists():
            yield f"MASCOT_{name.upper()}: there is no {path}"
