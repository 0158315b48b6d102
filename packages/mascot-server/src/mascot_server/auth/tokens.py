"""Tokens of signed URLs: a signed JWT with an expiry time and the encrypted provider configuration.

Anyone can read a JWT. So the provider's key is in the claim `enc`, encrypted with AES-256-GCM: only servers that have
the secret can decrypt it. The id of the API key that the token was issued to is encrypted as well, because it is
private to the operator. The signing key and the encryption key are derived from the secret (HKDF-SHA256, RFC 5869).
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
"""Longest configuration in a token: it is part of a request line, which servers and proxies limit to 8 KiB."""

_END_OF_ID: Final = b"\n"
_ISSUER: Final = "mascot-server"
_ALGORITHM: Final = "HS256"
_NONCE_BYTES: Final = 12
"""Size of the AES-GCM nonce (NIST SP 800-38D, section 8.2)."""
_REQUIRED: Final = ("aud", "enc", "exp", "iat", "iss", "jti")
INVALID_TOKEN: Final = "Invalid or expired token: ask for a new signed URL"  # noqa: S105  (a message)


@dataclass(frozen=True, slots=True)
class Opened:
    """The contents of a verified token.

    Attributes:
        config: The decrypted provider configuration.
        key_id: Id of the API key it was issued to.
        token_id: Unique id of the token.
        starts_in: Seconds during which it can still start a conversation; 0 or less if it can only resume one.
        expires_in: Seconds until it expires.
    """

    config: bytes = field(repr=False)
    key_id: str
    token_id: str
    starts_in: float
    expires_in: float

    @property
    def is_renewable(self) -> bool:
        """Whether it can resume a conversation after the time in which it can start one."""
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
    """Creates and verifies tokens.

    Args:
        secrets: One or more master secrets. The first one creates new tokens; all of them verify existing ones.
        clock: Returns seconds since the epoch.
    """

    def __init__(self, secrets: Sequence[str], *, clock: Callable[[], float] = time.time) -> None:
        keys = [_derive(secret) for secret in secrets]
        self._current = keys[0]
        self._by_kid = {key.kid: key for key in reversed(keys)}
        self._clock = clock

    def seal(self, provider: str, config: bytes, *, key_id: str, lifetime: int = LIFETIME_SECONDS) -> str:
        """Create a token.

        Args:
            provider: Name of the provider that it is valid for.
            config: The configuration to encrypt.
            key_id: Id of the API key it is issued to.
            lifetime: Seconds until it expires. It can start a conversation for 10 minutes at most; for the rest of a
                longer lifetime it can only resume one.

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
        """Verify and decrypt a token.

        Args:
            provider: Name of the provider that it must be valid for.
            token: The token, as returned by ``seal``.

        Returns:
            Its contents.

        Raises:
            Unauthorized: It was not issued here, was changed, has expired or is for another provider. The text
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
        # PyJWT reads the system clock. Expiry is checked here with the injected clock instead.
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
    """Return the associated data that binds the encrypted part to its token: it cannot be moved into another one."""
    return f"{kid}.{jti}.{provider}".encode()
