"""Access control of the playground: requests must come from its own page, with the password if one is set.

A browser sends the requests of any web page to a server on loopback. Without a check of the origin, every open web page
could use the configured provider keys.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mascot_server.auth.loopback import is_loopback
from mascot_server.errors import Forbidden, Unauthorized
from mascot_server.http.public_url import PublicUrl, origin

if TYPE_CHECKING:
    from litestar import Request
    from pydantic import SecretStr

__all__ = ["Guard"]


class Guard:
    """Authenticates the requests of the playground page.

    Args:
        password: Password that requests must contain, if any.
        public_url: URL of this server.
    """

    def __init__(self, password: SecretStr | None, *, public_url: PublicUrl) -> None:
        self._password = None if password is None else password.get_secret_value().encode()
        self._public_url = public_url

    @property
    def wants_password(self) -> bool:
        """Whether requests must contain a password."""
        return self._password is not None

    def check(self, request: Request[Any, Any, Any]) -> None:
        """Check the origin and the password of a request.

        Raises:
            Forbidden: The request does not come from the page that this server serves.
            Unauthorized: The request does not contain the password.
        """
        self._check_origin(request)
        self._check_password(request)

    def _check_origin(self, request: Request[Any, Any, Any]) -> None:
        # Another site can let its own host name resolve to loopback (DNS rebinding). Its page then has the same origin
        # as this server. No site can do that with the name localhost.
        host = _host(request.headers.get("host", ""))
        if self._password is None and not is_loopback(host):
            raise Forbidden(
                "Open the playground as http://127.0.0.1 or http://localhost; other host names require a password "
                "(MASCOT_DEMO_PASSWORD)"
            )
        own = {origin(url.of(request)).lower() for url in (PublicUrl(None), self._public_url)}
        if request.headers.get("origin", "").lower() not in own:
            raise Forbidden(
                "Only the playground's own page may send this request; behind a proxy, set MASCOT_PUBLIC_URL"
            )

    def _check_password(self, request: Request[Any, Any, Any]) -> None:
        if self._password is None:
            return
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(shown.strip().encode(), self._password)
        if scheme.lower() != "bearer" or not right:
            raise Unauthorized("Wrong password" if shown else "The playground requires its password")


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:  # brackets without an IPv6 address
        return ""
