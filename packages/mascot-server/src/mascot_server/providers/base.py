"""The interface of a provider: one object with everything that is specific to it.

A provider is a folder of this package whose ``PROVIDER`` is an instance of a subclass of `Provider`. Routes, settings,
keys, checks, documents, the playground and the simulators use the registry. No code outside the folder names a
provider.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar
from urllib.parse import parse_qs

from mascot_server.providers.config import ProviderConfig

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mascot_server.providers.agent import PlaygroundAgent
    from mascot_server.providers.codec import Codec
    from mascot_server.providers.documents import ConfigDocument, SocketDocument
    from mascot_server.providers.exchange import Exchange
    from mascot_server.simulators.core.provider import ProviderSimulator, Setup

__all__ = [
    "DialTarget",
    "Handshake",
    "Provider",
    "ProviderSettings",
    "signed_url",
    "token_in",
    "websocket_origin",
]

ProviderSettings = Mapping[str, Any]
"""Values of a provider's settings by key in lower case; ``url`` is the http(s) origin of its API."""

C = TypeVar("C", bound=ProviderConfig)

_TOKEN: Final = re.compile(r"[A-Za-z0-9_.-]+")
"""Base64url and dots, as JWTs are written (RFC 7515, section 3.1)."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """The WebSocket handshake of an app.

    Attributes:
        provider: Provider whose socket it is.
        path: Path of the request, decoded.
        query: First value of each query parameter; one of them may be a token.
        headers: Headers by lower-case name; one of them may hold a token.
    """

    provider: Provider[Any]
    path: str
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(
        cls, provider: Provider[Any], path: str, query: bytes, headers: Iterable[tuple[bytes, bytes]]
    ) -> Handshake:
        """Parse a handshake.

        Args:
            provider: Provider whose socket it is.
            path: Path of the request, decoded.
            query: Query string as sent.
            headers: Headers with names in lower case.
        """
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        asked = {name: values[0] for name, values in parse_qs(query.decode("latin-1")).items()}
        return cls(provider, path, asked, named)

    @property
    def token(self) -> str:
        """Token of the signed URL; empty if there is none."""
        return self.provider.find_token(self)

    @property
    def origin(self) -> str | None:
        """Web page that a browser connects from; ``None`` for non-browser clients."""
        return self.headers.get("origin")

    @property
    def viseme_model(self) -> str | None:
        """Viseme model named in the query, if any."""
        return self.query.get("viseme_model")


@dataclass(frozen=True, slots=True)
class DialTarget:
    """URL and headers for the connection to the provider.

    Attributes:
        url: WebSocket URL; it may hold a token.
        headers: Headers of the handshake; they may hold a key.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Provider(ABC, Generic[C]):
    """Everything that is specific to one provider.

    Attributes:
        name: Name in the API, in settings (``MASCOT_<NAME>_URL``) and in metrics.
        title: Name of the company, for people.
        product: Name of the API that conversations use, for people.
        config: Model of ``provider_config``.
        default_origin: http(s) origin of its API; the setting ``MASCOT_<NAME>_URL`` replaces it.
        settings: Further settings ``MASCOT_<NAME>_<KEY>``: type and pydantic's ``Field`` by key in lower case.
        socket_paths: Paths that apps connect to, as Litestar routes.
        subprotocol: WebSocket subprotocol that is selected if the app offers it.
        config_document: Its part of the OpenAPI document.
        socket_document: Its part of the AsyncAPI document.
        more_sockets: Further sockets in that document, by the name of their channel.
        agent: The agent that the playground talks to.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    product: ClassVar[str]
    config: ClassVar[type[ProviderConfig]]
    default_origin: ClassVar[str]
    settings: ClassVar[Mapping[str, tuple[Any, Any]]] = MappingProxyType({})
    socket_paths: ClassVar[tuple[str, ...]]
    subprotocol: ClassVar[str | None] = None
    config_document: ClassVar[ConfigDocument]
    socket_document: ClassVar[SocketDocument]
    more_sockets: ClassVar[Mapping[str, SocketDocument]] = MappingProxyType({})
    agent: ClassVar[PlaygroundAgent]

    @property
    def socket_documents(self) -> Mapping[str, SocketDocument]:
        """All its sockets by the name of their channel."""
        return {self.name: self.socket_document, **self.more_sockets}

    def serves(self, path: str) -> bool:
        """Return whether a path is one of this provider's sockets."""
        return path.rstrip("/") in self.socket_paths

    def find_token(self, handshake: Handshake) -> str:
        """Return the token of a handshake, from any place where the provider's SDKs put it; empty if there is none."""
        return token_in(handshake.query.get("token", ""))

    @abstractmethod
    def answer(self, config: C, token: str, origin: str) -> dict[str, str]:
        """Return the response of ``POST /v1/get-signed-url``.

        Args:
            config: The provider configuration from the request.
            token: Token that starts conversations.
            origin: http(s) origin of this server.
        """

    def origins(self, settings: ProviderSettings) -> Mapping[str, str]:
        """Return the http(s) URLs that its settings name, by the name of the setting.

        Args:
            settings: Settings of this provider.
        """
        return {f"MASCOT_{self.name.upper()}_URL": settings["url"]}

    def check(self, config: C, settings: ProviderSettings) -> None:
        """Check a configuration against the settings of this server, before it is signed.

        Args:
            config: The provider configuration from the request.
            settings: Settings of this provider.

        Raises:
            BadRequest: The configuration names something that the settings do not have; the text lists the options.
        """

    def admit(self, config: C, handshake: Handshake) -> None:
        """Check that a token is for the socket that the app connects to.

        Args:
            config: The provider configuration from the token.
            handshake: Handshake of the app.

        Raises:
            BadRequest: The token is for another socket of this provider; the text names the right one.
        """

    @abstractmethod
    def dial(self, config: C, settings: ProviderSettings, handshake: Handshake) -> Exchange[DialTarget]:
        """Return where to connect to the provider.

        Args:
            config: The provider configuration from the token.
            settings: Settings of this provider.
            handshake: Handshake of the app.

        Returns:
            A generator of the required HTTP requests, if any; its return value is the target.

        Raises:
            UpstreamError: The provider's response to one of them was an error or invalid.
        """

    @abstractmethod
    def codec(self, config: C, handshake: Handshake) -> Codec:
        """Return a codec for one conversation."""

    @abstractmethod
    def simulator(self, setup: Setup) -> ProviderSimulator:
        """Return a simulator of this provider."""


def token_in(text: str) -> str:
    """Return the token at the start of a text.

    Some clients append text to a URL although it has a query: Pipecat ``?model=…``, LiveKit's Node plugin
    ``/realtime``. The first characters of these are not part of a token.
    """
    match = _TOKEN.match(text)
    return match[0] if match else ""


def signed_url(origin: str, path: str, token: str) -> dict[str, str]:
    """Return the response of ``POST /v1/get-signed-url`` with one WebSocket URL."""
    return {"signed_url": f"{websocket_origin(origin)}{path}?token={token}"}


def websocket_origin(origin: str) -> str:
    """Return an http(s) origin with the scheme ws(s)."""
    return f"ws{origin.removeprefix('http')}"
