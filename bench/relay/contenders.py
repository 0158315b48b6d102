"""The relays that are compared: how each is started, and how an app dials it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from bench.relay.requests import Http, request_bytes

if TYPE_CHECKING:
    from bench.relay.wires import Wire

__all__ = [
    "API_KEY",
    "Address",
    "Bare",
    "Command",
    "Contender",
    "Direct",
    "LiteLlm",
    "MascotServer",
    "Nginx",
    "contenders",
    "forged_handshake",
    "signing_request",
]

API_KEY: Final = "bench-key"
_SECRET: Final = "a-secret-of-the-bench-of-more-than-32-bytes"  # noqa: S105 - of a server on loopback
_LATE: Final = re.compile(
    r'^mascot_chunks_without_visemes_total\{[^}]*reason="(?:late|overloaded)"[^}]*\} (\S+)', re.MULTILINE
)
_ROOT: Final = Path(__file__).parents[2]
_GEMINI_PATH: Final = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"


@dataclass(frozen=True, slots=True)
class Address:
    """Where an app dials, and with which headers."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command:
    """How a program is started.

    Attributes:
        arguments: Its command line.
        environment: Added to ours.
        start_seconds: How long it may take until it listens.
    """

    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    start_seconds: float = 30.0


class Contender(Protocol):
    """A relay to measure.

    Attributes:
        key: What the command line calls it.
        name: What the table calls it.
        visemes: Whether it adds visemes.
        unknown_format: Whether the provider names a format that gets no visemes.
    """

    key: str
    name: str
    visemes: bool
    unknown_format: bool

    def missing(self, wire: Wire) -> str | None:
        """Why it cannot be measured, or `None`."""

    def command(self, folder: Path, port: int, upstream_port: int) -> Command | None:
        """How to start it in a folder of its own; `None` where there is nothing to start."""

    async def addresses(self, port: int, wire: Wire, count: int) -> list[Address]:
        """Where that many apps dial; `port` is the provider's where there is nothing to start."""

    async def late(self, port: int) -> int | None:
        """Audio messages so far that went on without visemes; `None` if it cannot tell."""


class _Plain:
    """What relays that pass every path on have in common."""

    visemes = False
    """Whether it adds visemes."""
    unknown_format = False
    """Whether the provider names a format that gets no visemes."""

    def missing(self, wire: Wire) -> str | None:  # noqa: ARG002 - others need it
        """Nothing is missing."""
        return None

    async def addresses(self, port: int, wire: Wire, count: int) -> list[Address]:
        """The provider's own path."""
        return [Address(f"ws://127.0.0.1:{port}{wire.path}")] * count

    async def late(self, port: int) -> int | None:  # noqa: ARG002
        """It adds none to any."""
        return None


class Direct(_Plain):
    """No relay at all: what the generator itself and the loopback interface add."""

    key = name = "direct"

    def command(self, folder: Path, port: int, upstream_port: int) -> None:
        """Nothing to start."""


class Nginx(_Plain):
    """nginx with one worker, passing WebSockets through."""

    key = name = "nginx"
    _binary = shutil.which("nginx", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")

    def missing(self, wire: Wire) -> str | None:  # noqa: ARG002
        """The program has to be installed."""
        return None if self._binary else "there is no nginx here (apt-get install nginx-light)"

    def command(self, folder: Path, port: int, upstream_port: int) -> Command:
        """One worker and no access log."""
        config = folder / "nginx.conf"
        config.write_text(_NGINX.format(folder=folder, port=port, upstream_port=upstream_port), "ascii")
        return Command([str(self._binary), "-p", str(folder), "-c", str(config), "-e", "stderr"])

    def version(self) -> str | None:
        """What is installed."""
        if not self._binary:
            return None
        done = subprocess.run([self._binary, "-v"], capture_output=True, text=True, check=False)  # noqa: S603
        return done.stderr.strip().rpartition("/")[2]


_NGINX: Final = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/pid;
error_log stderr crit;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{
            proxy_pass http://127.0.0.1:{upstream_port};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_buffering off;
            proxy_read_timeout 1h;
            proxy_send_timeout 1h;
        }}
    }}
}}
"""


class Bare(_Plain):
    """`websockets` on both sides and nothing between."""

    key = name = "websockets"

    def command(self, folder: Path, port: int, upstream_port: int) -> Command:  # noqa: ARG002 - writes no files
        """A module of ours."""
        return Command(
            [sys.executable, "-m", "bench.relay.bare", str(port), str(upstream_port)], _importable()
        )


class LiteLlm(_Plain):
    """LiteLLM's realtime proxy, with one model and its master key.

    Args:
        environment: Folder of its virtual environment; made where there is none.
    """

    key = "litellm"
    name = "LiteLLM"

    def __init__(self, environment: Path) -> None:
        self._environment = environment

    def missing(self, wire: Wire) -> str | None:
        """Installs it where that was not done yet."""
        if wire.provider != "openai":
            return f"its realtime proxy does not pass {wire.provider} through as it is"
        if (self._environment / "bin" / "litellm").is_file():
            return None
        print(f"installing LiteLLM in {self._environment}, once", file=sys.stderr)
        steps = (
            [sys.executable, "-m", "venv", str(self._environment)],
            [str(self._environment / "bin" / "pip"), "install", "--quiet", "litellm[proxy]"],
        )
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True, check=False)  # noqa: S603 - our own
            if done.returncode:
                lines = done.stderr.strip().splitlines() or ["it said nothing"]
                return f"it cannot be installed: {lines[-1]}"
        return None

    def command(self, folder: Path, port: int, upstream_port: int) -> Command:
        """Its own command, with a configuration of one model."""
        config = folder / "config.yaml"
        config.write_text(_LITELLM.format(upstream_port=upstream_port, api_key=API_KEY), "ascii")
        command = [str(self._environment / "bin" / "litellm"), "--config", str(config)]
        return Command(
            [*command, "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"],
            {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONPATH": ""},
            start_seconds=90.0,
        )

    async def addresses(self, port: int, wire: Wire, count: int) -> list[Address]:
        """Its realtime endpoint, which wants the master key."""
        return [Address(f"ws://127.0.0.1:{port}{wire.path}", {"Authorization": f"Bearer {API_KEY}"})] * count

    def version(self) -> str | None:
        """What is installed."""
        found = list(self._environment.glob("lib/python*/site-packages/litellm-*.dist-info"))
        return found[0].name.removeprefix("litellm-").removesuffix(".dist-info") if found else None


_LITELLM: Final = """
model_list:
  - model_name: gpt-realtime
    litellm_params:
      model: openai/gpt-realtime
      api_base: http://127.0.0.1:{upstream_port}
      api_key: sk-bench
    model_info:
      mode: realtime
