"""Puts the server together."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
from litestar import Request, Response
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotFoundException

from mascot_server.auth.handshake_admission import Admission
from mascot_server.auth.http_access import Access
from mascot_server.auth.keys import KeyDirectory, StaticKeys
from mascot_server.auth.stores import FirstAnswers, open_counters, open_key_store
from mascot_server.auth.tokens import Tokens
from mascot_server.errors import Refusal, StoreError
from mascot_server.http.application import Application
from mascot_server.http.asyncapi import asyncapi_route
from mascot_server.http.body_limits import LimitBodies, Pace
from mascot_server.http.health import CountRequests, health_routes
from mascot_server.http.not_found import no_such_path, no_such_socket, sockets_by_http
from mascot_server.http.openapi import openapi_config
from mascot_server.http.public_url import PublicUrl, without_prefix
from mascot_server.http.rest import Rest
from mascot_server.http.signed_urls import SignedUrls, get_signed_url_route
from mascot_server.inference.engines import Engines
from mascot_server.inference.scheduler import Scheduler
from mascot_server.inference.viseme_models import live_networks
from mascot_server.observability.logs import filter_web_server_log
from mascot_server.observability.metrics import Metrics
from mascot_server.observability.prometheus import Worker, numbers_written
from mascot_server.observability.tracing import tracing
from mascot_server.providers.registry import read_handshake
from mascot_server.quotas.limiter import Limiter
from mascot_server.relay.routes import Conversations
from mascot_server.relay.shutdown import Drain
from mascot_server.relay.timeouts import SessionLimits
from mascot_server.transport.dialer import Dialer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar import Litestar

    from mascot_server.playground import Playground
    from mascot_server.providers.base import ProviderSettings
    from mascot_server.providers.config import ProviderConfig
    from mascot_server.settings import Settings

__all__ = ["create_app"]

logger = logging.getLogger(__name__)


def create_app(
    settings: Settings,
    *,
    dev: bool = False,
    worker: Worker | None = None,
    playground: Playground | None = None,
) -> Litestar:
    """Create the ASGI application.

    Args:
        settings: With at least one API key and one secret.
        dev: Take any secret, for development on one's own machine.
        worker: Which of the processes this is that serve together, if there are several.
        playground: A page to serve beside the API, which also says where the providers are.

    Returns:
        The application; its state holds the ``Metrics`` as ``metrics``, the ``Capacity`` that chooses networks as
        ``capacity``, the ``Drain`` to stop it by as ``drain``, and as ``refusal`` the check of path, query and headers
        of a handshake for a web server that sees them first.

    Raises:
        SettingsError: There is no key, no secret, or one that is not safe.
    """
    if not dev:
        settings.check_safe()
    tokens = Tokens([secret.get_secret_value() for secret in settings.secret])
    metrics, worker = Metrics(), worker or Worker()
    http = httpx.AsyncClient()
    engines = Engines(live_networks(settings.live_model), metrics=metrics)
    scheduler = Scheduler(budget_ms=settings.viseme_budget_ms, metrics=metrics, capacity=engines.capacity)
    # Who tries the playground is alone with it: late visemes tell more than a refusal.
    overloaded = scheduler.overloaded if playground is None else lambda: None
    drain = Drain(seconds=settings.drain_seconds, overloaded=overloaded)
    fail_open = settings.redis_down == "open"
    keys = KeyDirectory(
        StaticKeys(key.get_secret_value() for key in settings.api_keys),
        open_key_store(settings),
        keep_stale=fail_open and settings.key_store is None,
    )
    limiter = Limiter(
        open_counters(settings), fail_open=fail_open, metrics=metrics, lease_seconds=settings.lease_seconds
    )
    access = Access(keys, limiter)
    # With `open`, nothing waits for Redis but keys that are nowhere else.
    needed = () if fail_open and settings.api_keys else (keys.read,)
    answers = FirstAnswers(*needed, *(() if fail_open else (limiter.reach,)))
    rest = Rest(settings, access=access, http=http)

    def settings_of(config: ProviderConfig) -> ProviderSettings:
        return settings.of_provider(config.provider)

    admission = Admission(settings, tokens=tokens, access=access, limiter=limiter, refusal=drain.refusal)
    conversations = Conversations(
        admission=admission,
        limits=SessionLimits.of(settings),
        dialer=Dialer(settings_of if playground is None else playground.agents.settings_of, http),
        engines=engines,
        scheduler=scheduler,
        metrics=metrics,
        drain=drain,
        tracing=tracing(enabled=settings.tracing),
    )

    public_url = PublicUrl(settings.public_url)
    signed_urls = SignedUrls(settings, access=access, tokens=tokens, metrics=metrics, public_url=public_url)
    page = playground and playground.routes(access=access, signed_urls=signed_urls, rest=rest, http=http)

    def refusal(path: str, query: bytes, headers: list[tuple[bytes, bytes]]) -> Refusal | None:
        handshake = read_handshake(without_prefix(path, [public_url.prefix]), query, headers)
        try:
            if handshake is None:
                raise no_such_socket(public_url.prefix)
            admission.check(handshake)
        except Refusal as refusal:
            metrics.handshakes_refused.add(refusal.status)
            return refusal
        return None

    async def unready() -> str | None:
        return (
            None if await answers.problem() is None else "the key store or the counters have not answered yet"
        )

    @asynccontextmanager
    async def resources(_: Litestar) -> AsyncIterator[None]:
        filter_web_server_log()
        metrics.tasks.watch(asyncio.get_running_loop())
        written = numbers_written(worker, metrics)
        async with http, playground or nullcontext(), rest, scheduler, keys, limiter, written:
            for reach in (limiter.reach, keys.read):
                with suppress(StoreError):  # the store logs it
                    await reach()
            if (problem := await answers.problem()) is not None:
                logger.error("%s: /readyz answers 503 until that store answers", problem)
            yield
        logger.info("totals since start: %s", metrics)

    app = Application(
        route_handlers=[
            get_signed_url_route(access=access, signed_urls=signed_urls),
            *conversations.routes,
            sockets_by_http(),
            *rest.routes,
            *(page or ()),
            asyncapi_route(public_url),
            *health_routes(
                drain, unready, partial(worker.gather, metrics) if settings.metrics == "on" else None
            ),
        ],
        middleware=[CountRequests(metrics, drain)],
        exception_handlers={
            Refusal: _refusal,
            HTTPException: _http_error,
            Exception: _server_error,
        },
        lifespan=[resources],
        state=State({"metrics": metrics, "capacity": engines.capacity, "drain": drain, "refusal": refusal}),
        cors_config=_cors(settings),
        openapi_config=openapi_config(public_url),
        # Logging is the process's business; Litestar's default would take over the root logger.
        logging_config=None,
    )
    # Around everything: Litestar's own middleware sees no request without a route.
    app.asgi_handler = LimitBodies(
        app.asgi_handler, Pace(settings.upload_seconds, settings.upload_bytes_per_second)
    )
    app.prefix = public_url.prefix
    return app


def _cors(settings: Settings) -> CORSConfig | None:
    """Let web pages call the HTTP endpoints; a browser asks before it sends them a key."""
    if not settings.cors_origins:
        return None
    return CORSConfig(
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Retry-After"],
    )


def _refusal(_: Request[Any, Any, Any], error: Refusal) -> Response[dict[str, Any]]:
    return Response(error.body, status_code=error.status, headers=error.headers)


def _http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    if isinstance(error, NotFoundException):
        return _refusal(request, no_such_path(request))
    return Response({"error": error.detail}, status_code=error.status_code, headers=error.headers)


def _server_error(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, str]]:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return Response({"error": "Internal server error"}, status_code=500)
