"""Health checks and metrics: liveness, readiness and Prometheus metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar import Response, get
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware

from mascot_server.observability.prometheus import CONTENT_TYPE, expose

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from litestar.handlers import HTTPRouteHandler
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from mascot_server.observability.metrics import Metrics
    from mascot_server.observability.prometheus import Numbers
    from mascot_server.relay.shutdown import Drain

__all__ = ["CountRequests", "health_routes"]

_NOT_CACHED = {"cache-control": "no-store"}


def health_routes(
    drain: Drain,
    unready: Callable[[], Awaitable[str | None]],
    numbers: Callable[[], Mapping[str, Numbers]] | None,
) -> list[HTTPRouteHandler]:
    """Create the handlers of ``/healthz``, ``/readyz`` and, if enabled, ``/metrics``.

    They need no key and are not part of the published contract.

    Args:
        drain: Returns whether new conversations are accepted.
        unready: Returns why the server is not ready yet, or ``None``.
        numbers: Returns the metrics by worker; ``None`` disables ``/metrics``.
    """

    @get("/healthz", sync_to_thread=False, include_in_schema=False)
    def alive() -> Response[dict[str, str]]:
        return Response({"status": "alive"}, headers=_NOT_CACHED)

    @get("/readyz", include_in_schema=False)
    async def ready() -> Response[dict[str, str]]:
        reason = drain.refusal() or await unready()
        if reason is not None:
            return Response({"error": reason}, status_code=503, headers=_NOT_CACHED)
        return Response({"status": "ready"}, headers=_NOT_CACHED)

    routes: list[HTTPRouteHandler] = [alive, ready]
    if numbers is not None:

        @get("/metrics", sync_to_thread=False, include_in_schema=False)
        def metrics() -> Response[bytes]:
            return Response(expose(numbers()), media_type=CONTENT_TYPE, headers=_NOT_CACHED)

        routes.append(metrics)
    return routes


class CountRequests(ASGIMiddleware):
    """Middleware that counts HTTP requests by route and status, and registers them with the drain. Ignores WebSockets.

    Args:
        metrics: Metrics that count requests.
        drain: Waits for running requests during a graceful shutdown.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, metrics: Metrics, drain: Drain) -> None:
        self._requests = metrics.rest_requests
        self._drain = drain

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Forward the request and record the status of its response."""

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._requests.add(scope.get("path_template") or "other", message["status"])
            await send(message)

        with self._drain.request():
            await next_app(scope, receive, noted)
