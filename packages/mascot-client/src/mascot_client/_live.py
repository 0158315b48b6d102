"""OpenAI GPT-Live sessions through the server, by the SDK's own connection managers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mascot_client._openai_sdk import PLACEHOLDER_KEY, require_sdk, split, without_environment
from mascot_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openai.resources.live.live import AsyncLiveConnectionManager, LiveConnectionManager

    from mascot_client.credentials import SignedUrl


def connect_live(
    signed_url: SignedUrl, *, extra_query: Mapping[str, object] | None = None, **connection: Any
) -> LiveConnectionManager:
    """Make the SDK's connection manager for GPT-Live, to be entered by ``with``.

    Args:
        signed_url: What ``get_signed_url`` returned to an ``OpenAIConfig`` with ``api="live"``.
        extra_query: Further query parameters.
        **connection: The other arguments of the SDK's ``live.connect``.

    Returns:
        The ``LiveConnectionManager`` of ``OpenAI().live.connect``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: Its version has no GPT-Live.
    """
    require_sdk()
    from openai import OpenAI  # noqa: PLC0415 - needs the extra

    base, token = split(signed_url)
    client = OpenAI(api_key=PLACEHOLDER_KEY, websocket_base_url=base, default_headers=without_environment())
    _require_live(client)
    return client.live.connect(extra_query={**(extra_query or {}), **token}, **connection)


def connect_live_async(
    signed_url: SignedUrl, *, extra_query: Mapping[str, object] | None = None, **connection: Any
) -> AsyncLiveConnectionManager:
    """Make the SDK's asyncio connection manager for GPT-Live, to be entered by ``async with``.

    Args:
        signed_url: What ``get_signed_url`` returned to an ``OpenAIConfig`` with ``api="live"``.
        extra_query: Further query parameters.
        **connection: The other arguments of the SDK's ``live.connect``.

    Returns:
        The ``AsyncLiveConnectionManager`` of ``AsyncOpenAI().live.connect``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: Its version has no GPT-Live.
    """
    require_sdk()
    from openai import AsyncOpenAI  # noqa: PLC0415 - needs the extra

    base, token = split(signed_url)
    client = AsyncOpenAI(
        api_key=PLACEHOLDER_KEY, websocket_base_url=base, default_headers=without_environment()
    )
    _require_live(client)
    return client.live.connect(extra_query={**(extra_query or {}), **token}, **connection)


def _require_live(client: object) -> None:
    if not hasattr(client, "live"):
        raise ConfigurationError(
            "openai", "this version of the SDK has no GPT-Live: pip install 'openai>=3.12'"
        )
