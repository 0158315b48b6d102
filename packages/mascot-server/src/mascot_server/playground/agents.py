"""Whom the playground talks to: for each provider the real service where its key is set, else a simulated one."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Literal, Self, cast

from mascot_server import simulators
from mascot_server.playground.minting import mint_gemini, mint_openai
from mascot_server.providers.config import ElevenLabsConfig, GeminiConfig, OpenAIConfig

if TYPE_CHECKING:
    from types import TracebackType

    import httpx
    from pydantic import SecretStr

    from mascot_server.playground.settings import DemoSettings
    from mascot_server.providers.config import ProviderConfig, VisemeModel
    from mascot_server.settings import Settings
    from mascot_server.simulators import Simulators

__all__ = ["NAMES", "Agents", "Provider"]

Provider = Literal["elevenlabs", "openai", "gemini"]

NAMES: Final[dict[Provider, str]] = {"elevenlabs": "ElevenLabs", "openai": "OpenAI", "gemini": "Gemini"}

_OPENAI_MODEL: Final = "gpt-realtime"
_GEMINI_MODEL: Final = "gemini-3.8-live"
_MODELS: Final[dict[Provider, str | None]] = {
    "elevenlabs": None,  # an agent has its own
    "openai": _OPENAI_MODEL,
    "gemini": _GEMINI_MODEL,
}

_SIMULATED_KEYS: Final[dict[Provider, str]] = {
    "elevenlabs": simulators.ELEVENLABS_API_KEY,
    "openai": simulators.OPENAI_API_KEY,
    "gemini": simulators.GEMINI_API_KEY,
}


class Agents:
    """The agents of all providers; to be entered before they are used.

    The simulated ones speak the language of the viseme model that a conversation asks for.

    Args:
        settings: Where the real services are.
        demo: The keys.
    """

    def __init__(self, settings: Settings, demo: DemoSettings) -> None:
        self._settings = settings
        self._keys: dict[Provider, SecretStr | None] = {
            "elevenlabs": demo.elevenlabs_api_key,
            "openai": demo.openai_api_key,
            "gemini": demo.gemini_api_key,
        }
        self._agent_id = demo.elevenlabs_agent_id or simulators.ELEVENLABS_AGENT_ID
        self._simulators: dict[VisemeModel, Simulators] = {
            "default": simulators.Simulators(language="en"),
            "indonesian": simulators.Simulators(language="id"),
        }
        self._running = AsyncExitStack()

    def described(self) -> list[dict[str, Any]]:
        """Whom one can talk to, as the page shows it."""
        return [
            {"id": provider, "name": name, "simulated": self.simulated(provider), "model": _MODELS[provider]}
            for provider, name in NAMES.items()
        ]

    def simulated(self, provider: Provider) -> bool:
        """Whether a provider is a stand-in."""
        return self._keys[provider] is None

    def origin_of(self, config: ProviderConfig) -> str:
        """Where the provider of a configuration is, as http(s) origin."""
        return self._origin(cast("Provider", config.provider), config.viseme_model or "default")

    async def config(
        self, provider: Provider, viseme_model: VisemeModel, http: httpx.AsyncClient
    ) -> ProviderConfig:
        """Makes the connection details of one conversation.

        Args:
            provider: Whom to talk to.
            viseme_model: Which model moves the mouth.
            http: Client to ask the provider with.

        Raises:
            BadGateway: The provider made no ephemeral token.
        """
        key, origin = self._key(provider), self._origin(provider, viseme_model)
        if provider == "elevenlabs":
            # It has no ephemeral tokens; our server asks it for a signed URL when the page connects.
            return ElevenLabsConfig(api_key=key, agent_id=self._agent_id, viseme_model=viseme_model)
        if provider == "openai":
            token = await mint_openai(http, origin, key, model=_OPENAI_MODEL)
            return OpenAIConfig(ephemeral_token=token, model=_OPENAI_MODEL, viseme_model=viseme_model)
        token = await mint_gemini(http, origin, key)
        return GeminiConfig(ephemeral_token=token, model=_GEMINI_MODEL, viseme_model=viseme_model)

    def _key(self, provider: Provider) -> str:
        key = self._keys[provider]
        return _SIMULATED_KEYS[provider] if key is None else key.get_secret_value()

    def _origin(self, provider: Provider, viseme_model: VisemeModel) -> str:
        if self.simulated(provider):
            return self._simulators[viseme_model].origin
        return self._settings.origin_of(provider)

    async def __aenter__(self) -> Self:
        for running in self._simulators.values():
            await self._running.enter_async_context(running)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()
