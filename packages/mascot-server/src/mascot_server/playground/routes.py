"""HTTP routes of the playground: its page and its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from litestar import Request, Response, get, post
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.response import Redirect
from pydantic_core import from_json

from mascot_server.errors import BadRequest
from mascot_server.http.rest.uploads import body_limit
from mascot_server.inference.viseme_models import DEFAULT_MODEL, LANGUAGES, VISEME_MODELS, VisemeModel
from mascot_server.inference.viseme_sets import VISEME_WEIGHTS, VisemeSets, VisemeWeights
from mascot_server.playground.assets import page_file
from mascot_server.providers.registry import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar.handlers import HTTPRouteHandler

    from mascot_server.http.public_url import PublicUrl
    from mascot_server.playground.agents import Agents
    from mascot_server.playground.guard import Guard

    Connect = Callable[
        [Request[Any, Any, Any], str, VisemeModel, VisemeWeights | None], Awaitable[dict[str, str]]
    ]
    Hear = Callable[[Request[Any, Any, Any], VisemeModel, VisemeSets], Awaitable["Answer"]]

__all__ = ["PAGE", "playground_routes"]

AnyRequest = Request[Any, Any, Any]
Answer = list[dict[str, Any]] | dict[str, Any]

PAGE: Final = "/playground/"

_MAX_BODY_BYTES: Final = 4096


def playground_routes(
    *,
    agents: Agents,
    guard: Guard,
    connect: Connect,
    hear: Hear,
    public_url: PublicUrl,
    max_audio_bytes: int,
) -> list[HTTPRouteHandler]:
    """Create the handlers.

    Args:
        agents: The agents of all providers.
        guard: Authenticates all requests except those for static files.
        connect: Issues the signed URL or key that the page connects with.
        hear: Predicts the visemes of a file.
        public_url: URL of this server.
        max_audio_bytes: Most bytes of the file.
    """

    @get(["/", "/playground"], include_in_schema=False, sync_to_thread=False)
    def to_page(request: AnyRequest) -> Response[Any]:
        if request.scope["raw_path"].endswith(PAGE.encode()):
            return page_file("", base_url=public_url.of(request))
        prefix = urlsplit(public_url.of(request)).path
        return Redirect(prefix + PAGE, headers={"Cache-Control": "no-cache"})

    @get("/playground/{path:path}", include_in_schema=False, sync_to_thread=False)
    def file(request: AnyRequest) -> Response[bytes]:
        return page_file(request.scope["path"].removeprefix(PAGE), base_url=public_url.of(request))

    @get("/playground/api/config", include_in_schema=False, sync_to_thread=False)
    def config() -> Response[dict[str, Any]]:
        found = {
            "providers": agents.described(),
            "viseme_models": [{"id": model, "name": name} for model, (_, name) in LANGUAGES.items()],
            "password": guard.wants_password,
        }
        return Response(found, headers={"Cache-Control": "no-store"})

    @post(
        "/playground/api/connect",
        status_code=200,
        include_in_schema=False,
        request_max_body_size=_MAX_BODY_BYTES,
    )
    async def connect_page(request: AnyRequest) -> Response[dict[str, str]]:
        guard.check(request)
        asked = await _body(request)
        provider = _chosen("provider", asked.get("provider"), tuple(PROVIDERS))
        model = _chosen("viseme_model", asked.get("viseme_model", DEFAULT_MODEL), VISEME_MODELS)
        weights = _chosen_weights(asked.get("viseme_weights"))
        answer = await connect(request, provider, cast("VisemeModel", model), weights)
        return Response(answer, headers={"Cache-Control": "no-store"})

    @post(
        "/playground/api/visemes",
        status_code=200,
        include_in_schema=False,
        request_max_body_size=body_limit(max_audio_bytes),
    )
    async def visemes(request: AnyRequest) -> Answer:
        guard.check(request)
        model = _chosen(
            "viseme_model", request.query_params.get("viseme_model", DEFAULT_MODEL), VISEME_MODELS
        )
        weights = _chosen_weights(request.query_params.get("viseme_weights"))
        return await hear(request, cast("VisemeModel", model), VisemeSets(weights=weights))

    return [to_page, file, config, connect_page, visemes]


async def _body(request: AnyRequest) -> dict[str, Any]:
    # An HTML form cannot send this content type, and for other origins it requires a CORS preflight request.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadRequest("Content-Type: must be application/json")
    try:
        asked = from_json(await request.body())
    except RequestEntityTooLarge:
        raise BadRequest(f"the body is longer than {_MAX_BODY_BYTES} bytes") from None
    except ValueError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(asked, dict):
        raise BadRequest("the body must be an object")
    return asked


def _chosen_weights(value: object) -> VisemeWeights | None:
    return None if value is None else cast("VisemeWeights", _chosen("viseme_weights", value, VISEME_WEIGHTS))


def _chosen(name: str, value: object, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise BadRequest(f"{name}: must be one of {', '.join(choices)}")
    return value
