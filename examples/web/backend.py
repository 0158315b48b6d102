"""The web app's backend: serves the page, and asks the mascot server for a connection when the page wants to call.

Keys stay here. What the page gets is valid for ten minutes and opens conversations with one provider, nothing else.
In an app of your own, this is where to ask who the user is.
"""

from __future__ import annotations

import json
import logging
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from examples.offline import KEYS
from examples.web.providers import CONFIGURATIONS, MODELS
from mascot_client import GeminiCredentials, MascotError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from mascot_client import MascotClient

__all__ = ["backend"]

logger = logging.getLogger(__name__)


def backend(
    mascot: MascotClient, page: Path, providers: Collection[str], *, port: int
) -> ThreadingHTTPServer:
    """Makes the backend, to be run by `serve_forever`. It listens on loopback only.

    Args:
        mascot: Asks the mascot server.
        page: The folder of the built page.
        providers: Those that there is a key for.
        port: Where to listen; 0 selects a free port.
    """
    handler = partial(_Handler, mascot=mascot, providers=providers, directory=str(page))
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


class _Handler(SimpleHTTPRequestHandler):
    """`GET` files of the page, `POST /connection/{provider}`."""

    def __init__(self, *args: Any, mascot: MascotClient, providers: Collection[str], **options: Any) -> None:
        self._mascot = mascot
        self._providers = providers
        # Some systems know it by another type, with which browsers do not run modules.
        self.extensions_map = {**self.extensions_map, ".js": "text/javascript"}
        super().__init__(*args, **options)

    def do_POST(self) -> None:
        """Asks for a connection."""
        provider = self.path.removeprefix("/connection/")
        if provider not in CONFIGURATIONS:
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"there is no {self.path}"})
        elif self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            self._answer(HTTPStatus.FORBIDDEN, {"error": "other web pages may not ask"})
        else:
            self._answer(*self._connection(provider))

    def _connection(self, provider: str) -> tuple[HTTPStatus, dict[str, str]]:
        if provider not in self._providers:
            return HTTPStatus.BAD_GATEWAY, {"error": f"{KEYS[provider][0]} is not set"}
        try:
            credentials = self._mascot.get_signed_url(CONFIGURATIONS[provider]())
        except MascotError as error:
            return HTTPStatus.BAD_GATEWAY, {"error": str(error)}
        except Exception:
            # The provider's SDK did not get a token. What it says is for the operator, not for the page.
            logger.exception("no token from %s", provider)
            return HTTPStatus.BAD_GATEWAY, {"error": f"no token from {provider}: see the backend's log"}
        model = {"model": MODELS[provider]} if provider in MODELS else {}
        if isinstance(credentials, GeminiCredentials):
            return HTTPStatus.OK, {"api_key": credentials.api_key, "base_url": credentials.base_url, **model}
        return HTTPStatus.OK, {"signed_url": credentials.url, **model}

    def _answer(self, status: HTTPStatus, content: dict[str, str]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing of what went well."""
