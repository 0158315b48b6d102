"""OpenAI Realtime as a provider."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from mascot_server.errors import BadRequest, UpstreamUnreachable
from mascot_server.providers.base import (
    DialTarget,
    Handshake,
    Provider,
    ProviderSettings,
    signed_url,
    token_in,
    websocket_origin,
)
from mascot_server.providers.openai.agent import OpenAIAgent
from mascot_server.providers.openai.codec import OpenAICodec
from mascot_server.providers.openai.config import DEFAULT_MODEL, TRANSLATION_MODEL, CustomVoice, OpenAIConfig
from mascot_server.providers.openai.documents import (
    CONFIG,
    PATH,
    PLAIN_PATH,
    SOCKET,
    TRANSLATION_PATHS,
    TRANSLATION_SOCKET,
)
from mascot_server.providers.openai.live.codec import LiveCodec
from mascot_server.providers.openai.live.documents import LIVE_PATH, LIVE_PATHS, LIVE_SOCKET
from mascot_server.providers.openai.translation import TranslationCodec
from mascot_server.providers.openai.upstreams import PROFILES, Upstream, parse_upstreams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_server.providers.codec import Codec
    from mascot_server.providers.documents import SocketDocument
    from mascot_server.providers.exchange import Exchange
    from mascot_server.simulators.core.provider import ProviderSimulator, Setup

__all__ = ["OpenAI"]

_KEY_PROTOCOL: Final = "openai-insecure-api-key."
"""Prefix of the WebSocket subprotocol by which browsers send OpenAI's keys."""

_TRANSLATIONS: Final = "/translations"
"""What follows the path of the Realtime API for translation sessions."""


