"""The REST endpoints and their shared resources."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

from mascot_server.http.rest.background import Background
from mascot_server.http.rest.events import visemes_answer
from mascot_server.http.rest.recordings import RecordingVisemes
from mascot_server.http.rest.streaming import unless_gone
from mascot_server.http.rest.uploads import read_file
from mascot_server.http.rest.visemes import predict_whole, visemes_route
from mascot_server.http.rest.visemes_audio import visemes_audio_routes
from mascot_server.http.rest.voices import voices_route
from mascot_server.tts import BuiltInEngine

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    import httpx
    from litestar import Request
    from litestar.handlers import HTTPRouteHandler

    from mascot_server.auth.http_access import Access
    from mascot_server.inference.viseme_models import VisemeModel
    from mascot_server.inference.viseme_sets import VisemeSets
    from mascot_server.settings import Settings

__all__ = ["Rest"]


_PAGE: Final = "playground"
"""Key id for requests of the playground page, which sends no API key."""


class Rest:
    """The REST endpoints and their shared resources. A context manager; enter it before use.

    Args:
        settings: Limits, voices, and URLs of external speech services.
        access: Authenticates requests.
        http: HTTP client for external speech services.

    Raises:
        SettingsError: Voice files are missing, or their package is not installed.
    """

    def __init__(self, settings: Settings, *, access: Access, http: httpx.AsyncClient) -> None:
        self._settings = settings
        self._background = Background(settings.rest_concurrency, per_key=settings.rest_concurrency_per_key)
        engine = BuiltInEngine.of(settings)
        self.routes: list[HTTPRouteHandler] = [
            visemes_route(
                access=access,
                background=self._background,
                max_bytes=settings.max_audio_bytes,
                max_seconds=settings.max_audio_seconds,
                stall_seconds=settings.answer_stall_seconds,
            ),
            *visemes_audio_routes(
                access=access, background=self._background, engine=engine, http=http, settings=settings
            ),
            voices_route(access=access, engine=engine),
        ]

    async def predict_file(
        self, request: Request[Any, Any, Any], model: VisemeModel, sets: VisemeSets
    ) -> list[dict[str, Any]] | dict[str, Any]:
        """Predict the visemes of an audio file that is the whole body of a request.

        Args:
            request: The request; its body must not have been read.
            model: The viseme model.
            sets: Viseme sets of the visemes and of the weights.

        Returns:
            The JSON response of `POST /v1/visemes`.

        Raises:
            Refusal: The audio is invalid or too long, or too many requests are running.
        """
        limits = self._settings
        async with AsyncExitStack() as resources:
            resources.enter_context(self._background.slot(_PAGE))
            file = await read_file(request, max_bytes=limits.max_audio_bytes)
            hearing = RecordingVisemes(
                file,
                sample_rate=16000,
                model=model,
                max_seconds=limits.max_audio_seconds,
                bare=False,
                sets=sets,
            )
            resources.callback(self._background.submit, hearing.close)
            await self._background.run(hearing.open)
            changes, weights = await unless_gone(request, predict_whole(hearing, self._background))
            return visemes_answer(changes, weights, sets)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._background.close()
