"""How the application is served."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from support.apps import token_for
from support.servers import Providers, run_server

from mascot_server import SettingsError, create_app, load_settings
from mascot_server.process.server import listen, server_config

SETTINGS = {"secret": "a-secret-of-the-tests-of-more-than-32-bytes", "api_keys": "k", "port": 0}


def test_small_messages_are_sent_at_once() -> None:
    settings = load_settings(**SETTINGS)
    with listen(server_config(create_app(settings), settings)) as listener:
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_sockets_are_never_compressed() -> None:
    settings = load_settings(**SETTINGS)
    config = server_config(create_app(settings), settings)
    assert config.ws_per_message_deflate is False


@pytest.mark.parametrize("name", ["tls_cert", "tls_key"])
def test_tls_takes_both_files(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("tls") / "one.pem"
    file.write_text("")
    settings = load_settings(**SETTINGS, **{name: file})
    with pytest.raises(SettingsError, match="both MASCOT_TLS_CERT and MASCOT_TLS_KEY"):
        server_config(create_app(settings), settings)


def test_the_server_stops_in_peace_while_an_app_takes_its_time_to_close(
    providers: Providers, tmp_path: Path
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    tls = {"tls_cert": tmp_path / "cert.pem", "tls_key": tmp_path / "key.pem"}
    with ExitStack() as stopped:
        # An exception in its thread is a warning, hence an error.
        server = stopped.enter_context(run_server(providers.origin, **tls))
        host, _, port = server.origin.removeprefix("https://").partition(":")
        with trust.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host) as app:
            request = [
                f"GET /v1/conversation?token={token_for('elevenlabs')} HTTP/1.1",
                f"Host: {host}",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ]
            app.sendall("\r\n".join([*request, "", ""]).encode())
            assert app.recv(4096).startswith(b"HTTP/1.1 101 ")
            masked_close_1000 = b"\x88\x82\x00\x00\x00\x00\x03\xe8"
            app.sendall(masked_close_1000)
            time.sleep(0.2)
            stop = threading.Thread(target=stopped.pop_all().close)
            stop.start()
            time.sleep(0.2)
        stop.join()
