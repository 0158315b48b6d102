"""Agents of the playground: for each provider the real service if its key is set, otherwise a simulated one."""

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
    """The agents of all providers. A context manager; enter it before use.

    The simulated agents speak the language of the viseme model that a conversation requests.

    Args:
        settings: Settings with the URLs of the real services.
        demo: Settings with the keys of the providers.
    """

    def __init__(self, settings: Settings, demo: DemoSettings) -> None:
        self._settings = settings
        self._real = {name: demo.values_of(provider) for name, provider in PROVIDERS.items()}
        self._simulators: dict[VisemeModel, Simulators] = {
            model: Simulators(language=code) for model, (code, _) in LANGUAGES.items()
        }
        self._running = AsyncExitStack()

    def described(self) -> list[dict[str, Any]]:
        """Return the list of agents for the page."""
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
        """Return whether a provider is simulated."""
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
        """Return the connection details of one conversation.

        Args:
            provider: Name of the provider.
            viseme_model: Name of the viseme model.
            viseme_weights: Set of the blend weights in addition to the visemes, if any.
            http: HTTP client for requests to the provider.

        Raises:
            BadGateway: The provider did not issue an ephemeral token.
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
