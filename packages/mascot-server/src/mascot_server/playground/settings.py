"""Settings of the playground (``MASCOT_DEMO_…``): the keys of real providers and the password of the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field, SecretStr, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from mascot_server.errors import SettingsError
from mascot_server.placeholders import is_placeholder
from mascot_server.providers.registry import PROVIDERS
from mascot_server.settings import ENV_FILE_ENCODING, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_server.providers.agent import FieldKind
    from mascot_server.providers.base import Provider
    from mascot_server.settings import Settings

__all__ = ["DemoSettings", "load_demo_settings"]

MIN_PASSWORD_CHARACTERS: Final = 12
"""Wrong passwords are not counted, so the password must be long enough to resist guessing."""

_VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,2048}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,255}")


def _visible(value: SecretStr) -> SecretStr:
    """Check that a value can be sent in a header, also by a browser, and is not a placeholder."""
    _own(value.get_secret_value())
    if not _VISIBLE.fullmatch(value.get_secret_value()):
        raise ValueError("must be 1 to 2048 printable ASCII characters without spaces")
    return value


def _long(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < MIN_PASSWORD_CHARACTERS:
        raise ValueError(f"must have at least {MIN_PASSWORD_CHARACTERS} characters")
    return value


def _own(value: str) -> None:
    if is_placeholder(value):
        raise ValueError("is a placeholder from the documentation; set your own value, or remove the setting")


def _name(value: str) -> str:
    _own(value)
    if not _NAME.fullmatch(value):
        raise ValueError("must be the ID of an agent, such as agent_0123456789")
    return value


Secret = Annotated[SecretStr, AfterValidator(_visible)]
Password = Annotated[Secret, AfterValidator(_long)]
Name = Annotated[str, AfterValidator(_name)]

_KINDS: Final[Mapping[FieldKind, Any]] = {"secret": Secret, "name": Name}


def _agent_fields() -> type[BaseSettings]:
    """Return a class with the settings of each provider's real agent."""
    fields: dict[str, Any] = {
        f"{name}_{field}": (_KINDS[kind] | None, Field(default=None, description=description))
        for name, provider in PROVIDERS.items()
        for field, (kind, description) in provider.agent.fields.items()
    }
    return create_model("AgentFields", __base__=BaseSettings, **fields)


if TYPE_CHECKING:

    class _AgentFields(BaseSettings):
        """See `_agent_fields`."""
else:
    _AgentFields = _agent_fields()


class DemoSettings(_AgentFields):
    """Settings of ``mascot-server demo``, read in addition to ``Settings``. Their prefix is ``MASCOT_DEMO_``."""

    model_config = SettingsConfigDict(
        env_prefix="MASCOT_DEMO_",
        env_file=".env",
        env_file_encoding=ENV_FILE_ENCODING,
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
    )

    password: Password | None = Field(
        default=None,
        description="Password of the playground's page, at least 12 characters. Required if the server listens on an "
        "address other than loopback.",
    )

    def check(self, settings: Settings) -> None:
        """Check that the settings are complete and that strangers cannot use the provider keys.

        Args:
            settings: The settings of the server, which contain its address.

        Raises:
            SettingsError: Only a part of a provider's settings is given, or the server would listen on an address
                other than loopback without a password.
        """
        for provider in PROVIDERS.values():
            self._check_complete(provider)
        if self.password is None and not settings.on_loopback:
            raise SettingsError(
                f"MASCOT_DEMO_PASSWORD: missing; it is required to listen on {settings.host}, because this is not a "
                "loopback address"
            )

    def values_of(self, provider: Provider[Any]) -> dict[str, str] | None:
        """Return the settings of a provider's real agent by field; ``None`` if they are not set."""
        values = {field: getattr(self, f"{provider.name}_{field}") for field in provider.agent.fields}
        if None in values.values():
            return None
        return {
            field: value.get_secret_value() if isinstance(value, SecretStr) else value
            for field, value in values.items()
        }

    def _check_complete(self, provider: Provider[Any]) -> None:
        names = [f"{provider.name}_{field}" for field in provider.agent.fields]
        missing = [name for name in names if getattr(self, name) is None]
        if missing and len(missing) < len(names):
            given = next(name for name in names if name not in missing)
            raise SettingsError(
                f"MASCOT_DEMO_{missing[0].upper()}: missing; MASCOT_DEMO_{given.upper()} is set, and "
                f"{provider.title} requires both"
            )


def load_demo_settings() -> DemoSettings:
    """Read the settings.

    Raises:
        SettingsError: Settings are invalid. The message names each one and never shows a value.
    """
    return load(DemoSettings)
