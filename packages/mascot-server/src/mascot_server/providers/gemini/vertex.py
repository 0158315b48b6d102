"""Gemini on Vertex AI: URLs and resource names of models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BeforeValidator, Field

from mascot_server.providers.base import DialTarget, ProviderSettings, websocket_origin
from mascot_server.providers.base_url import base_url

if TYPE_CHECKING:
    from mascot_server.providers.gemini.config import GeminiConfig

__all__ = ["PATH", "SETTINGS", "resource_name", "target"]

PATH: Final = re.compile(r"/+ws/google\.cloud\.aiplatform\.(v1|v1beta1)\.LlmBidiService/BidiGenerateContent")
"""Of the app and of Google alike; SDKs may double the first slash."""

_DEFAULT_VERSION: Final = "v1beta1"
_GLOBAL: Final = "global"
"""The only location of express mode."""
_MULTI_REGIONS: Final = frozenset({"eu", "us"})

_PLACEHOLDER: Final = "{location}"
_STAND_IN: Final = "location--here"
_FIXED_DOTS: Final = 2

_OWN: Final = re.compile(r"projects/[^/]+/locations/[^/]+/")


def _url_template(value: object) -> object:
    """Normalise a URL that may hold ``{location}``.

    Apps choose the location, so it must not be able to form the name of a host that belongs to a third party.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return None
    url = base_url(text.replace(_PLACEHOLDER, _STAND_IN))
    host = str(url).partition("://")[2].partition("/")[0]
    _, found, fixed = host.rpartition(_STAND_IN)
    if re.search(r"[{}]", host) or (found and fixed.count(".") < _FIXED_DOTS):
        raise ValueError(
            "in the host, {location} must be followed by a domain of yours, as in https://{location}.vertex.example.com"
        )
    return str(url).replace(_STAND_IN, _PLACEHOLDER)


SETTINGS: Final[dict[str, tuple[Any, Any]]] = {
    "vertex_url": (
        Annotated[str | None, BeforeValidator(_url_template)],
        Field(
            default=None,
            description="URL of Vertex AI for Gemini. The default is Google's URL for the location that an app's "
            "backend sends. `{location}` in the URL is replaced with that location, or with `global` in express mode.",
        ),
    )
}


def target(config: GeminiConfig, settings: ProviderSettings, path: str) -> DialTarget:
    """Return where to open the socket, in the version of the API that the app asked for.

    Args:
        config: The provider configuration from the token.
        settings: Settings of the provider.
        path: Path that the app connected to.
    """
    location = config.location or _GLOBAL
    template = settings["vertex_url"]
    origin = _google(location) if template is None else template.replace(_PLACEHOLDER, location)
    match = PATH.fullmatch(path)
    version = match[1] if match else _DEFAULT_VERSION
    headers = (
        {"x-goog-api-key": config.credential}
        if config.access_token is None
        else {"Authorization": f"Bearer {config.access_token}"}
    )
    socket = f"/ws/google.cloud.aiplatform.{version}.LlmBidiService/BidiGenerateContent"
    return DialTarget(websocket_origin(origin) + socket, headers)


def resource_name(config: GeminiConfig, model: str) -> str:
    """Return the full resource name of a model, in the configured project and location whatever an app names.

    Args:
        config: The provider configuration from the token.
        model: A name such as ``gemini-live``, ``models/gemini-live`` or ``publishers/google/models/gemini-live``.
    """
    model = _OWN.sub("", model, count=1) if _OWN.match(model) else model
    publisher, slash, name = model.partition("/")
    if not slash:
        model = f"publishers/google/models/{model}"
    elif publisher == "models":
        model = f"publishers/google/{model}"
    elif publisher not in {"publishers", "endpoints"}:
        model = f"publishers/{publisher}/models/{name}"
    return config.resource_prefix + model


def _google(location: str) -> str:
    if location == _GLOBAL:
        return "https://aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"
