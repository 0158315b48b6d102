"""`POST /v1/get-signed-url`: connection details in, a URL or key to connect with out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar import Request, post
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from mascot_server.contract import GetSignedUrlOperation
from mascot_server.errors import BadRequest
from mascot_server.handshakes import ELEVENLABS_PATH, GEMINI_KEY_PREFIX, OPENAI_PATH
from mascot_server.provider_config import ProviderConfig, parse_request

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

    from mascot_server.access import Access
    from mascot_server.metrics import Metrics
    from mascot_server.tokens import Tokens

__all__ = ["get_signed_url_route"]

_MAX_BODY_BYTES: Final = 256 * 1024


def get_signed_url_route(
    *, access: Access, tokens: Tokens, metrics: Metrics, public_url: str | None
) -> HTTPRouteHandler:
    """Makes the handler.

    Args:
        access: Says who may ask.
        tokens: Makes the token.
        metrics: Where tokens are counted.
        public_url: Origin to answer with; the one the request came to if not set.
    """

    @post(
        "/v1/get-signed-url",
        status_code=200,
        operation_id="getSignedUrl",
        operation_class=GetSignedUrlOperation,
        request_max_body_size=_MAX_BODY_BYTES,
    )
    async def get_signed_url(request: Request[Any, Any, Any]) -> dict[str, str]:
        headers = request.headers
        key = await access.authorise(headers.get("authorization"), origin=headers.get("origin"))
        config = parse_request(await _body(request))
        await access.allow_conversation(key, config.provider)
        sealed = config.model_dump_json(exclude_none=True).encode()
        token = tokens.seal(config.provider, sealed, key_id=key.id)
        metrics.tokens_issued.add(config.provider)
        return _answer(config, token, public_url or str(request.base_url).rstrip("/"))

    return get_signed_url


async def _body(request: Request[Any, Any, Any]) -> bytes:
    try:
        return await request.body()
    except RequestEntityTooLarge:
        raise BadRequest(
            f"Invalid provider config: config: the body is longer than {_MAX_BODY_BYTES} bytes"
        ) from None


def _answer(config: ProviderConfig, token: str, origin: str) -> dict[str, str]:
    if config.provider == "gemini":
        return {"api_key": GEMINI_KEY_PREFIX + token, "base_url": origin}
    path = ELEVENLABS_PATH if config.provider == "elevenlabs" else OPENAI_PATH
    # http becomes ws, https wss.
    return {"signed_url": f"ws{origin.removeprefix('http')}{path}?token={token}"}
