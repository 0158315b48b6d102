"""Start this project's server for a measurement."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from bench.relay.contenders import Address, Command, Counted, Plain
from bench.relay.requests import Http, request_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from bench.relay.wires import Wire

__all__ = ["MascotServer", "forged_handshake", "signing_request"]

_API_KEY: Final = "bench-key"
_SECRET: Final = "a-secret-of-the-bench-of-more-than-32-bytes"  # noqa: S105 - of a server on loopback
_READY_TRIES, _READY_SECONDS = 50, 0.2
_LATE: Final = re.compile(
    r'^mascot_chunks_without_visemes_total\{[^}]*reason="(?:late|overloaded)"[^}]*\} (\S+)', re.MULTILINE
)

_TURNS: Final = re.compile(r'^mascot_turns_total\{network="([^"]+)"[^}]*\} (\S+)', re.MULTILINE)
_CHANGED: Final = re.compile(r"^mascot_turn_downgrades_total\{[^}]*\} (\S+)", re.MULTILINE)


class MascotServer(Plain):
    """This project's server in production form: `mascot-server serve`, with a signed token for every session.

    Args:
        visemes: Whether the provider names its audio format. If it names an unknown one, the server
            reads every message and forwards it unchanged.
        live_model: Value of ``MASCOT_LIVE_MODEL``; by default that of the environment.
    """

    def __init__(self, *, visemes: bool, live_model: str | None = None) -> None:
        self.visemes = visemes
        self.unknown_format = not visemes
        self.key = "mascot" if visemes else "mascot-plain"
        self.name = "mascot-server" if visemes else "mascot-server, no visemes"
        self._environment: dict[str, str] = {}
        if live_model is not None:
            self.key = f"{self.key}-{live_model}"
            self.name = f"{self.name}, {live_model}"
            self._environment["MASCOT_LIVE_MODEL"] = live_model

    def command(self, folder: Path, port: int, upstream_port: int) -> Command:  # noqa: ARG002 - writes no files
        """Return its own command; other variables of the environment stay set."""
        urls = {
            f"MASCOT_{provider}_URL": f"http://127.0.0.1:{upstream_port}"
            for provider in ("OPENAI", "GEMINI", "ELEVENLABS")
        }
        return Command(
            [sys.executable, "-m", "mascot_server", "serve", "--host", "127.0.0.1", "--port", str(port)],
            {"MASCOT_API_KEYS": _API_KEY, "MASCOT_SECRET": _SECRET, **urls, **self._environment},
        )

    async def addresses(self, port: int, wire: Wire, count: int) -> list[Address]:
        """Return a signed URL, or a token and the provider's path, for every session.

        Like a load balancer, it waits until the server is ready: after overload, a server reports late that it
        accepts conversations again.
        """
        request, ready = signing_request(port, wire), request_bytes("GET", port, "/readyz", {})
        async with Http(port) as http:
            for _ in range(_READY_TRIES):
                status, _body = await http.ask(ready)
                if status != HTTPStatus.SERVICE_UNAVAILABLE:
                    break
                await asyncio.sleep(_READY_SECONDS)
            return [_signed(await http.ask_json(request), wire) for _ in range(count)]

    async def counted(self, port: int) -> Counted | None:
        """Return its counts. Late messages are over budget, or were skipped by an overloaded server."""
        if not self.visemes:
            return None
        async with Http(port) as http:
            status, body = await http.ask(request_bytes("GET", port, "/metrics", {}))
        if status != HTTPStatus.OK:
            return None
        text = body.decode()
        turns = {network: int(float(count)) for network, count in _TURNS.findall(text)}
        return Counted(_sum(_LATE, text), turns, _sum(_CHANGED, text))


def signing_request(port: int, wire: Wire) -> bytes:
    """Return a request for a signed URL."""
    config = {"provider": wire.provider, "provider_config": wire.provider_config}
    headers = {"Authorization": f"Bearer {_API_KEY}"}
    body = json.dumps({"config": config}).encode()
    return request_bytes("POST", port, "/v1/get-signed-url", headers, body=body)


async def forged_handshake(port: int, wire: Wire) -> bytes:
    """Return a handshake with a token whose signature is wrong, so the server must check all of it to reject it."""
    async with Http(port) as http:
        address = _signed(await http.ask_json(signing_request(port, wire)), wire)
    path = address.url.partition(f":{port}")[2]
    headers = address.headers | {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    request = request_bytes("GET", port, path, headers).decode()
    return re.sub(r"(eyJ[\w-]+\.[\w-]+\.)(.)", _other_signature, request).encode()


def _sum(pattern: re.Pattern[str], text: str) -> int:
    return sum(int(float(count)) for count in pattern.findall(text))


def _other_signature(token: re.Match[str]) -> str:
    return token[1] + ("A" if token[2] != "A" else "B")


def _signed(answer: dict[str, str], wire: Wire) -> Address:
    if "signed_url" in answer:
        return Address(answer["signed_url"])
    # Gemini's SDKs put the provider's own path after the base URL.
    origin = answer["base_url"].removeprefix("http")
    return Address(f"ws{origin}{wire.path}", {"x-goog-api-key": answer["api_key"]})
