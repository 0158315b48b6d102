"""Start the relays that this project's server is compared with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.relay.contenders import Address, Command, Plain

if TYPE_CHECKING:
    from bench.relay.wires import Wire

__all__ = ["Bare", "Direct", "LiteLlm", "Nginx"]

_ROOT: Final = Path(__file__).parents[2]
_MASTER_KEY: Final = "sk-bench"


class Direct(Plain):
    """No relay: only the generator itself and the loopback interface."""

    key = name = "direct"

    def command(self, folder: Path, port: int, upstream_port: int) -> None:
        """Return ``None``: there is no program to start."""


class Nginx(Plain):
    """nginx with one worker, which forwards WebSockets."""

    key = name = "nginx"
    _binary = shutil.which("nginx", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")

    def missing(self, wire: Wire) -> str | None:  # noqa: ARG002 - others need it
        """Return the reason if the program is not installed."""
        return None if self._binary else "nginx is not installed (apt-get install nginx-light)"

    def command(self, folder: Path, port: int, upstream_port: int) -> Command:
        """Return a start with one worker and no access log."""
        config = folder / "nginx.conf"
        config.write_text(_NGINX.format(folder=folder, port=port, upstream_port=upstream_port), "ascii")
        return Command([str(self._binary), "-p", str(folder), "-c", str(config), "-e", "stderr"])

    def version(self) -> str | None:
        """Return the installed version."""
        if not self._binary:
            return None
        done = subprocess.run([self._binary, "-v"], capture_output=True, text=True, check=False)  # noqa: S603 - the nginx that was found
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


class Bare(Plain):
    """`websockets` on both sides, with nothing in between."""

    key = name = "websockets"

    def command(self, folder: Path, port: int, upstream_port: int) -> Command:  # noqa: ARG002 - writes no files
        """Return the start of `bench.relay.bare`."""
        return Command(
            [sys.executable, "-m", "bench.relay.bare", str(port), str(upstream_port)], _importable()
        )


class LiteLlm(Plain):
    """LiteLLM's realtime proxy, with one model and its master key.

    Args:
        environment: Folder of its virtual environment, created if it is missing.
    """

    key = "litellm"
    name = "LiteLLM"

    def __init__(self, environment: Path) -> None:
        self._environment = environment

    def missing(self, wire: Wire) -> str | None:
        """Install it if it is not installed yet."""
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
                lines = done.stderr.strip().splitlines() or ["no output"]
                return f"it cannot be installed: {lines[-1]}"
        return None

    def command(self, folder: Path, port: int, upstream_port: int) -> Command:
        """Return its own command, with a configuration of one model."""
        config = folder / "config.yaml"
        config.write_text(_LITELLM.format(upstream_port=upstream_port, api_key=_MASTER_KEY), "ascii")
        command = [str(self._environment / "bin" / "litellm"), "--config", str(config)]
        return Command(
            [*command, "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"],
            {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONPATH": ""},
            start_seconds=90.0,
        )

    async def addresses(self, port: int, wire: Wire, count: int) -> list[Address]:
        """Return its realtime endpoint, which requires the master key."""
        return [
            Address(f"ws://127.0.0.1:{port}{wire.path}", {"Authorization": f"Bearer {_MASTER_KEY}"})
        ] * count

    def version(self) -> str | None:
        """Return the installed version."""
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


def _importable() -> dict[str, str]:
    """Return the environment in which a child finds the modules of the bench."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)}
