"""Functions that all helpers for OpenAI's SDK share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from mascot_client._extras import needs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_client.credentials import SignedUrl

# The SDK requires a key and sends it to the server. The server checks only the token in the URL.
_PLACEHOLDER_KEY = "mascot"


def require_sdk() -> None:
    """Raise ``MissingExtraError`` if the SDK or its WebSocket library is not installed."""
    with needs("openai", "openai"):
        import openai  # noqa: F401, PLC0415 - checks only whether it is installed
    # The SDK can be installed without websockets, and would then fail only when it connects.
    with needs("openai", "websockets"):
        import websockets  # noqa: F401, PLC0415 - checks only whether it is installed


def connection_options(
    signed_url: SignedUrl, extra_query: Mapping[str, object] | None
) -> tuple[dict[str, Any], dict[str, object]]:
    """Return the arguments of the SDK's client, and the query of its connection, which has the token."""
    # The SDK appends `/realtime` to the path, and most of its versions drop a query in the URL.
    parts = urlsplit(signed_url.url)
    client = {
        "api_key": _PLACEHOLDER_KEY,
        "websocket_base_url": urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")),
        "default_headers": _without_environment(),
    }
    return client, {**(extra_query or {}), **dict(parse_qsl(parts.query))}


def _without_environment() -> dict[str, str]:
    """Return headers that remove those that the SDK adds from the environment, which are for OpenAI only.

    The SDK reads ``OPENAI_ORG_ID``, ``OPENAI_PROJECT_ID`` and ``OPENAI_CUSTOM_HEADERS`` (one ``name: value`` per line).
    The value ``Omit`` removes a header.
    """
    from openai import Omit  # noqa: PLC0415 - needs the extra

    custom = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    names = ["OpenAI-Organization", "OpenAI-Project", *(line.partition(":")[0].strip() for line in custom)]
    # The type in the SDK's signature is str, but its documentation uses Omit to remove a default header.
    return cast("dict[str, str]", {name: Omit() for name in names if name})
