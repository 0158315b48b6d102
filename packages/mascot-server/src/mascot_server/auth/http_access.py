"""Authentication and authorisation of HTTP requests: the checks that every endpoint makes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mascot_server.errors import BadRequest, Forbidden, StoreError, Unauthorized, Unavailable

if TYPE_CHECKING:
    from mascot_server.auth.keys import KeyDirectory, KeyRecord
    from mascot_server.quotas.limiter import Limiter

__all__ = ["Access"]

_RETRY_SECONDS: Final = 2


class Access:
    """Checks keys, the origin they are used from, and their limits.

    Args:
        keys: All valid keys.
        limiter: Counts their use.
    """

    def __init__(self, keys: KeyDirectory, limiter: Limiter) -> None:
        self._keys = keys
        self._limiter = limiter

    async def authorise(self, authorization: str | None, *, origin: str | None) -> KeyRecord:
        """Authenticate a request and count it.

        Args:
            authorization: Its header ``Authorization``.
            origin: Its header ``Origin``, which a browser sends.

        Returns:
            The key.

        Raises:
            Unauthorized: The request has no valid bearer key.
            Forbidden: The request comes from a web page that may not use this key.
            TooManyRequests: A limit of the key is reached.
            Unavailable: Keys or limits cannot be checked.
        """
        scheme, _, presented = (authorization or "").partition(" ")
        key = await self._found(presented.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise Unauthorized("Invalid API key")
        _check_origin(key, origin)
        await self._limiter.count_request(key)
        return key

    async def allow_conversation(self, key: KeyRecord, provider: str) -> None:
        """Check whether a key may start a conversation with a provider, before a signed URL is issued.

        Raises:
            BadRequest: The key may not be used for this provider. The published contract has only 400 and 401.
                400 fits better: the configuration is wrong, the key is valid.
            TooManyRequests: The day's minutes of the key are used up.
            Unavailable: Limits cannot be checked.
        """
        if key.providers and provider not in key.providers:
            raise BadRequest(
                "Invalid provider config: config.provider: this API key may be used for "
                f"{', '.join(key.providers)} only"
            )
        await self._limiter.check_day(key)

    async def holder(self, key_id: str, *, origin: str | None) -> KeyRecord | None:
        """Find the key that a token was issued to.

        Args:
            key_id: Id of the key.
            origin: The handshake's header ``Origin``.

        Returns:
            The key, if it is still valid.

        Raises:
            Forbidden: The handshake comes from a web page that may not use this key.
            Unavailable: Keys cannot be checked.
        """
        try:
            key = await self._keys.by_id(key_id)
        except StoreError:
            raise _unavailable() from None
        if key is not None:
            _check_origin(key, origin)
        return key

    async def _found(self, presented: str) -> KeyRecord | None:
        try:
            return await self._keys.by_key(presented)
        except StoreError:
            raise _unavailable() from None


def _check_origin(key: KeyRecord, origin: str | None) -> None:
    if origin is not None and key.origins and origin.lower() not in key.origins:
        raise Forbidden("This API key may not be used from this web page")


def _unavailable() -> Unavailable:
    return Unavailable("API keys cannot be checked at the moment", retry_after=_RETRY_SECONDS)
