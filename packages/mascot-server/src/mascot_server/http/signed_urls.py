"""`POST /v1/get-signed-url`: accept connection details, and return a signed URL or key to connect with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar import Request, post
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from mascot_server.errors import BadRequest
from mascot_server.http.openapi import GetSignedUrlOperation
from mascot_server.http.session_ttl import token_lifetime
from mascot_server.providers.parsing import parse_request
from mascot_server.providers.registry import PROVIDERS

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

    from mascot_server.auth.http_access import Access
    from mascot_server.auth.keys import KeyRecord
    from mascot_server.auth.tokens import Tokens
    from mascot_server.http.public_url import PublicUrl
    from mascot_server.observability.metrics import Metrics
    from mascot_server.providers.parsing import SignedUrlRequest
    from mascot_server.settings import Settings

__all__ = ["SignedUrls", "get_signed_url_route"]

_MAX_BODY_BYTES: Final = 256 * 1024


class SignedUrls:
    """Issues the signed URLs and keys that apps connect with.

    Args:
        settings: Settings that requests are checked against.
        access: Authorises conversations with a provider.
        tokens: Creates the tokens.
        metrics: Metrics that count tokens.
        public_url: Base of the signed URLs.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        access: Access,
        tokens: Tokens,
        metrics: Metrics,
        public_url: PublicUrl,
    ) -> None:
        self._access = access
        self._tokens = tokens
        self._metrics = metrics
        self._settings = settings
        self._public_url = public_url

    async def sign(
        self, asked: SignedUrlRequest, key: KeyRecord, request: Request[Any, Any, Any]
    ) -> dict[str, str]:
        """Answer a request.

        Args:
            asked: Connection details to encrypt in the token, and its lifetime.
            key: API key that the conversation is counted for.
            request: The request.

        Returns:
            URL or key to connect with, in the format of the contract.

        Raises:
            Refusal: The key may not be used for this provider, a limit is reached, or the request is invalid.
        """
        config, lifetime = asked.config, token_lifetime(asked.session_ttl, self._settings)
        provider = PROVIDERS[config.provider]
        provider.check(config, self._settings.of_provider(provider.name))
        await self._access.allow_conversation(key, provider.name)
        sealed = config.model_dump_json(exclude_none=True).encode()
        token = self._tokens.seal(config.provider, sealed, key_id=key.id, lifetime=lifetime)
        self._metrics.tokens_issued.add(config.provider)
        return provider.answer(config, token, self._public_url.of(request))


def get_signed_url_route(*, access: Access, signed_urls: SignedUrls) -> HTTPRouteHandler:
    """Create the handler.

    Args:
        access: Authenticates requests.
        signed_urls: Issues signed URLs.
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
        return await signed_urls.sign(parse_request(await _body(request)), key, request)

    return get_signed_url


async def _body(request: Request[Any, Any, Any]) -> bytes:
    try:
        return await request.body()
    except RequestEntityTooLarge:
        raise BadRequest(
            f"Invalid provider config: config: the body is longer than {_MAX_BODY_BYTES} bytes"
        ) from None
