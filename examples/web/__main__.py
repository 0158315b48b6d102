"""Builds the page, starts what it needs, and serves it until Ctrl+C."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess

from examples.offline import KEYS, offline
from examples.web.backend import backend
from examples.web.page import BUILD, build_page
from examples.web.providers import CONFIGURATIONS
from mascot_client import MascotClient, MascotError

__all__ = ["main"]


def main() -> None:
    """Runs the example."""
    parser = argparse.ArgumentParser(prog="python -m examples.web", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="where to serve the page; 0 takes a free port")
    port = parser.parse_args().port
    # Ended in either way, what was started here ends too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        build_page()
        serve(port)
    except KeyboardInterrupt:
        print()
    except (OSError, MascotError, subprocess.CalledProcessError) as error:
        raise SystemExit(str(error)) from error


def serve(port: int) -> None:
    """Serves the page, from a server of its own where the environment names none."""
    # A server of yours talks to the real providers, so to those alone that there is a key for.
    yours = os.environ.get("MASCOT_BASE_URL")
    providers = [name for name in CONFIGURATIONS if not yours or any(map(os.environ.get, KEYS[name]))]
    with (
        offline(*providers) as simulated,
        MascotClient() as mascot,
        backend(mascot, BUILD, providers, port=port) as server,
    ):
        for name in CONFIGURATIONS:
            real = "the real service" if name in providers else f"set {KEYS[name][0]}"
            print(f"{name}: {'its simulator' if name in simulated else real}")
        print(f"open http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
