"""A certificate and key that cannot be used are reported before the server listens."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import trustme
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from support.servers import API_KEY, SECRET

from mascot_server import SettingsError, load_settings
from mascot_server.cli import main
from mascot_server.process.tls import tls_options

if TYPE_CHECKING:
    from pathlib import Path

MISMATCH = "MASCOT_TLS_KEY: is not the key of the certificate in MASCOT_TLS_CERT"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with two certificates and their keys, and with files that are neither."""
    authority = trustme.CA()
    for name in ("a", "b"):
        certificate = authority.issue_cert("localhost")
        certificate.private_key_pem.write_to_path(tmp_path / f"{name}.key")
        certificate.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
    (tmp_path / "text").write_text("this is no PEM file")
    (tmp_path / "cut.pem").write_bytes((tmp_path / "a.pem").read_bytes()[:300])
    key = serialization.load_pem_private_key((tmp_path / "a.key").read_bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"pass"),
    )
    (tmp_path / "encrypted.key").write_bytes(encrypted)
    return tmp_path


@pytest.mark.parametrize(
    ("cert", "key", "problem"),
    [
        ("a.pem", "b.key", MISMATCH),
        ("text", "a.key", "MASCOT_TLS_CERT: .*text holds no certificate in PEM form"),
        ("a.pem", "text", "MASCOT_TLS_KEY: .*text holds no private key in PEM form"),
        ("a.key", "a.pem", "MASCOT_TLS_CERT: .*a.key holds no certificate in PEM form"),
        ("cut.pem", "a.key", "MASCOT_TLS_CERT, MASCOT_TLS_KEY: cannot be loaded"),
        ("a.pem", "encrypted.key", "MASCOT_TLS_KEY: .*is encrypted; .*openssl pkey -in"),
    ],
)
def test_files_that_cannot_be_used(files: Path, cert: str, key: str, problem: str) -> None:
    settings = load_settings(tls_cert=files / cert, tls_key=files / key)
    with pytest.raises(SettingsError, match=f"^{problem}"):
        tls_options(settings)


def test_files_that_can_be_used(files: Path) -> None:
    settings = load_settings(tls_cert=files / "a.pem", tls_key=files / "a.key")
    assert tls_options(settings) == {
        "ssl_certfile": str(files / "a.pem"),
        "ssl_keyfile": str(files / "a.key"),
    }


@pytest.mark.parametrize("key", ["b.key", "encrypted.key", "text"])
def test_check_reports_a_key_that_cannot_be_used(
    files: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files)
    given = {"SECRET": SECRET, "API_KEYS": API_KEY, "TLS_CERT": "a.pem", "TLS_KEY": key}
    environment = {f"MASCOT_{name}": value for name, value in given.items()}
    ran = CliRunner().invoke(main, ["check", "--offline"], env=environment)
    assert ran.exit_code == 1
    assert "problem  MASCOT_TLS_KEY: " in ran.output
    assert "TLS are in order" not in ran.output


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("key", ["b.key", "encrypted.key"])
def test_serve_says_so_and_never_listens(files: Path, key: str, workers: str) -> None:
    given = {
        "SECRET": SECRET, "API_KEYS": API_KEY, "PORT": "0", "TLS_CERT": "a.pem", "TLS_KEY": key, "WORKERS": workers,
    }  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MASCOT_")}
    ran = subprocess.run(
        [sys.executable, "-m", "mascot_server", "serve"],
        cwd=files,
        env=environment | {f"MASCOT_{name}": value for name, value in given.items()},
        # Where a terminal would be asked for the pass phrase, there is none.
        stdin=subprocess.DEVNULL, start_new_session=True,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("MASCOT_TLS_KEY: ")
