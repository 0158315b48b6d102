"""Admission of WebSocket handshakes: all checks that are made before a socket is accepted."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mascot_server.auth.tokens import INVALID_TOKEN
from mascot_server.errors import BadRequest, Forbidden, Unauthorized, Unavailable
from mascot_server.inference.viseme_models import DEFAULT_MODEL, VISEME_MODELS, VisemeModel, is_viseme_model
from mascot_server.providers.parsing import parse_sealed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mascot_server.auth.http_access import Access
    from mascot_server.auth.tokens import Opened, Tokens
    from mascot_server.providers.base import Handshake
    from mascot_server.providers.config import ProviderConfig
    from mascot_server.quotas.limiter import Limiter
    from mascot_server.settings import Settings

__all__ = ["Admission", "Admitted"]

_RETRY_SECONDS: Final = 1
"""`Retry-After` where this server is overloaded or shuts down: another one behind the same address may be free."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The result of an admitted handshake.

    Attributes:
        config: Connection details of the provider.
        viseme_model: Name of the viseme model.
        key_id: Id of the API key that its token was issued to.
    """

    config: ProviderConfig
    viseme_model: VisemeModel
    key_id: str


class Admission:
    """Authenticates WebSocket handshakes and admits or rejects them.

    Args:
        settings: Allowed origins, and whether tokens are single-use.
        tokens: Verifies and decrypts tokens.
        access: Looks up keys.
        limiter: Enforces the limits of keys.
        refusal: Returns why this server accepts no new conversations, or `None`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        tokens: Tokens,
        access: Access,
        limiter: Limiter,
        refusal: Callable[[], str | None],
    ) -> None:
        self._origins = frozenset(settings.allowed_origins)
        self._require_origin = settings.require_origin
        self._single_use = settings.single_use_tokens
        self._tokens = tokens
        self._access = access
        self._limiter = limiter
        self._refusal = refusal

    @asynccontextmanager
    async def admit(self, handshake: Handshake, stop: Callable[[int, str], None]) -> AsyncIterator[Admitted]:
        """Admit an app while the context lasts, and count it as a session of its key.

        Args:
            handshake: The handshake.
            stop: Ends the conversation with a WebSocket close code and a reason.

        Returns:
            The result of the admitted handshake.

        Raises:
            Refusal: The handshake is rejected; the error holds the HTTP status to respond with.
        """
        opened = self.check(handshake)
        config = parse_sealed(handshake.provider.name, opened.config)
        handshake.provider.admit(config, handshake)
        model = _viseme_model(config, handshake.viseme_model)
        key = await self._access.holder(opened.key_id, origin=handshake.origin)
        if key is None:
            # The key was revoked after the token was issued.
            raise Unauthorized(INVALID_TOKEN)
        await self._limiter.count_request(key)
        async with self._limiter.session(key, stop):
            # Checked last, so that a client that is rejected because of a limit can retry with the same token.
            if not await self._use(opened):
                raise Unauthorized(INVALID_TOKEN)
            yield Admitted(config, model, key.id)

    async def _use(self, opened: Opened) -> bool:
        """Use a token to start or resume a conversation; return whether the token allows it."""
        seconds = max(1.0, opened.expires_in)
        if self._single_use:
            return opened.starts_in > 0 and await self._limiter.claim(opened.token_id, seconds=seconds)
        if opened.starts_in <= 0:
            return await self._limiter.has_started(opened.token_id)
        if opened.is_renewable:
            await self._limiter.remember_start(opened.token_id, seconds=seconds)
        return True

    def check(self, handshake: Handshake) -> Opened:
        """Check everything in a handshake that needs no store.

        Returns:
            The contents of its token.

        Raises:
            Refusal: The handshake is rejected.
        """
        # The cheapest checks come first: an overloaded server has no time to decrypt tokens.
        if (reason := self._refusal()) is not None:
            raise Unavailable(reason, retry_after=_RETRY_SECONDS)
        self._check_origin(handshake.origin)
        return self._tokens.open(handshake.provider.name, handshake.token)

    def _check_origin(self, origin: str | None) -> None:
        if origin is None:
            if self._require_origin:
                raise Forbidden("The Origin header is missing: only web pages may open WebSockets")
        elif self._origins and origin.lower() not in self._origins:
            raise Forbidden("This web page may not open WebSockets on this server")


def _viseme_model(config: ProviderConfig, asked: str | None) -> VisemeModel:
    """Return the model the URL was signed for, or the one in the query."""
    if asked is not None and not is_viseme_model(asked):
        raise BadRequest(f"viseme_model: must be one of {', '.join(VISEME_MODELS)}")
    return config.viseme_model or asked or DEFAULT_MODEL
