"""Whom the playground talks to: for each provider the real service where its key is set, else a simulated one."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self

import httpx

from mascot_server.errors import BadGateway
from mascot_server.inference.viseme_models import DEFAULT_MODEL, LANGUAGES
from mascot_server.providers.registry import PROVIDERS
from mascot_server.simulators import Simulators
from mascot_server.transport.dialer import perform

if TYPE_CHECKING:
    from types import TracebackType

    from mascot_server.inference.viseme_models import VisemeModel
    from mascot_server.inference.viseme_sets import VisemeWeights
    from mascot_server.playground.settings import DemoSettings
    from mascot_server.providers.base import ProviderSettings
    from mascot_server.providers.config import ProviderConfig
    from mascot_server.settings import Settings

__all__ = ["Agents"]


class Agents:
    """The agents of all providers; to be entered before they are used.

    The simulated ones speak the language of the viseme model that a conversation asks for.

    Args:
        settings: Where the real services are.
        demo: The keys.
    """

    def __init__(self, settings: Settings, demo: DemoSettings) -> None:
        self._settings = settings
        self._real = {name: demo.values_of(provider) for name, provider in PROVIDERS.items()}
        self._simulators: dict[VisemeModel, Simulators] = {
            model: Simulators(language=code) for model, (code, _) in LANGUAGES.items()
        }
        self._running = AsyncExitStack()

    def described(self) -> list[dict[str, Any]]:
        """Return whom one can talk to, as the page shows it."""
        return [
            {
                "id": name,
                "name": provider.title,
                "simulated": self.simulated(name),
                "model": provider.agent.model,
            }
            for name, provider in PROVIDERS.items()
        ]

    def simulated(self, provider: str) -> bool:
        """Return whether a provider is a simulated one."""
        return self._real[provider] is None

    def settings_of(self, config: ProviderConfig) -> ProviderSettings:
        """Return the settings of the provider of a configuration, with the simulator's address if it is simulated."""
        settings = self._settings.of_provider(config.provider)
        return settings | {"url": self._origin(config.provider, config.viseme_model or DEFAULT_MODEL)}

    async def config(
        self,
        provider: str,
        viseme_model: VisemeModel,
        viseme_weights: VisemeWeights | None,
        http: httpx.AsyncClient,
    ) -> ProviderConfig:
        """Make the connection details of one conversation.

        Args:
            provider: Whom to talk to.
            viseme_model: Which model moves the mouth.
            viseme_weights: Set of the blend weights beside the visemes, if any.
            http: Client to ask the provider with.

        Raises:
            BadGateway: The provider made no ephemeral token.
        """
        agent, origin = PROVIDERS[provider].agent, self._origin(provider, viseme_model)
        values = self._real[provider] or agent.simulated
        try:
            config = await perform(agent.config(values, origin, viseme_model, time.time()), http)
        except httpx.HTTPError as error:
            title = PROVIDERS[provider].title
            raise BadGateway(f"{title} made no ephemeral token: {type(error).__name__}") from None
        return config.model_copy(update={"viseme_weights": viseme_weights})

    def _origin(self, provider: str, viseme_model: VisemeModel) -> str:
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
