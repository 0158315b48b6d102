"""Read settings and report every problem at once."""

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
        overrides: Values that take precedence over the environment; ``None`` means no override.

    Returns:
        The settings.

    Raises:
        SettingsError: Settings are invalid. The message names each one and never shows a value.
    """
    return load(Settings, **overrides)


def load(
    kind: type[AnySettings],
    further_problems: Callable[[AnySettings], Iterable[str]] = lambda _: (),
    **overrides: Any,
) -> AnySettings:
    """Read the settings of one class.

    Args:
        kind: The class of the settings.
        further_problems: Returns further problems, such as settings that contradict each other. Each is a line that
            begins with the setting's name. They are reported together with invalid values.
        overrides: As for `load_settings`.

    Returns:
        The settings.

    Raises:
        SettingsError: Settings are invalid. The message names each one and never shows a value.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    prefix = kind.model_config.get("env_prefix", "")
    invalid: dict[str, str] = {}
    with readable_env_file():
        try:
            settings = kind(**given)
        except ValidationError as error:
            invalid = {str(e["loc"][0]): _wording(e["msg"]) for e in error.errors(include_input=False)}
            # Use defaults for the invalid settings, so that the others can be checked.
            settings = kind(**given | {name: kind.model_fields[name].default for name in invalid})
    names = {name: f"{prefix}{name.upper()}" for name in invalid}
    lines = [f"{names[name]}: {wording}" for name, wording in invalid.items()]
    lines += [line for line in further_problems(settings) if not line.startswith(tuple(names.values()))]
    if lines:
        raise SettingsError("\n".join(lines))
    return settings


@contextmanager
def readable_env_file() -> Iterator[None]:
    """Raise ``SettingsError`` if ``.env`` cannot be read."""
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
