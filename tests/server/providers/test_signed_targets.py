"""Which signed URLs of ElevenLabs are dialled."""

from __future__ import annotations

import pytest

from mascot_server.providers.elevenlabs.signed_targets import is_own_socket

ELEVENLABS = "https://api.elevenlabs.io"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("wss://api.elevenlabs.io/v1/convai/conversation?agent_id=a&conversation_signature=s", ELEVENLABS),
        ("wss://api.elevenlabs.io:443/v1", ELEVENLABS),
        ("wss://API.us.ElevenLabs.io/v1", ELEVENLABS),
        ("wss://elevenlabs.io", ELEVENLABS),
        *(
            (f"wss://{host}/v1", f"https://{host}")
            for host in (
                "api.us.elevenlabs.io",
                "api.eu.residency.elevenlabs.io",
                "api.in.residency.elevenlabs.io",
                "api.sg.residency.elevenlabs.io",
            )
        ),
        ("wss://api.eu.residency.elevenlabs.io/v1", ELEVENLABS),
        ("wss://api.elevenlabs.io/v1", "https://api.eu.residency.elevenlabs.io"),
        ("wss://api.elevenlabs.io/v1", "http://mirror.example:9100"),
        ("ws://127.0.0.1:9100/v1", "http://127.0.0.1:9100"),
        ("ws://[::1]:9100/v1", "http://[::1]:9100"),
        ("ws://test_provider/v1", "http://test_provider:80"),
        ("wss://mirror.example/mirror/v1", "https://Mirror.example:443/mirror"),
    ],
)
def test_its_own_host_is_dialled(url: str, origin: str) -> None:
    assert is_own_socket(url, origin)


@pytest.mark.parametrize(
    "url",
    [
        "wss://evil.example/v1",
        "wss://evilelevenlabs.io/v1",
        "wss://api.elevenlabs.io.evil.example/v1",
        "wss://api.elevenlabs.io@evil.example/v1",
        "wss://user:pass@api.elevenlabs.io/v1",
        "wss://@api.elevenlabs.io/v1",
        "wss://evil.example\\@api.elevenlabs.io/v1",
        "wss://evil.example\\.elevenlabs.io/v1",
        "wss://evil.example#.elevenlabs.io/v1",
        "wss://evil.example?.elevenlabs.io/v1",
        "wss://evil.example/.elevenlabs.io/v1",
        "wss://api.elevenlabs.io./v1",
        "wss://api.elevenlabs.io:8443/v1",
        "wss://api.elevenlabs.io:0443/v1",
        "wss://api.elevenlabs.io:/v1",
        "wss://api.elevenlabs.io:99999/v1",
        "wss://api.elevenlabs.io:-1/v1",
        "wss://api.elevenlabs.io:port/v1",
        "wss://api。elevenlabs。io/v1",
        "wss://\u0430pi.elevenlabs.io/v1",
        "wss://api.elevenlabs.io%2eevil.example/v1",
        "wss://evil.example%00.elevenlabs.io/v1",
        "wss://api.elevenlabs.io/v1#part",
        "wss://api.elevenlabs.io/v1 HTTP/1.1",
        "wss://api.elevenlabs.io/v1\r\nX: y",
        " wss://api.elevenlabs.io/v1",
        "wss://api.eleven\tlabs.io/v1",
        "wss://" + "a" * 9000 + ".elevenlabs.io",
        "wss://.elevenlabs.io/v1",
        "wss:///v1",
        "wss:api.elevenlabs.io/v1",
        "ws://api.elevenlabs.io/v1",
        "https://api.elevenlabs.io/v1",
        "file://api.elevenlabs.io/etc/passwd",
        "wss://[::1/v1",
        "wss://[api.elevenlabs.io]/v1",
        "//api.elevenlabs.io/v1",
        "",
        None,
        7,
        ["wss://api.elevenlabs.io"],
    ],
)
def test_whatever_else_is_not(url: object) -> None:
    assert not is_own_socket(url, ELEVENLABS)


@pytest.mark.parametrize(
    "url",
    [
        "ws://127.0.0.1:9101/v1",
        "ws://127.0.0.1/v1",
        "wss://127.0.0.1:9100/v1",
        "ws://127.1:9100/v1",
        "ws://localhost:9100/v1",
        "ws://2130706433:9100/v1",
        "ws://127.0.0.1.:9100/v1",
        "ws://127.0.0.1:9100@evil.example/v1",
    ],
)
def test_another_port_or_name_of_the_same_host_is_foreign(url: str) -> None:
    assert not is_own_socket(url, "http://127.0.0.1:9100")
