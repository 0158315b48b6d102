"""`GET /v1/voices`: list the voices of the built-in engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, get

from mascot_server.http.rest.openapi import VoicesOperation

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

    from mascot_server.auth.http_access import Access
    from mascot_server.tts import VoicedEngine

__all__ = ["voices_route"]


def voices_route(*, access: Access, engine: VoicedEngine) -> HTTPRouteHandler:
    """Create the handler.

    Args:
        access: Authenticates requests.
        engine: The built-in engine.
    """

    @get("/v1/voices", operation_id="listVoices", operation_class=VoicesOperation)
    async def voices(request: Request[Any, Any, Any]) -> dict[str, list[dict[str, str | None]]]:
        headers = request.headers
        await access.authorise(headers.get("authorization"), origin=headers.get("origin"))
        return {
            "voices": [
                {"id": voice.id, "name": voice.name, "language": voice.language, "gender": voice.gender}
                for voice in await engine.voices()
            ]
        }

    return voices
