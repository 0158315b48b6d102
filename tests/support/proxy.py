"""Run HAProxy with the configuration of examples/deploy, in front of servers on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURATION = Path(__file__).parents[2] / "examples/deploy/haproxy.cfg"

PROGRAM = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
NO_PROGRAM = "no haproxy on this machine (Debian and Ubuntu: apt-get install haproxy)"


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def scrape(address: str, metric: str) -> dict[tuple[tuple[str, str], ...], float]:
    """Return one metric of a Prometheus exporter: values by labels."""
    # The simplest client, because this runs often: httpx would load certificates each time.
    connection = HTTPConnection(address, timeout=30)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return {
        tuple(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == metric
    }


@dataclass
class Proxy:
    """A running HAProxy.

    Attributes:
        origin: Origin for apps without TLS.
        tls_origin: Origin for apps with TLS.
        metrics: Address of its own metrics.
        log: File of its output.
    """

    origin: str
    tls_origin: str
    metrics: str
    log: Path

    def takes_new(self) -> set[str]:
        """Return the names of the nodes that receive new conversations."""
        status = scrape(self.metrics, "haproxy_server_status")
        return {
            labels["server"]
            for labels, value in ((dict(pairs), value) for pairs, value in status.items())
            if labels["state"] == "UP" and value == 1
        }


@contextmanager
def run_proxy(folder: Path, nodes: tuple[str, str], certificate: Path) -> Iterator[Proxy]:
    """Run HAProxy with the example's configuration; skip the test if it is not installed.

    Args:
        folder: Folder of its log.
        nodes: host:port of the two servers.
        certificate: PEM file with certificate and key.
    """
    if PROGRAM is None:
        pytest.skip(NO_PROGRAM)
    plain, tls, metrics = (f"127.0.0.1:{free_port()}" for _ in range(3))
    environment = os.environ | {
        "NODE_1": nodes[0],
        "NODE_2": nodes[1],
        "PROXY_BIND": plain,
        "PROXY_TLS_BIND": tls,
        "PROXY_CERTIFICATE": str(certificate),
        "PROXY_METRICS_BIND": metrics,
    }
    log = folder / "haproxy.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [PROGRAM, "-f", CONFIGURATION], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    proxy = Proxy(f"http://{plain}", f"https://{tls}", metrics, log)
    try:
        _wait_for_both(proxy, process)
        yield proxy
    finally:
        process.kill()
        process.wait()


def _wait_for_both(proxy: Proxy, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        assert process.poll() is None, proxy.log.read_text()
        try:
            if len(proxy.takes_new()) == 2:
                return
        except ConnectionError:
            """It does not listen yet."""
        assert time.monotonic() < deadline, proxy.log.read_text()
        time.sleep(0.05)
