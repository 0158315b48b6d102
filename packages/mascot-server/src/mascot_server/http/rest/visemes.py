"""`POST /v1/visemes`: accept a recording and stream its visemes."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

from litestar import MediaType, Request, Response, post
from litestar.datastructures.headers import Accept

from mascot_server.errors import Forbidden, Refusal, Unauthorized
from mascot_server.http.rest.events import chunk_error, chunk_event, visemes_answer
from mascot_server.http.rest.openapi import VisemesOperation
from mascot_server.http.rest.recordings import RecordingChunk, RecordingVisemes
from mascot_server.http.rest.streaming import event_stream, unless_gone
from mascot_server.http.rest.uploads import body_limit, read_upload
from mascot_server.inference.weights import WeightRows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar.handlers import HTTPRouteHandler

    from mascot_server.auth.http_access import Access
    from mascot_server.http.rest.background import Background
    from mascot_server.inference.viseme_sets import VisemeSets
    from mascot_visemes import VisemeEvent

__all__ = ["predict_whole", "visemes_route"]

logger = logging.getLogger(__name__)

_ACCEPT_LENGTH: Final = 1024
"""Most characters of the `Accept` header that are parsed: sorting thousands of types in a long one takes 100 ms."""


def visemes_route(
    *, access: Access, background: Background, max_bytes: int, max_seconds: float, stall_seconds: float
) -> HTTPRouteHandler:
    """Create the handler.

    Args:
        access: Authenticates requests.
        background: Thread that runs the prediction.
        max_bytes: Most bytes of audio.
        max_seconds: Longest audio.
        stall_seconds: How long a client may leave an event unread.
    """

    @post(
        "/v1/visemes",
        status_code=200,
        operation_id="predictVisemes",
        operation_class=VisemesOperation,
        request_max_body_size=body_limit(max_bytes),
    )
    async def visemes(request: Request[Any, Any, Any]) -> Response[Any]:
        try:
            key = await access.authorise(
                request.headers.get("authorization"), origin=request.headers.get("origin")
            )
        except Unauthorized as error:
            # The contract defines this status for it at this endpoint.
            raise Forbidden(str(error)) from None
        async with AsyncExitStack() as resources:
            resources.enter_context(background.slot(key.id))
            upload = await read_upload(request, max_bytes=max_bytes)
            sets = upload.options.sets
            hearing = RecordingVisemes(
                upload.file,
                sample_rate=upload.options.sample_rate,
                model=upload.options.model,
                max_seconds=max_seconds,
                bare=upload.bare,
                sets=sets,
            )
            resources.callback(background.submit, hearing.close)
            await background.run(hearing.open)
            if _wants_list(request):
                changes, weights = await unless_gone(request, predict_whole(hearing, background))
                found = visemes_answer(changes, weights, sets)
                return Response(found, media_type=MediaType.JSON)
            first = await unless_gone(request, background.run(hearing.next))
            events = _events(hearing, sets, background)
            return event_stream(_event(first, sets), events, resources.pop_all(), stall_seconds=stall_seconds)

    return visemes


def _wants_list(request: Request[Any, Any, Any]) -> bool:
    types = ["text/event-stream", "application/json"]
    accept = Accept(request.headers.get("accept", "*/*")[:_ACCEPT_LENGTH])
    return accept.best_match(types, default=types[0]) == types[1]


async def predict_whole(
    hearing: RecordingVisemes, background: Background
) -> tuple[list[VisemeEvent], WeightRows | None]:
    """Predict the visemes of a whole recording, and its blend weights if they were requested.

    Args:
        hearing: The recording, open.
        background: Thread that runs the prediction.

    Raises:
        Refusal: The audio is damaged or too long.
    """
    changes: list[VisemeEvent] = []
    rows: list[WeightRows] = []
    while heard := await background.run(hearing.next):
        changes += heard.changes
        if heard.weights is not None:
            rows.append(heard.weights)
    return changes, WeightRows.joined(rows) if rows else None


async def _events(
    hearing: RecordingVisemes, sets: VisemeSets, background: Background
) -> AsyncIterator[bytes]:
    try:
        while heard := await background.run(hearing.next):
            yield _event(heard, sets)
    except Refusal as error:
        yield chunk_error(hearing.number, str(error))
    except Exception:
        logger.exception("POST /v1/visemes failed after the response had started")
        yield chunk_error(hearing.number, "Internal server error")


def _event(heard: RecordingChunk, sets: VisemeSets) -> bytes:
    return chunk_event(
        heard.changes,
        number=heard.number,
        total=heard.total,
        duration_ms=heard.duration_ms,
        sets=sets,
        weights=heard.weights,
    )
