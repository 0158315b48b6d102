"""The three packages together: simulated providers and a server, over plain http and over TLS."""

from __future__ import annotations

import math
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import trustme
from support.servers import Providers, RunningServer, run_server, run_simulators

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure(config: pytest.Config) -> None:
    # The ElevenLabs SDK imports a name that websockets has deprecated.
    for name in ("legacy", "WebSocketClientProtocol"):
        config.addinivalue_line(
            "filterwarnings", f"ignore:websockets.{name} is deprecated:DeprecationWarning"
        )


@dataclass(frozen=True)
class Stage:
    """Everything running.

    Attributes:
        providers: The simulators that the servers talk to.
        server: The server.
        tls_providers: The same simulators over TLS, for SDKs that dial nothing else.
        tls_server: The same server over TLS.
        trust: Trusts the certificate of both.
    """

    providers: Providers
    server: RunningServer
    tls_providers: Providers
    tls_server: RunningServer
    trust: ssl.SSLContext


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    folder = tmp_path_factory.mktemp("certificate")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    offered = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(offered)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)

    pace = {"burst": 50, "playback": math.inf}
    tls = {"tls_cert": folder / "cert.pem", "tls_key": folder / "key.pem"}
    with (
        run_simulators(**pace) as providers,
        run_simulators(ssl=offered, **pace) as tls_providers,
        run_server(providers.origin) as server,
        run_server(providers.origin, **tls) as tls_server,
    ):
        yield Stage(providers, server, tls_providers, tls_server, trust)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
