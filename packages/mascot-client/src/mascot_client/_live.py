"""Open OpenAI GPT-Live sessions through the server, with the SDK's connection managers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mascot_client._openai_sdk import connection_options, require_sdk
from mascot_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openai.resources.live.live import AsyncLiveConnectionManager, LiveConnectionManager

    from mascot_client.credentials import SignedUrl


def connect_live(
    signed_url: SignedUrl, *, extra_query: Mapping[str, object] | None = None, **connection: Any
) -> LiveConnectionManager:
    """Create a connection manager of the SDK for GPT-Live; use it with ``with``.

    Args:
        signed_url: The result of ``get_signed_url`` for an ``OpenAIConfig`` with ``api="live"``.
        extra_query: More query parameters.
        **connection: The other arguments of the SDK's ``live.connect``.

    Returns:
        The ``LiveConnectionManager`` of ``OpenAI().live.connect``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: The installed version of the SDK does not support GPT-Live.
    """
    require_sdk()
    from openai import OpenAI  # noqa: PLC0415 - needs the extra

    options, query = connection_options(signed_url, extra_query)
    client = OpenAI(**options)
    _require_live(client)
    return client.live.connect(extra_query=query, **connection)


def connect_live_async(
    signed_url: SignedUrl, *, extra_query: Mapping[str, object] | None = None, **connection: Any
) -> AsyncLiveConnectionManager:
    """Create an asyncio connection manager of the SDK for GPT-Live; use it with ``async with``.

    Args:
        signed_url: The result of ``get_signed_url`` for an ``OpenAIConfig`` with ``api="live"``.
        extra_query: More query parameters.
        **connection: The other arguments of the SDK's ``live.connect``.

    Returns:
        The ``AsyncLiveConnectionManager`` of ``AsyncOpenAI().live.connect``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: The installed version of the SDK does not support GPT-Live.
    """
    require_sdk()
    from openai import AsyncOpenAI  # noqa: PLC0415 - needs the extra

    options, query = connection_options(signed_url, extra_query)
    client = AsyncOpenAI(**options)
    _require_live(client)
    return client.live.connect(extra_query=query, **connection)


def _require_live(client: object) -> None:
    if not hasattr(client, "live"):
        raise ConfigurationError(
            "openai", "this version of the SDK does not support GPT-Live; run: pip install 'openai>=3.12'"
        )
