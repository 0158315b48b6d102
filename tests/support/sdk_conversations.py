"""What the tests of the official SDKs share: signed URLs, the words of the user, and the check of payloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from mascot_server.simulators.core.voice import answer, chunks
from support.servers import API_KEY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support.servers import Providers, RunningServer


QUESTIONS = ["What can you do?", "And when does it leave?"]


Events = list[Any]


def sign(server: RunningServer, config: dict[str, Any], *, verify: Any = True) -> Any:
    """Asks for a signed URL as any HTTP client would."""
    response = httpx.post(
        f"{server.origin}/v1/get-signed-url",
        json={"config": config},
        headers={"Authorization": f"Bearer {API_KEY}"},
        verify=verify,
    )
    return response.raise_for_status().json()


def sent_since(providers: Providers, count: int) -> list[bytes]:
    """The audio that a simulator says it sent after the first `count` messages."""
    return [message.pcm for message in providers.sent[count:]]


async def both_ways(
    providers: Providers, converse: Callable[..., Awaitable[Events]]
) -> tuple[Events, Events, list[bytes]]:
    """A conversation with the provider itself, the same through the server, and the audio of the second one."""
    direct = await converse(through_server=False)
    count = len(providers.sent)
    through = await converse(through_server=True)
    return direct, through, sent_since(providers, count)


def microphone(sample_rate: int) -> bytes:
    """A user's sentence and the silence after it, as PCM."""
    speech = b"".join(chunk.data for chunk in chunks(answer(2), sample_rate, "pcm16"))
    return speech[: sample_rate * 2 * 2] + bytes(sample_rate * 2)


def check_payloads(payloads: list[Any], sizes: list[int], audio_format: dict[str, Any]) -> None:
    bytes_per_ms = 48 if audio_format["type"] == "audio/pcm" else 8
    shown = 0
    for payload, size in zip(payloads, sizes, strict=True):
        assert payload["audio_duration"] == size / bytes_per_ms
        offsets = [viseme["offset"] for viseme in payload["visemes"]]
        assert offsets == sorted(offsets)
        assert all(0 <= offset < payload["audio_duration"] for offset in offsets)
        for viseme in payload["visemes"]:
            # After an interruption the first shape is sent again.
            assert viseme["visemeId"] != shown or viseme["offset"] == 0
            shown = viseme["visemeId"]
    assert [payload["audio_event_id"] for payload in payloads] == list(range(1, len(payloads) + 1))
    seconds = sum(payload["audio_duration"] for payload in payloads) / 1000
    assert 4 < sum(len(payload["visemes"]) for payload in payloads) / seconds < 18
