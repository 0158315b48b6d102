"""Create Gemini auth tokens with the official SDK, so that the API key does not leave this process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mascot_client._extras import needs
from mascot_client.configs import GeminiConfig
from mascot_client.errors import ConfigurationError, ProtocolError

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import CreateAuthTokenConfig

    from mascot_client._sets import VisemeShapes, VisemeWeights

_LONGEST_S = 20 * 3600
"""The maximum of Google, in seconds."""


def mint(
    api_key: str | None = None,
    *,
    model: str | None = None,
    viseme_model: str | None = None,
    viseme_shapes: VisemeShapes | None = None,
    viseme_weights: VisemeWeights | None = None,
    start_within_s: int = 600,
    talk_for_s: int = 1800,
    client: Client | None = None,
) -> GeminiConfig:
    """Create an auth token at Google and return a config for ``get_signed_url``.

    Your API key is sent to Google only. The mascot server receives the token, which opens one session and then expires.

    Args:
        api_key: Your Gemini API key. By default the SDK reads ``GOOGLE_API_KEY`` or ``GEMINI_API_KEY``.
        model: The live model. It replaces the model that the session sends.
        viseme_model: The viseme model; see ``GeminiConfig``.
        viseme_shapes: The set of shapes of the events; see ``GeminiConfig``.
        viseme_weights: The set of shapes of the blend weights; see ``GeminiConfig``.
        start_within_s: Time in seconds within which the session must start.
        talk_for_s: Time in seconds after which Google rejects messages of the session; at most 20 hours.
        client: Your own ``genai.Client``, instead of ``api_key``.

    Returns:
        The config for ``get_signed_url``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: ``start_within_s`` or ``talk_for_s`` is out of range.
        ProtocolError: The response of Google has no token.
        google.genai.errors.APIError: Google rejected the request. This is an error of the SDK.
    """
    made, wish = _prepare(api_key, client, start_within_s, talk_for_s)
    token = made.auth_tokens.create(config=wish)
    return _config(token.name, model, viseme_model, viseme_shapes, viseme_weights)


async def mint_async(
    api_key: str | None = None,
    *,
    model: str | None = None,
    viseme_model: str | None = None,
    viseme_shapes: VisemeShapes | None = None,
    viseme_weights: VisemeWeights | None = None,
    start_within_s: int = 600,
    talk_for_s: int = 1800,
    client: Client | None = None,
) -> GeminiConfig:
    """Create an auth token at Google and return a config for ``get_signed_url``, on asyncio; see ``mint``.

    Args:
        api_key: Your Gemini API key. By default the SDK reads ``GOOGLE_API_KEY`` or ``GEMINI_API_KEY``.
        model: The live model. It replaces the model that the session sends.
        viseme_model: The viseme model; see ``GeminiConfig``.
        viseme_shapes: The set of shapes of the events; see ``GeminiConfig``.
        viseme_weights: The set of shapes of the blend weights; see ``GeminiConfig``.
        start_within_s: Time in seconds within which the session must start.
        talk_for_s: Time in seconds after which Google rejects messages of the session; at most 20 hours.
        client: Your own ``genai.Client``, instead of ``api_key``.

    Returns:
        The config for ``get_signed_url``.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: ``start_within_s`` or ``talk_for_s`` is out of range.
        ProtocolError: The response of Google has no token.
        google.genai.errors.APIError: Google rejected the request. This is an error of the SDK.
    """
    made, wish = _prepare(api_key, client, start_within_s, talk_for_s)
    token = await made.aio.auth_tokens.create(config=wish)
    return _config(token.name, model, viseme_model, viseme_shapes, viseme_weights)


def _prepare(
    api_key: str | None, client: Client | None, start_within_s: int, talk_for_s: int
) -> tuple[Client, CreateAuthTokenConfig]:
    for name, value in (("start_within_s", start_within_s), ("talk_for_s", talk_for_s)):
        if not 0 < value <= _LONGEST_S:
            raise ConfigurationError(name, f"must be more than 0 and at most {_LONGEST_S} seconds")
    with needs("gemini", "google.genai"):
        from google.genai import Client  # noqa: PLC0415 - needs the extra
        from google.genai.types import CreateAuthTokenConfig, HttpOptions  # noqa: PLC0415 - needs the extra
    now = datetime.now(UTC)
    wish = CreateAuthTokenConfig(
        uses=1,
        new_session_expire_time=now + timedelta(seconds=start_within_s),
        expire_time=now + timedelta(seconds=max(start_within_s, talk_for_s)),
        # The only version of Google's API that creates tokens.
        http_options=HttpOptions(api_version="v1alpha"),
    )
    # `vertexai` is explicit, because a client in Vertex mode creates no tokens.
    return client or Client(vertexai=False, api_key=api_key), wish


def _config(
    name: str | None,
    model: str | None,
    viseme_model: str | None,
    viseme_shapes: VisemeShapes | None,
    viseme_weights: VisemeWeights | None,
) -> GeminiConfig:
    if not name:
        raise ProtocolError("auth token, name", "is missing in the response of Google")
    return GeminiConfig(
        ephemeral_token=name,
        model=model,
        viseme_model=viseme_model,
        viseme_shapes=viseme_shapes,
        viseme_weights=viseme_weights,
    )
