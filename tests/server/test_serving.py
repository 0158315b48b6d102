"""How the application is served."""

from __future__ import annotations

import socket

import pytest

from mascot_server import SettingsError, create_app, load_settings
from mascot_server.serving import listen, server_config

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
