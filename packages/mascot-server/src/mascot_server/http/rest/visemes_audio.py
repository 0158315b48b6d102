"""`POST /v1/visemes-audio`: accept text, and stream synthesised speech with its visemes."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

from litestar import HttpMethod, Request, Response, post, route
from litestar.exceptions import HTTPException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from mascot_server.errors import TooLarge
from mascot_server.http.rest.openapi import VisemesAudioOperation
from mascot_server.http.rest.speech_events import first_piece, pieces, speech_events
from mascot_server.http.rest.streaming import ClientGone, event_stream, unless_gone
from mascot_server.http.rest.synthesis_request import parse_speech_request
from mascot_server.tts import CartesiaEngine, ElevenLabsEngine

if TYPE_CHECKING:
    import httpx
    from litestar.handlers import HTTPRouteHandler

    from mascot_server.auth.http_access import Access
    from mascot_server.http.rest.background import Background
    from mascot_server.http.rest.synthesis_request import SpeechRequest
    from mascot_server.settings import Settings
    from mascot_server.tts import Engine, Speech, VoicedEngine

__all__ = ["visemes_audio_routes"]

_PATH: Final = "/v1/visemes-audio"
_MAX_BODY_BYTES: Final = 128 * 1024


def visemes_audio_routes(
    *,
    access: Access,
    background: Background,
    engine: VoicedEngine,
    http: httpx.AsyncClient,
    settings: Settings,
) -> list[HTTPRouteHandler]:
    """Create the handlers: one for POST, and one that rejects other methods.

    Args:
        access: Authenticates requests.
        background: Thread that runs the prediction.
        engine: The built-in engine.
        http: HTTP client for external engines.
        settings: Settings with the URLs of external engines.
    """

    @post(
        _PATH,
        status_code=200,
        operation_id="speakWithVisemes",
        operation_class=VisemesAudioOperation,
        request_max_body_size=_MAX_BODY_BYTES,
    )
    async def visemes_audio(request: Request[Any, Any, Any]) -> Response[Any]:
        headers = request.headers
        key = await access.authorise(headers.get("authorization"), origin=headers.get("origin"))
        asked = parse_speech_request(await _body(request))
        async with AsyncExitStack() as resources:
            resources.enter_context(background.slot(key.id))
            chosen = _engine(asked, engine, http, settings)
            spoken = chosen.synthesise(asked.text, asked.voice, asked.speed)
            speech: Speech = await unless_gone(request, resources.enter_async_context(spoken))
            coming = pieces(speech, max_seconds=settings.max_speech_seconds)
            first = await unless_gone(request, first_piece(coming))
            events = speech_events(
                first,
                coming,
                sample_rate=speech.sample_rate,
                model=asked.model,
                sets=asked.sets,
                background=background,
            )
            return event_stream(
                await anext(events),
                events,
                resources.pop_all(),
                stall_seconds=settings.answer_stall_seconds,
            )

    @route(
        _PATH,
        http_method=[HttpMethod.GET, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE],
        status_code=405,
        include_in_schema=False,
    )
    async def wrong_method() -> Response[dict[str, str]]:
        text = "Method not allowed. Use POST with JSON body."
        return Response({"error": text}, status_code=405, headers={"Allow": "OPTIONS, POST"})

    return [visemes_audio, wrong_method]


async def _body(request: Request[Any, Any, Any]) -> bytes:
    try:
        return await request.body()
    except RequestEntityTooLarge:
        raise TooLarge(f"text: the body is longer than {_MAX_BODY_BYTES} bytes") from None
    except HTTPException:
        raise ClientGone("the client disconnected") from None


def _engine(
    asked: SpeechRequest, built_in: VoicedEngine, http: httpx.AsyncClient, settings: Settings
) -> Engine:
    match asked.engine:
        case "mascotbot-tts":
            return built_in
        case "elevenlabs":
            return ElevenLabsEngine(http, settings.origin_of("elevenlabs"), asked.key)
        case "cartesia":
            # The language of the text is not known; the language of the viseme model is used.
            language = "id" if asked.model == "indonesian" else "en"
            return CartesiaEngine(http, settings.cartesia_url, asked.key, language=language)
