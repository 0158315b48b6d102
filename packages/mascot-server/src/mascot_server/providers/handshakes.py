"""What an app shows when it connects: the sockets' paths, and where in a handshake the SDKs put our token."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ELEVENLABS_PATH", "GEMINI_KEY_PREFIX", "GEMINI_PATH", "OPENAI_PATH", "Handshake", "is_socket"]

ELEVENLABS_PATH: Final = "/v1/conversation"
OPENAI_PATH: Final = "/v1/openai-realtime/ws"
GEMINI_PATH: Final = "/ws/google.ai.generativelanguage.{version}.GenerativeService.{method}"
GEMINI_KEY_PREFIX: Final = "mascot_ephemeral_"

_PROVIDERS: Final = {
    ELEVENLABS_PATH: "elevenlabs",
    OPENAI_PATH: "openai",
    # OpenAI's Python SDK appends /realtime to whatever URL it is given.
    f"{OPENAI_PATH}/realtime": "openai",
}
_GEMINI: Final = re.compile(
    r"/+ws/google\.ai\.generativelanguage\.(v1|v1beta|v1alpha)\.GenerativeService\.BidiGenerateContent(?:Constrained)?"
)


def is_socket(path: str) -> bool:
    """Whether a path is one of the sockets'."""
    return path.rstrip("/") in _PROVIDERS or _GEMINI.fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class Handshake:
    """What an app asks for with its handshake.

    Attributes:
        provider: That it wants to talk to.
        token: That it shows; empty if none.
        origin: Web page it comes from, as its browser says; `None` where it is no browser.
        viseme_model: That its query asks for, if any.
        gemini_version: API version in the path of a Gemini app.
    """

    provider: str
    token: str = field(repr=False)
    origin: str | None
    viseme_model: str | None
    gemini_version: str = "v1beta"

    @classmethod
    def of(cls, path: str, query: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Handshake | None:
        """Reads a handshake.

        Args:
            path: Of the request.
            query: Its query string.
            headers: Its headers, names in lower case.

        Returns:
            What it asks for; `None` if there is no such socket.
        """
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        asked = {name: values[0] for name, values in parse_qs(query.decode("latin-1")).items()}
        origin, model = named.get("origin"), asked.get("viseme_model")
        if match := _GEMINI.fullmatch(path):
            return cls("gemini", _gemini_token(named, asked), origin, model, match[1])
        if provider := _PROVIDERS.get(path.rstrip("/")):
            return cls(provider, asked.get("token", ""), origin, model)
        return None


def _gemini_token(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """Finds the token in all the places where SDKs put an API key."""
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    candidates = (
        headers.get("x-goog-api-key"),
        query.get("key"),
        query.get("access_token"),
        credential if scheme.lower() in {"token", "bearer"} else None,
    )
    token = next((candidate for candidate in candidates if candidate), "")
    return token.strip().removeprefix(GEMINI_KEY_PREFIX)
