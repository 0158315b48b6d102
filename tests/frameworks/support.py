"""What the tests of frameworks share: a server, and programs in environments of their own."""

from __future__ import annotations

import math
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import trustme
from support.servers import API_KEY, RunningServer, run_server, run_simulators

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["API_KEY", "certificate", "environment_of", "run_program", "running_server"]


@contextmanager
def running_server(**settings: object) -> Iterator[RunningServer]:
    """Run a server in front of simulated providers that send faster than sound."""
    with (
        run_simulators(burst=50, playback=math.inf) as providers,
        run_server(providers.origin, **settings) as server,
    ):
        yield server


class Certificate(NamedTuple):
    """Files of a certificate for 127.0.0.1 and of the authority that made it."""

    authority: Path
    tls_cert: Path
    tls_key: Path


def certificate(folder: Path) -> Certificate:
    """Make a certificate: Google's SDK connects by TLS, whatever scheme its base URL has."""
    authority = trustme.CA()
    made = authority.issue_cert("127.0.0.1")
    files = Certificate(*(folder / f"{name}.pem" for name in Certificate._fields))
    authority.cert_pem.write_to_path(files.authority)
    made.cert_chain_pems[0].write_to_path(files.tls_cert)
    made.private_key_pem.write_to_path(files.tls_key)
    return files


def environment_of(client: str) -> Path:
    """Return the folder of a client's environment, or skip the test."""
    folder = Path(os.environ.get("MASCOT_FRAMEWORKS", "")) / client
    if not os.environ.get("MASCOT_FRAMEWORKS") or not folder.is_dir():
        pytest.skip(f"no environment of {client}: run `nox -s frameworks`")
    return folder.absolute()


def run_program(command: list[str], settings: Mapping[str, str]) -> str:
    """Run a program with these environment variables and no others of ours; return what it printed."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    done = subprocess.run(
        command, env=kept | dict(settings), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