general_settings:
  master_key: {api_key}
"""


class MascotServer(_Plain):
    """This project's server as it is hosted: `mascot-server serve`, a signed token for every session.

    Args:
        visemes: Whether the provider names its audio format. Where it names one that nobody knows, the server
            reads every message and passes it on as it is.
    """

    def __init__(self, *, visemes: bool) -> None:
        self.visemes = visemes
        self.unknown_format = not visemes
        self.key = "mascot" if visemes else "mascot-plain"
        self.name = "mascot-server" if visemes else "mascot-server, no visemes"

    def command(self, folder: Path, port: int, upstream_port: int) -> Command:  # noqa: ARG002 - writes no files
        """Its own command; what else is set in the environment holds."""
        urls = {
            f"MASCOT_{provider}_URL": f"http://127.0.0.1:{upstream_port}"
            for provider in ("OPENAI", "GEMINI", "ELEVENLABS")
        }
        return Command(
            [sys.executable, "-m", "mascot_server", "serve", "--host", "127.0.0.1", "--port", str(port)],
            {"MASCOT_API_KEYS": API_KEY, "MASCOT_SECRET": _SECRET, **urls},
        )

    async def addresses(self, port: int, wire: Wire, count: int) -> list[Address]:
        """A signed URL, or a token and the provider's path, for every session."""
        request = signing_request(port, wire)
        async with Http(port) as http:
            return [_signed(await http.ask_json(request)) for _ in range(count)]

    async def late(self, port: int) -> int | None:
        """Those that were over budget, or that an overloaded server did not even try."""
        if not self.visemes:
            return None
        async with Http(port) as http:
            status, body = await http.ask(request_bytes("GET", port, "/metrics", {}))
        if status != HTTPStatus.OK:
            return None
        return sum(int(float(count)) for count in _LATE.findall(body.decode()))


def signing_request(port: int, wire: Wire) -> bytes:
    """A request for a signed URL."""
    config = {"provider": wire.provider, "provider_config": wire.provider_config}
    headers = {"Authorization": f"Bearer {API_KEY}"}
    body = json.dumps({"config": config}).encode()
    return request_bytes("POST", port, "/v1/get-signed-url", headers, body=body)


async def forged_handshake(port: int, wire: Wire) -> bytes:
    """A handshake with a token of the server itself but for its signature: all has to be looked at to refuse it."""
    async with Http(port) as http:
        address = _signed(await http.ask_json(signing_request(port, wire)))
    path = address.url.partition(f":{port}")[2]
    headers = address.headers | {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    request = request_bytes("GET", port, path, headers).decode()
    return re.sub(r"(eyJ[\w-]+\.[\w-]+\.)(.)", _other_signature, request).encode()


def _other_signature(token: re.Match[str]) -> str:
    return token[1] + ("A" if token[2] != "A" else "B")


def _signed(answer: dict[str, str]) -> Address:
    if "signed_url" in answer:
        return Address(answer["signed_url"])
    origin = answer["base_url"].removeprefix("http")
    return Address(f"ws{origin}{_GEMINI_PATH}", {"x-goog-api-key": answer["api_key"]})


def _importable() -> dict[str, str]:
    """The environment in which a child finds the modules of the bench."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)}


def contenders(litellm_environment: Path) -> list[Contender]:
    """All of them, the reference first."""
    return [
        Direct(),
        Nginx(),
        Bare(),
        LiteLlm(litellm_environment),
        MascotServer(visemes=False),
        MascotServer(visemes=True),
    ]
