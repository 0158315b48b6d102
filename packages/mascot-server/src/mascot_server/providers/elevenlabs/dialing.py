"""Connection to ElevenLabs: its HTTP API issues a signed URL for each conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mascot_server.errors import UpstreamRefused, UpstreamUnreachable
from mascot_server.providers.base import DialTarget
from mascot_server.providers.elevenlabs.signed_targets import is_own_socket
from mascot_server.providers.exchange import HttpRequest

if TYPE_CHECKING:
    from mascot_server.providers.elevenlabs.config import ElevenLabsConfig
    from mascot_server.providers.exchange import Exchange

__all__ = ["dial"]

_OPTIONAL: Final = ("branch_id", "version_id", "environment")
"""Parameters that select a variant of an agent; without them ElevenLabs selects one."""


def dial(config: ElevenLabsConfig, origin: str) -> Exchange[DialTarget]:
    """Request a signed URL from ElevenLabs for each connection, because theirs can start one conversation only.

    Raises:
        UpstreamError: The response has no signed URL, or the URL is of a foreign host.
    """
    params = {"agent_id": config.agent_id}
    for name in _OPTIONAL:
        value = getattr(config, name)
        if value is not None:
            params[name] = value
    answer = yield HttpRequest(
        "GET",
        f"{origin}/v1/convai/conversation/get-signed-url",
        headers={"xi-api-key": config.api_key},
        params=params,
    )
    if answer.is_redirect:
        raise UpstreamUnreachable.redirected(config.provider, answer.status)
    if answer.is_error:
        raise UpstreamRefused(config.provider, answer.status)
    url = answer.member("signed_url")
    if url is None:
        raise UpstreamUnreachable(config.provider, "its answer contains no signed_url")
    if not is_own_socket(url, origin):
        raise UpstreamUnreachable(config.provider, "it answered with a signed_url for another host")
    return DialTarget(url)
