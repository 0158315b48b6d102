"""Gemini auth tokens by the official SDK, so that the standing key stays in this process."""

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
"""What Google allows."""


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
    """Make an auth token at Google and wrap it up for ``get_signed_url``.

    Your key goes to Google and nowhere else; the mascot server gets the token, which opens one session and
    expires.

    Args:
        api_key: Your Gemini key; left out, the SDK reads ``GOOGLE_API_KEY`` or ``GEMINI_API_KEY``.
        model: The live model, put in place of the one that the session names.
        viseme_model: The language's viseme model, the server's default if not given.
        viseme_shapes: The viseme set of the events; see the config.
        viseme_weights: The set to send blend weights of; see the config.
        start_within_s: Seconds within which the session must begin.
        talk_for_s: Seconds after which its messages are refused, 20 hours at most.
        client: A ``genai.Client`` of your own, in place of ``api_key``.

    Returns:
        The config to ask the mascot server with.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: A number of seconds is out of range.
        ProtocolError: Google's answer has no token.
        google.genai.errors.APIError: Google refused; the SDK's own error.
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
    """Make an auth token at Google and wrap it up for ``get_signed_url``, on asyncio; see ``mint``.

    Args:
        api_key: Your Gemini key; left out, the SDK reads ``GOOGLE_API_KEY`` or ``GEMINI_API_KEY``.
        model: The live model, put in place of the one that the session names.
        viseme_model: The language's viseme model, the server's default if not given.
        viseme_shapes: The viseme set of the events; see the config.
        viseme_weights: The set to send blend weights of; see the config.
        start_within_s: Seconds within which the session must begin.
        talk_for_s: Seconds after which its messages are refused, 20 hours at most.
        client: A ``genai.Client`` of your own, in place of ``api_key``.

    Returns:
        The config to ask the mascot server with.

    Raises:
        MissingExtraError: The SDK is not installed.
        ConfigurationError: A number of seconds is out of range.
        ProtocolError: Google's answer has no token.
        google.genai.errors.APIError: Google refused; the SDK's own error.
    """
    made, wish = _prepare(api_key, client, start_within_s, talk_for_s)
    token = await made.aio.auth_tokens.create(config=wish)
    return _config(token.name, model, viseme_model, viseme_shapes, viseme_weights)


def _prepare(
    api_key: str | None, client: Client | None, start_within_s: int, talk_for_s: int
) -> tuple[Client, CreateAuthTokenConfig]:
    for name, value in (("start_within_s", start_within_s), ("talk_for_s", talk_for_s)):
        if not 0 < value <= _LONGEST_S:
            raise ConfigurationError(name, f"must be above 0 and at most {_LONGEST_S} seconds")
    with needs("gemini", "google.genai"):
        from google.genai import Client  # noqa: PLC0415 - needs the extra
        from google.genai.types import CreateAuthTokenConfig, HttpOptions  # noqa: PLC0415 - likewise
    now = datetime.now(UTC)
    wish = CreateAuthTokenConfig(
        uses=1,
        new_session_expire_time=now + timedelta(seconds=start_within_s),
        expire_time=now + timedelta(seconds=max(start_within_s, talk_for_s)),
        # The only version of Google's API that makes tokens.
        http_options=HttpOptions(api_version="v1alpha"),
    )
    # `vertexai` is explicit because the other kind of client makes no tokens.
    return client or Client(vertexai=False, api_key=api_key), wish


def _config(
    name: str | None,
    model: str | None,
    viseme_model: str | None,
    viseme_shapes: VisemeShapes | None,
    viseme_weights: VisemeWeights | None,
) -> GeminiConfig:
    if not name:
        raise ProtocolError("auth token, name", "is missing from Google's answer")
    return GeminiConfig(
        ephemeral_token=name,
        model=model,
        viseme_model=viseme_model,
        viseme_shapes=viseme_shapes,
        viseme_weights=viseme_weights,
    )
