"""The backend of a web app: keep the keys on the server and return the credentials for one conversation.

    python -m examples.backend

This serves a page on http://127.0.0.1:8080. You can also call the API:

    curl -b session=ana --json '{"provider": "openai"}' http://127.0.0.1:8080/api/conversations

Providers without a key are simulated. To use a real provider, set OPENAI_API_KEY, GEMINI_API_KEY, or ELEVENLABS_API_KEY
with ELEVENLABS_AGENT_ID. To use your own mascot server, set MASCOT_BASE_URL and MASCOT_API_KEY.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import warnings
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import uvicorn
from google.genai.errors import APIError as GeminiError
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.params import JSONBody  # noqa: TC002  (Litestar reads annotations)
from openai import OpenAIError

from examples.offline import offline
from mascot_client import (
    APIConnectionError,
    AsyncMascotClient,
    ElevenLabsConfig,
    GeminiConfig,
    GeminiCredentials,
    MascotError,
    OpenAIConfig,
    RateLimitError,
    UnavailableError,
    for_gemini,
    for_openai,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar.types import Scope

logger = logging.getLogger("backend")

GEMINI_MODEL: Final = os.environ.get("GEMINI_MODEL", "gemini-3.8-live")
USERS: Final = {"ana": "Ana"}
"""The logged-in users, by session cookie. Use the login of your app instead."""


@dataclass
class Wish:
    """The request of the page."""

    provider: Literal["elevenlabs", "openai", "gemini"]


def logged_in(request: Request[Any, Any, Any]) -> str:
    """Return the name of the user; raise an error for users who are not logged in, because conversations cost money."""
    name = USERS.get(request.cookies.get("session", ""))
    if name is None:
        raise NotAuthorizedException("log in first")
    return name


async def config_for(wish: Wish, user: str) -> ElevenLabsConfig | OpenAIConfig | GeminiConfig:
    """Return the config for the mascot server.

    The keys of OpenAI and Google stay in this process, because their SDKs create a token for one conversation.
    ElevenLabs has no such token, so its key is sent to the mascot server, which encrypts it in the URL.
    """
    if wish.provider == "openai":
        return await for_openai.mint_async(voice="marin")  # with OPENAI_API_KEY
    if wish.provider == "gemini":
        return await for_gemini.mint_async(model=GEMINI_MODEL)  # with GEMINI_API_KEY
    return ElevenLabsConfig(
        api_key=os.environ["ELEVENLABS_API_KEY"],
        agent_id=os.environ["ELEVENLABS_AGENT_ID"],
        dynamic_variables={"user_name": user},
    )


@post("/api/conversations")
async def start_conversation(
    data: JSONBody[Wish], request: Request[Any, Any, Any]
) -> Response[dict[str, str]]:
    """Return the credentials for the provider's JavaScript SDK, which open one conversation within 10 minutes."""
    user = logged_in(request)
    mascot: AsyncMascotClient = request.app.state.mascot
    credentials = await mascot.get_signed_url(await config_for(data, user))
    if isinstance(credentials, GeminiCredentials):
        content = {"api_key": credentials.api_key, "base_url": credentials.base_url}
    else:
        content = {"signed_url": credentials.url}
    return Response(content, headers={"cache-control": "no-store"})


def busy(_request: Request[Any, Any, Any], error: MascotError) -> Response[dict[str, str]]:
    """Return 429 or 503 if the mascot server is overloaded or unavailable. The page can retry."""
    status = 429 if isinstance(error, RateLimitError) else 503
    seconds = getattr(error, "retry_after_s", None) or 5
    return Response(
        {"error": "no conversation is free"}, status_code=status, headers={"retry-after": f"{seconds:.0f}"}
    )


def refused(_request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, str]]:
    """Return 502 for a wrong key or setting, or if the provider rejects the request. The log contains the reason.

    The error text of a provider can contain a part of the key, so only its type is logged. Errors of mascot-client
    contain no keys.
    """
    logger.error("no conversation: %s", error if isinstance(error, MascotError) else type(error).__name__)
    return Response({"error": "the agent cannot be reached"}, status_code=502)


async def unexpected(error: Exception, _scope: Scope) -> None:
    """Log unexpected errors, for example an unreachable provider. The page receives 500."""
    if not isinstance(error, HTTPException | MascotError | OpenAIError | GeminiError):
        logger.error("no conversation", exc_info=error)


@asynccontextmanager
async def mascot_client(app: Litestar) -> AsyncIterator[None]:
    """Open one client for all requests. It does not retry, because users would have to wait."""
    async with AsyncMascotClient(timeout=5, max_retries=0) as app.state.mascot:
        yield


PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>backend</title><link rel="icon" href="data:,">
<h1>What starts a conversation</h1>
<p><button>elevenlabs</button> <button>openai</button> <button>gemini</button></p>
<pre>Pass the response to the provider's JavaScript SDK.</pre>
<script>
  for (const button of document.querySelectorAll("button")) {
    button.onclick = async () => {
      const response = await fetch("/api/conversations", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ provider: button.textContent }),
      });
      const answer = JSON.stringify(await response.json(), null, 2);
      document.querySelector("pre").textContent = `${response.status} ${answer}`;
    };
  }
</script>
</html>
"""


@get(
    "/",
    media_type=MediaType.HTML,
    response_cookies=[Cookie(key="session", value="ana", httponly=True, samesite="strict")],
)
async def page() -> str:
    """Return a test page, which logs in every visitor as Ana."""
    return PAGE


app = Litestar(
    [page, start_conversation],
    lifespan=[mascot_client],
    exception_handlers={
        RateLimitError: busy,
        UnavailableError: busy,
        APIConnectionError: busy,
        MascotError: refused,
        OpenAIError: refused,
        GeminiError: refused,
    },
    after_exception=[unexpected],
    logging_config=None,
)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(prog="backend", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--port", type=int, default=8080, help="port; 0 selects a free port (default: %(default)s)"
    )
    options = parser.parse_args()
    # Google's SDK logs this warning for each token.
    warnings.filterwarnings("ignore", message="The SDK's token creation")
    # SIGTERM is handled like Ctrl-C, so that the processes that `offline` started end too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        suppress(KeyboardInterrupt),
        socket.create_server(("127.0.0.1", options.port)) as listener,
        offline("elevenlabs", "openai", "gemini") as simulated,
    ):
        print(f"simulated: {', '.join(sorted(simulated)) or 'none'}")
        print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        asyncio.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main()
