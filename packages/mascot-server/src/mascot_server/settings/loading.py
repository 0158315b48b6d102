"""Reads settings, and names everything that is wrong with them."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from mascot_server.errors import SettingsError
from mascot_server.settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["load", "load_settings", "readable_env_file"]

AnySettings = TypeVar("AnySettings", bound=BaseSettings)


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Args:
        overrides: Values that win over the environment; `None` leaves a setting alone.

    Returns:
        The settings.

    Raises:
        SettingsError: Some are wrong; the text names each one and never shows a value.
    """
    return load(Settings, **overrides)


def load(
    kind: type[AnySettings],
    further_problems: Callable[[AnySettings], Iterable[str]] = lambda _: (),
    **overrides: Any,
) -> AnySettings:
    """Read settings of a kind.

    Args:
        kind: The class of the settings.
        further_problems: Returns what else is wrong with settings whose values are valid, a line each that begins with
            the setting's name. Its lines are raised together with those about invalid values.
        overrides: As for `load_settings`.

    Returns:
        The settings.

    Raises:
        SettingsError: Some are wrong; the text names each one and never shows a value.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    prefix = kind.model_config.get("env_prefix", "")
    invalid: dict[str, str] = {}
    with readable_env_file():
        try:
            settings = kind(**given)
        except ValidationError as error:
            invalid = {str(e["loc"][0]): _wording(e["msg"]) for e in error.errors(include_input=False)}
            # The others are looked at with defaults in place of these.
            settings = kind(**given | {name: kind.model_fields[name].default for name in invalid})
    names = {name: f"{prefix}{name.upper()}" for name in invalid}
    lines = [f"{names[name]}: {wording}" for name, wording in invalid.items()]
    lines += [line for line in further_problems(settings) if not line.startswith(tuple(names.values()))]
    if lines:
        raise SettingsError("\n".join(lines))
    return settings


@contextmanager
def readable_env_file() -> Iterator[None]:
    """Turn what a damaged `.env` raises into a `SettingsError`."""
    try:
        yield
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f".env: line {line} is not UTF-8 text; save {Path('.env').absolute()} as UTF-8"
        ) from None
    except OSError as error:
        raise SettingsError(
            f".env: {Path('.env').absolute()} cannot be read: {error.strerror or error}"
        ) from None


def _wording(message: str) -> str:
    return message.removeprefix("Value error, ")
