"""Settings of the playground, all named `MASCOT_DEMO_…`: whose keys it talks with, and who may use it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from mascot_server.errors import SettingsError
from mascot_server.settings import load

if TYPE_CHECKING:
    from mascot_server.settings import Settings

__all__ = ["DemoSettings", "load_demo_settings"]

MIN_PASSWORD_CHARACTERS: Final = 12
"""Wrong ones are not counted, so that it must be out of reach of a program that tries them all."""

_VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,2048}")
_AGENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,255}")


def _visible(value: SecretStr) -> SecretStr:
    """They end up in headers, those of browsers included, which leave no room for anything else."""
    if not _VISIBLE.fullmatch(value.get_secret_value()):
        raise ValueError("must be 1 to 2048 printable ASCII characters without blanks")
    return value


def _long(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < MIN_PASSWORD_CHARACTERS:
        raise ValueError(f"must be {MIN_PASSWORD_CHARACTERS} characters or longer")
    return value


def _agent_id(value: str) -> str:
    if not _AGENT_ID.fullmatch(value):
        raise ValueError("must be the id of an agent, such as agent_0123456789")
    return value


Secret = Annotated[SecretStr, AfterValidator(_visible)]
Password = Annotated[Secret, AfterValidator(_long)]
AgentId = Annotated[str, AfterValidator(_agent_id)]


class DemoSettings(BaseSettings):
    """What `mascot-server demo` reads beside `Settings`; each by its name with `MASCOT_DEMO_` before it."""

    model_config = SettingsConfigDict(
        env_prefix="MASCOT_DEMO_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
    )

    elevenlabs_api_key: Secret | None = Field(
        default=None,
        description="Key of ElevenLabs, to talk to the agent of MASCOT_DEMO_ELEVENLABS_AGENT_ID in place of a "
        "simulated one.",
    )
    elevenlabs_agent_id: AgentId | None = Field(
        default=None, description="That agent; goes with MASCOT_DEMO_ELEVENLABS_API_KEY."
    )
    openai_api_key: Secret | None = Field(
        default=None, description="Key of OpenAI, to talk to its Realtime API in place of a simulated one."
    )
    gemini_api_key: Secret | None = Field(
        default=None, description="Key of Gemini, to talk to its Live API in place of a simulated one."
    )
    password: Password | None = Field(
        default=None,
        description="What the playground's page asks for before it talks to anybody, 12 characters or more. Required "
        "to listen beyond loopback.",
    )

    def check(self, settings: Settings) -> None:
        """Checks that nothing is missing, and that nobody else can talk at the expense of these keys.

        Args:
            settings: Say where the server listens.

        Raises:
            SettingsError: Of ElevenLabs' key and agent only one is set, or the server would listen beyond loopback
                without a password.
        """
        elevenlabs = {
            "MASCOT_DEMO_ELEVENLABS_API_KEY": self.elevenlabs_api_key,
            "MASCOT_DEMO_ELEVENLABS_AGENT_ID": self.elevenlabs_agent_id,
        }
        missing = [name for name, value in elevenlabs.items() if value is None]
        if len(missing) == 1:
            (other,) = elevenlabs.keys() - missing
            raise SettingsError(f"{missing[0]}: missing; {other} is set, and ElevenLabs takes both")
        if self.password is None and not settings.on_loopback:
            raise SettingsError(
                f"MASCOT_DEMO_PASSWORD: missing; without one the playground listens on loopback only, not on "
                f"{settings.host}"
            )


def load_demo_settings() -> DemoSettings:
    """Reads the settings.

    Raises:
        SettingsError: Some are wrong; the text names each one and never shows a value.
    """
    return load(DemoSettings)
