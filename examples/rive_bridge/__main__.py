"""Animate a Rive rig with a recording: print a list of (time, input, value), or serve a page that shows it.

python -m examples.rive_bridge speech.wav --rig oculus
python -m examples.rive_bridge speech.wav --serve
"""

from __future__ import annotations

import argparse
import json
import mimetypes
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import mascot_visemes as mv
from examples.lip_sync_file import RECORDING, events, read
from examples.rive_bridge.bridge import RIGS, cues

FOLDER: Final = Path(__file__).parent


class Page(SimpleHTTPRequestHandler):
    """Serve this folder, the recording and its visemes."""

    def __init__(self, *arguments: Any, audio: Path, found: list[dict[str, int]], **options: Any) -> None:
        self._made = {
            "/speech": (mimetypes.guess_type(audio.name)[0] or "audio/wav", audio.read_bytes()),
            "/speech.json": ("application/json", json.dumps(found).encode()),
        }
        super().__init__(*arguments, directory=str(FOLDER), **options)

    def do_GET(self) -> None:
        """Send the recording, its visemes or a file."""
        if self.path not in self._made:
            super().do_GET()
            return
        media_type, body = self._made[self.path]
        self.send_response(200)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        """Log nothing."""


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(prog="rive_bridge", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "audio",
        nargs="?",
        type=Path,
        default=RECORDING,
        help="audio file (default: a recording of this repository)",
    )
    parser.add_argument(
        "--rig", choices=RIGS, default="oculus", help="naming convention of the rig (default: %(default)s)"
    )
    parser.add_argument(
        "--serve", action="store_true", help="serve a page with the recording and your .riv file"
    )
    parser.add_argument(
        "--port",
        type=int,
        default=8090,
        help="port of the page; 0 selects a free port (default: %(default)s)",
    )
    options = parser.parse_args()
    try:
        found = events(*read(str(options.audio)))
    except mv.VisemeError as error:
        raise SystemExit(f"rive_bridge: {error}") from None
    if options.serve:
        page = partial(Page, audio=options.audio, found=found)
        with suppress(KeyboardInterrupt), ThreadingHTTPServer(("127.0.0.1", options.port), page) as server:
            print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
            server.serve_forever()
        return
    changes = [(event["time_ms"], event["viseme"]) for event in found]
    for cue in cues(changes, RIGS[options.rig]):
        print(json.dumps(cue))


if __name__ == "__main__":
    main()
