"""Build the page, start the servers that it needs, and serve it until Ctrl+C."""

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
    """Run the example."""
    parser = argparse.ArgumentParser(prog="python -m examples.web", description=__doc__)
    parser.add_argument(
        "--port",
        type=int,
        default=8080,
        help="port of the page; 0 selects a free port (default: %(default)s)",
    )
    port = parser.parse_args().port
    # SIGTERM is handled like Ctrl+C, so that the processes started here end too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        build_page()
        serve(port)
    except KeyboardInterrupt:
        print()
    except (OSError, MascotError, subprocess.CalledProcessError) as error:
        raise SystemExit(str(error)) from error


def serve(port: int) -> None:
    """Serve the page. A mascot server is started if ``MASCOT_BASE_URL`` is not set."""
    # Your own server connects to the real providers, so only providers with a key can be used.
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
