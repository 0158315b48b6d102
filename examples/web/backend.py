"""The backend of the web app: serve the page, and request a connection from the mascot server for each call.

The keys stay here. The page receives credentials that are valid for ten minutes and open conversations with one
provider only. In your own app, authenticate the user here.
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
    """Create the backend; run it with ``serve_forever``. It listens on the loopback interface only.

    Args:
        mascot: The client for the mascot server.
        page: The folder of the built page.
        providers: The providers with a key.
        port: The port; 0 selects a free port.
    """
    handler = partial(_Handler, mascot=mascot, providers=providers, directory=str(page))
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


class _Handler(SimpleHTTPRequestHandler):
    """Serve the files of the page, and ``POST /connection/{provider}``."""

    def __init__(self, *args: Any, mascot: MascotClient, providers: Collection[str], **options: Any) -> None:
        self._mascot = mascot
        self._providers = providers
        # On some systems the type of .js files is different, and browsers would not run them as modules.
        self.extensions_map = {**self.extensions_map, ".js": "text/javascript"}
        super().__init__(*args, **options)

    def do_POST(self) -> None:
        """Request a connection from the mascot server."""
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
            # The provider's SDK could not create a token. Its error is for the operator, not for the page.
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
        """Log no successful requests."""
