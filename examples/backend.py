"""The backend of a web app whose users talk to an agent: it keeps the keys and hands out what starts one conversation.

    python -m examples.backend

serves a page on http://127.0.0.1:8080, or try the one route that matters:

    curl -b session=ana --json '{"provider": "openai"}' http://127.0.0.1:8080/api/conversations

Providers without a key are simulated. They are real once OPENAI_API_KEY, GEMINI_API_KEY, or ELEVENLABS_API_KEY with
ELEVENLABS_AGENT_ID is set. MASCOT_BASE_URL and MASCOT_API_KEY lead to a mascot server of yours.
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

GEMINI_MODEL: Final = os.environ.get("GEMINI_MODEL", "gemini-2.5-flash-native-audio-preview-12-2025")
USERS: Final = {"ana": "Ana"}
"""Who is logged in, by session cookie. Your app has something better."""


@dataclass
class Wish:
    """What the page asks for."""

    provider: Literal["elevenlabs", "openai", "gemini"]


def logged_in(request: Request[Any, Any, Any]) -> str:
    """The user's name; whoever is not logged in gets no conversation, because it costs money."""
    name = USERS.get(request.cookies.get("session", ""))
    if name is None:
        raise NotAuthorizedException("log in first")
    return name


async def config_for(wish: Wish, user: str) -> ElevenLabsConfig | OpenAIConfig | GeminiConfig:
    """What to ask the mascot server with.

    The keys of OpenAI and Google stay in this process: their SDKs make a token for one conversation. ElevenLabs has no
    such token, so its key goes to the mascot server, which seals it into the URL.
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
    """Answers what the provider's JavaScript SDK connects with, for one conversation within 10 minutes."""
    user = logged_in(request)
    mascot: AsyncMascotClient = request.app.state.mascot
    credentials = await mascot.get_signed_url(await config_for(data, user))
    if isinstance(credentials, GeminiCredentials):
        content = {"api_key": credentials.api_key, "base_url": credentials.base_url}
    else:
        content = {"signed_url": credentials.url}
    return Response(content, headers={"cache-control": "no-store"})


def busy(_request: Request[Any, Any, Any], error: MascotError) -> Response[dict[str, str]]:
    """The mascot server has no room, or is not there: the page can try again."""
    status = 429 if isinstance(error, RateLimitError) else 503
    seconds = getattr(error, "retry_after_s", None) or 5
    return Response(
        {"error": "no conversation is free"}, status_code=status, headers={"retry-after": f"{seconds:.0f}"}
    )


def refused(_request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, str]]:
    """A wrong key or setting of ours, or a provider that says no: the log says why, the user cannot help it.

    A provider's error text can hold a part of the key, so its kind alone is logged; those of mascot-client hold none.
    """
    logger.error("no conversation: %s", error if isinstance(error, MascotError) else type(error).__name__)
    return Response({"error": "the agent cannot be reached"}, status_code=502)


async def unexpected(error: Exception, _scope: Scope) -> None:
    """Logs what nobody has thought of, such as a provider that is not there; the page gets 500."""
    if not isinstance(error, HTTPException | MascotError | OpenAIError | GeminiError):
        logger.error("no conversation", exc_info=error)


@asynccontextmanager
async def mascot_client(app: Litestar) -> AsyncIterator[None]:
    """One client for all requests. It does not wait and ask again, as users would wait too."""
    async with AsyncMascotClient(timeout=5, max_retries=0) as app.state.mascot:
        yield


PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>backend</title><link rel="icon" href="data:,">
<h1>What starts a conversation</h1>
<p><button>elevenlabs</button> <button>openai</button> <button>gemini</button></p>
<pre>Hand the answer to the provider's JavaScript SDK.</pre>
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
    """A page to try it, which logs everybody in as Ana."""
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
    """Runs the example."""
    parser = argparse.ArgumentParser(prog="backend", description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8080, help="0 selects a free port (%(default)s)")
    options = parser.parse_args()
    # Google's SDK says so of the making of tokens, each time.
    warnings.filterwarnings("ignore", message="The SDK's token creation")
    # Ended from outside as by Ctrl-C, so that what `offline` has started ends too.
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
