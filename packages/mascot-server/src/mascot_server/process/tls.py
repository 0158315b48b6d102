"""TLS certificate and key, checked before the server announces its port."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509

from mascot_server.errors import SettingsError

if TYPE_CHECKING:
    from mascot_server.settings import Settings

__all__ = ["check_certificate_dates", "tls_options"]

_CERT, _KEY = "MASCOT_TLS_CERT", "MASCOT_TLS_KEY"
_CONTENT: Final = {
    _CERT: ("certificate", re.compile(rb"-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----")),
    _KEY: ("private key", re.compile(rb"-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----")),
}
_OTHER_KEY: Final = {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"}


def tls_options(settings: Settings) -> dict[str, Any]:
    """Return uvicorn's options for certificate and key; none where TLS is off.

    Raises:
        SettingsError: One of the two is missing or cannot be used, or they do not belong together.
    """
    files = {_CERT: settings.tls_cert, _KEY: settings.tls_key}
    if not any(files.values()):
        return {}
    for name, file in files.items():
        if file is None or not file.is_file():
            raise SettingsError(
                f"{name}: must be the path of a PEM file; TLS requires both {' and '.join(files)}"
            )
    for name, file in files.items():
        _check_content(name, str(file))
    _check_pair(str(settings.tls_cert), str(settings.tls_key))
    return {"ssl_certfile": str(settings.tls_cert), "ssl_keyfile": str(settings.tls_key)}


def check_certificate_dates(settings: Settings) -> None:
    """Check that the certificate is valid now. Otherwise the server would start and clients would reject it.

    Raises:
        SettingsError: The certificate has expired, or is not valid yet.
    """
    if settings.tls_cert is None or not tls_options(settings):
        return
    certificate = x509.load_pem_x509_certificates(settings.tls_cert.read_bytes())[0]
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        day = certificate.not_valid_after_utc.date()
        raise SettingsError(f"{_CERT}: the certificate expired on {day}; renew it")
    if now < certificate.not_valid_before_utc:
        day = certificate.not_valid_before_utc.date()
        raise SettingsError(f"{_CERT}: the certificate is not valid before {day}")


def _check_content(name: str, file: str) -> None:
    content, pattern = _CONTENT[name]
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise SettingsError(f"{name}: {file} cannot be read: {error.strerror or error}") from None
    if not pattern.search(data):
        raise SettingsError(f"{name}: {file} holds no {content} in PEM form (-----BEGIN …)")


def _check_pair(cert: str, key: str) -> None:
    """Load both as uvicorn will, but without its prompt for the pass phrase of an encrypted key."""
    encrypted = False

    def pass_phrase() -> str:
        nonlocal encrypted
        encrypted = True
        return ""

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, pass_phrase)
    except (OSError, ValueError) as error:
        if encrypted:
            problem = (
                f"{_KEY}: {key} is encrypted; the server cannot ask for a pass phrase. Decrypt the key: "
            )
            problem += f"openssl pkey -in {key} -out NEW"
        elif getattr(error, "reason", None) in _OTHER_KEY:
            problem = (
                f"{_KEY}: is not the key of the certificate in {_CERT}, whose first certificate must be the "
            )
            problem += "server's own"
        else:
            reason = getattr(error, "reason", None) or error
            problem = f"{_CERT}, {_KEY}: cannot be loaded ({reason}); are both whole PEM files?"
        raise SettingsError(problem) from None
    if encrypted:
        # The key has an empty pass phrase. uvicorn would prompt for it all the same.
        raise SettingsError(f"{_KEY}: {key} is encrypted; decrypt it: openssl pkey -in {key} -out NEW")
