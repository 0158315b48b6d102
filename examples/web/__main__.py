"""Builds the page, starts what it needs, and serves it until Ctrl+C."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
from contextlib import ExitStack

from examples.web.backend import backend
from examples.web.page import BUILD, build_page
from examples.web.providers import KEYS
from examples.web.stage import stage
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
    own_server = "MASCOT_BASE_URL" not in os.environ
    with ExitStack() as stack:
        if own_server:
            mascot = MascotClient(base_url=stack.enter_context(stage()), api_key="mascot-dev")
        else:
            mascot = MascotClient()
        stack.enter_context(mascot)
        server = stack.enter_context(backend(mascot, BUILD, port=port, simulated=own_server))
        for provider, key in KEYS.items():
            without = "its simulator" if own_server else f"set {key}"
            print(f"{provider}: {'the real service' if key in os.environ else without}")
        print(f"open http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
