"""The playground and its parts."""

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
    """The playground page and its API, on top of the server. A context manager; enter it before use.

    Args:
        settings: Settings of the server. The page uses the first API key.
        demo: Settings of the playground: keys of the providers, and the password.

    Attributes:
        agents: The agents of all providers.
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
            access: Looks up the key of the page.
            signed_urls: Issues the signed URLs that the page connects with.
            rest: Predicts the visemes of files.
            http: HTTP client for requests to providers.
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
