"""Create OpenAI client secrets with the official SDK, so that the API key does not leave this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mascot_client._extras import needs
from mascot_client.configs import OpenAIConfig
from mascot_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openai import AsyncOpenAI, OpenAI

    from mascot_client._sets import VisemeShapes, VisemeWeights

_SHORTEST_S, _LONGEST_S = 10, 7200
"""The limits of OpenAI, in seconds."""


def mint(
    api_key: str | None = None,
    *,
    model: str = "gpt-realtime-2.1",
    voice: str | Mapping[str, str] | None = None,
    viseme_model: str | None = None,
    viseme_shapes: VisemeShapes | None = None,
    viseme_weights: VisemeWeights | None = None,
    start_within_s: int = 600,
    client: OpenAI | None = None,
) -> OpenAIConfig:
    """Create a client secret at OpenAI and return a config for ``get_signed_url``.

    Your API key is sent to OpenAI only. The mascot server receives the secret, which opens one session and then
    expires.

    Args:
        api_key: Your OpenAI API key. By default the SDK reads ``OPENAI_API_KEY``.
        model: The realtime model that the secret is for.
        voice: The name of the voice, or ``{"id": "voice_…"}`` for a custom voice.
        viseme_model: The viseme model; see ``OpenAIConfig``.
        viseme_shapes: The set of shapes of the events; see ``OpenAIConfig``.
        viseme_weights: The set of shapes of the blend weights; see ``OpenAIConfig``.
        start_within_s: Time in seconds until the secret expires, 10 to 7200. A running session is not interrupted.
        client: Your own ``OpenAI`` client, instead of ``api_key``.

    Returns:
        The config for ``get_signed_url``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: ``start_within_s`` is out of range.
        openai.OpenAIError: OpenAI rejected the request. This is an error of the SDK.
    """
    with needs("openai", "openai"):
        from openai import OpenAI  # noqa: PLC0415 - needs the extra
    question = _question(model, voice, start_within_s)
    if client is not None:
        secret = client.realtime.client_secrets.create(**question)
    else:
        with OpenAI(api_key=api_key) as own:
            secret = own.realtime.client_secrets.create(**question)
    return OpenAIConfig(
        ephemeral_token=secret.value,
        model=model,
        voice=voice,
        viseme_model=viseme_model,
        viseme_shapes=viseme_shapes,
        viseme_weights=viseme_weights,
    )


async def mint_async(
    api_key: str | None = None,
    *,
    model: str = "gpt-realtime-2.1",
    voice: str | Mapping[str, str] | None = None,
    viseme_model: str | None = None,
    viseme_shapes: VisemeShapes | None = None,
    viseme_weights: VisemeWeights | None = None,
    start_within_s: int = 600,
    client: AsyncOpenAI | None = None,
) -> OpenAIConfig:
    """Create a client secret at OpenAI and return a config for ``get_signed_url``, on asyncio; see ``mint``.

    Args:
        api_key: Your OpenAI API key. By default the SDK reads ``OPENAI_API_KEY``.
        model: The realtime model that the secret is for.
        voice: The name of the voice, or ``{"id": "voice_…"}`` for a custom voice.
        viseme_model: The viseme model; see ``OpenAIConfig``.
        viseme_shapes: The set of shapes of the events; see ``OpenAIConfig``.
        viseme_weights: The set of shapes of the blend weights; see ``OpenAIConfig``.
        start_within_s: Time in seconds until the secret expires, 10 to 7200. A running session is not interrupted.
        client: Your own ``AsyncOpenAI`` client, instead of ``api_key``.

    Returns:
        The config for ``get_signed_url``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: ``start_within_s`` is out of range.
        openai.OpenAIError: OpenAI rejected the request. This is an error of the SDK.
    """
    with needs("openai", "openai"):
        from openai import AsyncOpenAI  # noqa: PLC0415 - needs the extra
    question = _question(model, voice, start_within_s)
    if client is not None:
        secret = await client.realtime.client_secrets.create(**question)
    else:
        async with AsyncOpenAI(api_key=api_key) as own:
            secret = await own.realtime.client_secrets.create(**question)
    return OpenAIConfig(
        ephemeral_token=secret.value,
        model=model,
        voice=voice,
        viseme_model=viseme_model,
        viseme_shapes=viseme_shapes,
        viseme_weights=viseme_weights,
    )


def _question(model: str, voice: str | Mapping[str, str] | None, start_within_s: int) -> dict[str, Any]:
    if not _SHORTEST_S <= start_within_s <= _LONGEST_S:
        raise ConfigurationError("start_within_s", f"must be between {_SHORTEST_S} and {_LONGEST_S} seconds")
    session: dict[str, Any] = {"type": "realtime", "model": model}
    if voice is not None:
        session["audio"] = {"output": {"voice": voice}}
    return {"session": session, "expires_after": {"anchor": "created_at", "seconds": start_within_s}}
