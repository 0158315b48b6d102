"""Redaction of keys and tokens in logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

__all__ = ["conceal", "redact"]

_REDACTED: Final = "[redacted]"

_SHORTEST: Final = 6
"""Least length of a secret that is redacted: shorter values may be words in ordinary log lines."""

_HEADERS: Final = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|x-goog-api-key|xi-api-key|x-api-key|sec-websocket-protocol"
)

_SECRET: Final = re.compile(
    # A query parameter or an assignment.
    r"(?P<query>\b(?:token|key|api_key|access_token|conversation_signature|password|secret)=)[^&\s\"']+"
    # A field of an object, or a pair of header name and value, in JSON or in a Python `repr`.
    rf"|(?P<member>[\"'](?:{_HEADERS}|[\w-]*(?:api_?key|token|secret|password|signature|signed_url))[\"']\s*[:,]\s*b?)"
    r"(?:\"[^\"]*\"|'[^']*')"
    # A header line of a request.
    rf"|(?P<header>\b(?:{_HEADERS}):\s*)[^\r\n\"']+"
    r"|(?P<scheme>\b(?:bearer|token)\s+)[\w.~+/=-]{8,}"
    # The password of a URL.
    r"|(?P<user>\b[a-z][a-z0-9+.-]*://[^\s/@:]*:)[^\s/@]+(?=@)"
    # The formats of keys and tokens: of this server, JWTs, Google, OpenAI, ElevenLabs.
    r"|\b(?:mascot_(?:ephemeral|key)_|auth_tokens(?:/|%2F)|AIza|AQ\.(?=[\w-]{16})|eyJ|ya29\.|sk[-_]|ek_|cvtkn_|"
    r"openai-insecure-api-key\.)[\w.~+/=%-]+",
    re.IGNORECASE,
)

_NOTHING: Final = re.compile(r"(?!)")
_concealed = _NOTHING


def conceal(*settings: BaseModel) -> None:
    """Redact the secrets of these settings from now on, regardless of their format.

    Args:
        settings: Models whose `SecretStr` fields are secrets. They replace those of an earlier call.
    """
    global _concealed  # noqa: PLW0603 - what a process may not print is a matter of the process
    values = {value for model in settings for value in _secrets(model) if len(value) >= _SHORTEST}
    # Longest first, so that no part remains of a secret that begins with another one.
    pattern = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
    _concealed = re.compile(pattern) if pattern else _NOTHING


def redact(text: str) -> str:
    """Redact everything in a text that is, or looks like, a key, a token or a password."""
    return _SECRET.sub(_blank, _concealed.sub(_REDACTED, text))


def _blank(match: re.Match[str]) -> str:
    kept = next((match[name] for name in ("query", "member", "header", "scheme", "user") if match[name]), "")
    return f"{kept}{_REDACTED}" if match["member"] is None else f"{kept}'{_REDACTED}'"


def _secrets(model: BaseModel) -> Iterator[str]:
    for field in type(model).model_fields:
        value = getattr(model, field)
        pieces: Iterable[object] = value if isinstance(value, tuple) else (value,)
        for piece in pieces:
            if isinstance(piece, SecretStr):
                secret = piece.get_secret_value()
                yield secret
                yield from _password(secret)


def _password(url: str) -> Iterator[str]:
    """Yield the password of a URL, percent-encoded and decoded."""
    try:
        password = urlsplit(url).password
    except ValueError:
        return
    if password:
        yield password
        yield unquote(password)
