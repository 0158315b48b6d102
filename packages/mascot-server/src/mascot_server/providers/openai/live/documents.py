"""GPT-Live in the AsyncAPI document."""

from __future__ import annotations

from typing import Final

from mascot_server.providers.documents import PAYLOAD_REFERENCE, TOKEN_IN_QUERY, SocketDocument

__all__ = ["LIVE_PATH", "LIVE_PATHS", "LIVE_SOCKET"]

LIVE_PATH: Final = "/v1/openai-live/ws"

LIVE_PATHS: Final = (LIVE_PATH, f"{LIVE_PATH}/live/sessions")
"""OpenAI's SDKs append ``/live/sessions`` to whatever URL they are given."""

LIVE_SOCKET: Final = SocketDocument(
    address=LIVE_PATH,
    description="OpenAI GPT-Live. The visemes are one more member of the audio event, also in silence, where their "
    "list is empty. The path may go on with `/live/sessions`, as OpenAI's SDKs let it. The sockets `…/attach` and "
    "`…/fork` of a session are not served.",
    message="audio",
    schema="openaiLiveAudio",
    schemas={
        "openaiLiveAudio": {
            "type": "object",
            "properties": {
                "type": {"const": "session.output_audio.delta"},
                "delta": {"type": "string", "contentEncoding": "base64"},
                "mascotVisemes": PAYLOAD_REFERENCE,
            },
            "required": ["type", "delta", "mascotVisemes"],
        }
    },
    security=TOKEN_IN_QUERY,
)
