"""Reads settings, and names everything that is wrong with them."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from mascot_server.errors import SettingsError
from mascot_server.settings.model import Settings

__all__ = ["load", "load_settings"]

AnySettings = TypeVar("AnySettings", bound=BaseSettings)


def load_settings(**overrides: Any) -> Settings:
    """Reads the settings.

    Args:
        overrides: Values that win over the environment; `None` leaves a setting alone.

    Returns:
        The settings.

    Raises:
        SettingsError: Some are wrong; the text names each one and never shows a value.
    """
    return load(Settings, **overrides)


def load(kind: type[AnySettings], **overrides: Any) -> AnySettings:
    """Reads settings of a kind; see `load_settings`.

    Raises:
        SettingsError: Some are wrong; the text names each one and never shows a value.
    """
    try:
        return kind(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        lines = [
            f"{prefix}{str(e['loc'][0]).upper()}: {_wording(e['msg'])}"
            for e in error.errors(include_input=False)
        ]
        raise SettingsError("\n".join(lines)) from None


def _wording(message: str) -> str:
    return message.removeprefix("Value error, ")