class OpenAI(Provider[OpenAIConfig]):
    """OpenAI Realtime."""

    name = "openai"
    title = "OpenAI"
    product = "OpenAI Realtime API"
    config = OpenAIConfig
    default_origin = "https://api.openai.com"
    settings: ClassVar[Mapping[str, tuple[Any, Any]]] = MappingProxyType(
        {
            "upstreams": (
                Annotated[dict[str, Upstream], NoDecode, BeforeValidator(parse_upstreams)],
                Field(
                    default={},
                    description="Other services that use the OpenAI Realtime protocol, as a JSON object. Each name "
                    f"that apps may choose has a `profile` ({', '.join(f'`{name}`' for name in PROFILES)}), a "
                    "`url` and the values that differ from the profile. See [the guide](guides/upstreams.md).",
                ),
            )
        }
    )
    # OpenAI's Python SDK appends /realtime to whatever URL it is given.
    socket_paths = (PATH, f"{PATH}/realtime", PLAIN_PATH, *TRANSLATION_PATHS, *LIVE_PATHS)
    # The JavaScript SDK insists on it.
    subprotocol = "realtime"
    config_document = CONFIG
    socket_document = SOCKET
    more_sockets: ClassVar[Mapping[str, SocketDocument]] = MappingProxyType(
        {"openaiLive": LIVE_SOCKET, "openaiTranslation": TRANSLATION_SOCKET}
    )
    agent = OpenAIAgent()

    def find_token(self, handshake: Handshake) -> str:
        """Return the token from the query of a signed URL, or from wherever a client puts an API key."""
        headers = handshake.headers
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        offered = (name.strip() for name in headers.get("sec-websocket-protocol", "").split(","))
        candidates = (
            handshake.query.get("token", ""),
            bearer if scheme.lower() == "bearer" else "",
            headers.get("api-key", ""),
            *(name.removeprefix(_KEY_PROTOCOL) for name in offered if name.startswith(_KEY_PROTOCOL)),
        )
        return next(filter(None, (token_in(candidate.strip()) for candidate in candidates)), "")

    def answer(self, config: OpenAIConfig, token: str, origin: str) -> dict[str, str]:
        """Return the signed URL."""
        return signed_url(origin, LIVE_PATH if config.is_live else PATH, token)

    def admit(self, config: OpenAIConfig, handshake: Handshake) -> None:
        """Check that a token for GPT-Live is shown at its socket, and no other there.

        Raises:
            BadRequest: It is not.
        """
        if config.is_live != (handshake.path.rstrip("/") in LIVE_PATHS):
            raise BadRequest(f"This token is for {LIVE_PATH if config.is_live else PATH}")

    def origins(self, settings: ProviderSettings) -> Mapping[str, str]:
        """Return the URLs of OpenAI and of each named upstream."""
        named = {
            f"MASCOT_OPENAI_UPSTREAMS, {name}": upstream.url
            for name, upstream in settings["upstreams"].items()
        }
        return {**super().origins(settings), **named}

    def check(self, config: OpenAIConfig, settings: ProviderSettings) -> None:
        """Check that the upstream is one of the settings and that there is a model for it.

        Raises:
            BadRequest: It is not, or there is none.
        """
        if config.upstream is None:
            return
        upstreams: Mapping[str, Upstream] = settings["upstreams"]
        upstream = upstreams.get(config.upstream)
        if upstream is None:
            known = (
                f"must be one of {', '.join(upstreams)}" if upstreams else "this server has none; remove it"
            )
            raise BadRequest(f"Invalid provider config: config.provider_config.upstream: {known}")
        if upstream.model_parameter is not None and (config.model or upstream.model) is None:
            raise BadRequest(
                "Invalid provider config: config.provider_config.model: is required with the upstream "
                f"{config.upstream}"
            )

    def dial(
        self, config: OpenAIConfig, settings: ProviderSettings, handshake: Handshake
    ) -> Exchange[DialTarget]:
        """Name the model in the query. No ``OpenAI-Beta`` header for OpenAI itself: the service refuses it.

        GPT-Live takes no query and no ``Origin``; its model is named in ``session.start``.
        """
        if config.is_live:
            return DialTarget(
                f"{websocket_origin(settings['url'])}/v1/live/sessions",
                {"Authorization": f"Bearer {config.credential}"},
            )
        translates = _translates(handshake)
        if config.upstream is None:
            default = TRANSLATION_MODEL if translates else DEFAULT_MODEL
            upstream = Upstream(url=settings["url"], model=default)
        elif config.upstream in settings["upstreams"]:
            upstream = settings["upstreams"][config.upstream]
        else:
            # The settings have changed since the URL was signed.
            raise UpstreamUnreachable(self.name, "its upstream is no longer in MASCOT_OPENAI_UPSTREAMS")
        path = upstream.path + (_TRANSLATIONS if translates else "")
        query = urlencode(upstream.target_query(config.model))
        return DialTarget(
            f"{websocket_origin(upstream.url)}{path}{'?' if query else ''}{query}",
            upstream.headers(api_key=config.api_key, ephemeral_token=config.ephemeral_token),
        )
        yield  # a generator without a request

    def codec(self, config: OpenAIConfig, handshake: Handshake) -> Codec:
        """Return a codec for one conversation."""
        voice, custom = config.voice, isinstance(config.voice, CustomVoice)
        if isinstance(voice, CustomVoice):
            voice = voice.id
        if config.is_live:
            return LiveCodec(model=config.model, voice=voice, custom_voice=custom)
        if _translates(handshake):
            return TranslationCodec()
        return OpenAICodec(voice=voice, custom_voice=custom, viseme_events=config.viseme_events or "mascot")

    def simulator(self, setup: Setup) -> ProviderSimulator:
        """Return a simulator of OpenAI."""
        from mascot_server.providers.openai.simulator.simulator import (  # noqa: PLC0415 - only where used
            OpenAISimulator,
        )

        return OpenAISimulator(setup)


def _translates(handshake: Handshake) -> bool:
    return handshake.path.rstrip("/").endswith(_TRANSLATIONS)
