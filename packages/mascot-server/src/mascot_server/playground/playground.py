"""Puts the playground together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from mascot_server.http.public_url import PublicUrl
from mascot_server.playground.agents import Agents
from mascot_server.playground.guard import Guard
from mascot_server.playground.routes import playground_routes
from mascot_server.providers.parsing import SignedUrlRequest

if TYPE_CHECKING:
    from types import TracebackType

    import httpx
    from litestar import Request
    from litestar.handlers import HTTPRouteHandler

    from mascot_server.auth.http_access import Access
    from mascot_server.http.rest import Rest
    from mascot_server.http.signed_urls import SignedUrls
    from mascot_server.inference.viseme_models import VisemeModel
    from mascot_server.inference.viseme_sets import VisemeWeights
    from mascot_server.playground.settings import DemoSettings
    from mascot_server.settings import Settings

__all__ = ["Playground"]


class Playground:
    """A page that talks to a face, on top of the server that gives it a mouth; to be entered before it is used.

    Args:
        settings: Those of the server. The first API key is the page's.
        demo: Whom the page talks to, and who may use it.

    Attributes:
        agents: Whom it talks to.
    """

    def __init__(self, settings: Settings, demo: DemoSettings) -> None:
        self._settings = settings
        self._public_url = PublicUrl(settings.public_url)
        self._guard = Guard(demo.password, public_url=self._public_url)
        self.agents = Agents(settings, demo)

    def routes(
        self, *, access: Access, signed_urls: SignedUrls, rest: Rest, http: httpx.AsyncClient
    ) -> list[HTTPRouteHandler]:
        """Create the handlers.

        Args:
            access: Knows the page's key.
            signed_urls: Makes what the page connects with.
            rest: Predicts visemes of files.
            http: Client to ask providers with.
        """
        authorization = f"Bearer {self._settings.api_keys[0].get_secret_value()}"

        async def connect(
            request: Request[Any, Any, Any],
            provider: str,
            viseme_model: VisemeModel,
            viseme_weights: VisemeWeights | None,
        ) -> dict[str, str]:
            key = await access.authorise(authorization, origin=None)
            config = await self.agents.config(provider, viseme_model, viseme_weights, http)
            return await signed_urls.sign(SignedUrlRequest(config), key, request)

        return playground_routes(
            agents=self.agents,
            guard=self._guard,
            connect=connect,
            hear=rest.predict_file,
            public_url=self._public_url,
            max_audio_bytes=self._settings.max_audio_bytes,
        )

    async def __aenter__(self) -> Self:
        await self.agents.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.agents.__aexit__(kind, error, trace)
