"""Puts the REST endpoints together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mascot_server.rest.background import Background
from mascot_server.rest.visemes import visemes_route
from mascot_server.rest.visemes_audio import visemes_audio_routes
from mascot_server.rest.voices import voices_route
from mascot_server.speech import BuiltInEngine

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    import httpx
    from litestar.handlers import HTTPRouteHandler

    from mascot_server.access import Access
    from mascot_server.settings import Settings

__all__ = ["Rest"]


class Rest:
    """The endpoints and what they share; to be entered before they are used.

    Args:
        settings: Limits, voices, and where others' engines are.
        access: Says who may ask.
        http: Client for others' engines.

    Raises:
        SettingsError: Voice files are not where a setting says, or their package is not installed.
    """

    def __init__(self, settings: Settings, *, access: Access, http: httpx.AsyncClient) -> None:
        self._background = Background(settings.rest_concurrency)
        engine = BuiltInEngine.of(settings)
        self.routes: list[HTTPRouteHandler] = [
            visemes_route(
                access=access,
                background=self._background,
                max_bytes=settings.max_audio_bytes,
                max_seconds=settings.max_audio_seconds,
            ),
            *visemes_audio_routes(
                access=access, background=self._background, engine=engine, http=http, settings=settings
            ),
            voices_route(access=access, engine=engine),
        ]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._background.close()
