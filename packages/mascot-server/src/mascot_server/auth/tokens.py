"""Tokens of signed URLs: a signed JWT that says when it ends, with the provider's configuration sealed inside.

Anyone can read a JWT. The provider's key is in the claim `enc`, sealed with AES-256-GCM, so that only servers that
hold the secret can open it. The id of the API key it was issued to is sealed with it: for whom a server works is
nobody's business. Both keys, to sign and to seal, are derived from the secret (HKDF-SHA256, RFC 5869).
"""

from __future__ import annotations

import base64
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mascot_server.errors import BadRequest, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["INVALID_TOKEN", "LIFETIME_SECONDS", "Opened", "Tokens"]

LIFETIME_SECONDS: Final = 600
"""How long a signed URL can be used to start a connection (the contract's 10 minutes)."""

_MAX_SEALED_BYTES: Final = 4096
"""Longest configuration that is sealed: the token travels in a request line, which servers and proxies cut at
8 KiB."""

_END_OF_ID: Final = b"\n"
_ISSUER: Final = "mascot-server"
_ALGORITHM: Final = "HS256"
_NONCE_BYTES: Final = 12
"""Of AES-GCM (NIST SP 800-38D, section 8.2)."""
_REQUIRED: Final = ("aud", "enc", "exp", "iat", "iss", "jti")
INVALID_TOKEN: Final = "Invalid or expired token: ask for a new signed URL"  # noqa: S105  (a message)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token holds.

    Attributes:
        config: The configuration that was sealed.
        key_id: Id of the API key it was issued to.
        token_id: Its own id, which no other token has.
        starts_in: Seconds until it can start no conversation any more; 0 or less once it can only resume one.
        expires_in: Seconds until it can be used no more.
    """

    config: bytes = field(repr=False)
    key_id: str
    token_id: str
    starts_in: float
    expires_in: float

    @property
    def is_renewable(self) -> bool:
        """Whether it resumes a conversation after the time in which it starts one."""
        return self.expires_in > self.starts_in


@dataclass(frozen=True, slots=True, repr=False)
class _Keys:
    kid: str
    sign: bytes
    seal: AESGCM


def _derive(secret: str) -> _Keys:
    def key(purpose: str, length: int) -> bytes:
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"mascot {purpose}".encode()).derive(
            secret.encode()
        )

    return _Keys(kid=key("kid", 4).hex(), sign=key("sign", 32), seal=AESGCM(key("seal", 32)))


class Tokens:
    """Makes and opens tokens.

    Args:
        secrets: One or more master secrets; the first makes tokens, all open them.
        clock: Seconds since the epoch.
    """

    def __init__(self, secrets: Sequence[str], *, clock: Callable[[], float] = time.time) -> None:
        keys = [_derive(secret) for secret in secrets]
        self._current = keys[0]
        self._by_kid = {key.kid: key for key in reversed(keys)}
        self._clock = clock

    def seal(self, provider: str, config: bytes, *, key_id: str, lifetime: int = LIFETIME_SECONDS) -> str:
        """Create a token.

        Args:
            provider: Name of the provider it is good for.
            config: What to seal in it.
            key_id: Id of the API key it is issued to.
            lifetime: Seconds until it expires. It starts conversations for 10 minutes in any case; for the rest of
                a longer life it resumes one.

        Returns:
            The token: base64url and dots only, so it is safe in URLs and headers as it is.

        Raises:
            BadRequest: The configuration is too long for a URL.
        """
        if len(config) > _MAX_SEALED_BYTES:
            raise BadRequest(
                "Invalid provider config: config.provider_config: must not be longer than "
                f"{_MAX_SEALED_BYTES} bytes; shorten dynamic_variables"
            )
        keys, jti, now = self._current, uuid.uuid4().hex, int(self._clock())
        nonce = os.urandom(_NONCE_BYTES)
        content = key_id.encode() + _END_OF_ID + config
        sealed = nonce + keys.seal.encrypt(nonce, content, _context(keys.kid, jti, provider))
        claims = {
            "iss": _ISSUER,
            "aud": provider,
            "iat": now,
            "exp": now + lifetime,
            "jti": jti,
            "enc": base64.urlsafe_b64encode(sealed).decode(),
        }
        return jwt.encode(claims, keys.sign, algorithm=_ALGORITHM, headers={"kid": keys.kid})

    def open(self, provider: str, token: str) -> Opened:
        """Open a token.

        Args:
            provider: Name of the provider it must be good for.
            token: What ``seal`` returned.

        Returns:
            What it holds.

        Raises:
            Unauthorized: It is not a token of ours, was changed, has expired or is for another provider. The text
                does not say which.
        """
        try:
            keys = self._by_kid[jwt.get_unverified_header(token)["kid"]]
            claims = self._verified(keys, provider, token)
            sealed = base64.urlsafe_b64decode(claims["enc"])
            content = keys.seal.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _context(keys.kid, claims["jti"], provider)
            )
        except (jwt.InvalidTokenError, InvalidTag, KeyError, RecursionError, TypeError, ValueError):
            raise Unauthorized(INVALID_TOKEN) from None
        key_id, _, config = content.partition(_END_OF_ID)
        expires_in = claims["exp"] - self._clock()
        starts_in = expires_in - (claims["exp"] - claims["iat"]) + LIFETIME_SECONDS
        return Opened(config, key_id.decode(), claims["jti"], starts_in, expires_in)

    def _verified(self, keys: _Keys, provider: str, token: str) -> dict[str, Any]:
        # PyJWT reads the system clock; expiry is checked here to go by ours.
        claims: dict[str, Any] = jwt.decode(
            token,
            keys.sign,
            algorithms=[_ALGORITHM],
            audience=provider,
            issuer=_ISSUER,
            options={"require": list(_REQUIRED), "verify_exp": False, "verify_iat": False},
        )
        if not isinstance(claims["exp"], int) or claims["exp"] <= self._clock():
            raise jwt.ExpiredSignatureError
        return claims


def _context(kid: str, jti: str, provider: str) -> bytes:
    """Bind the sealed part to its token: it cannot be moved into another one."""
    return f"{kid}.{jti}.{provider}".encode()
