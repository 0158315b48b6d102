"""Write docs/settings.md from the server's settings classes: ``python -m tools.settings_page``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import annotated_types

from mascot_server.playground import DemoSettings
from mascot_server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"

SECTIONS = {
    "Keys and tokens": ("api_keys", "secret", "key_store", "single_use_tokens", "max_session_ttl_seconds"),
    "Network": (
        "host",
        "port",
        "tls_cert",
        "tls_key",
        "public_url",
        "workers",
        "allowed_origins",
        "require_origin",
        "cors_origins",
    ),
    "Connections and request headers": (
        "max_head_bytes",
        "max_headers",
        "head_seconds",
        "keep_alive_seconds",
        "max_waiting_connections",
    ),
    "Providers": (
        "elevenlabs_url",
        "openai_url",
        "openai_upstreams",
        "gemini_url",
        "gemini_vertex_url",
        "cartesia_url",
    ),
    "Conversations": (
        "live_model",
        "viseme_budget_ms",
        "max_session_seconds",
        "idle_seconds",
        "handshake_seconds",
        "drain_seconds",
    ),
    "Several processes": ("redis_url", "redis_down", "redis_timeout_seconds", "lease_seconds"),
    "Recordings and speech": (
        "max_audio_bytes",
        "max_audio_seconds",
        "rest_concurrency",
        "piper_voices",
        "kokoro_model",
        "kokoro_voices",
    ),
    "Logs, metrics and traces": ("log_format", "log_level", "metrics", "tracing"),
    "The playground, `mascot-server demo`": (
        "demo_elevenlabs_api_key",
        "demo_elevenlabs_agent_id",
        "demo_openai_api_key",
        "demo_gemini_api_key",
        "demo_password",
    ),
}
"""The settings of each section. Settings without a section come last."""

HEAD = """# Settings

`python -m tools.settings_page` generates this page from the settings classes; do not edit it.

Set each setting as an environment variable, or as a line in a file `.env` in the working directory. Environment
variables take precedence. If a setting is invalid, the server does not start: it reports every invalid setting with the
reason, and never shows a value.

`mascot-server check` tests the whole configuration before you start the server: it reports wrong, missing and misspelt
settings, loads the models, opens the key store, and connects to Redis and to each provider. With `--offline` it makes
no connection.

`MASCOT_SECRET` is required. API keys are required, too: set `MASCOT_API_KEYS`, `MASCOT_KEY_STORE` or
`MASCOT_REDIS_URL`. `serve --dev` (on loopback only) generates a missing secret and accepts a default API key. `demo`
always generates a random secret and key for its own page.
"""


def page() -> str:
    """Return the page as Markdown."""
    sections = {title: [name for name in names if name in FIELDS] for title, names in SECTIONS.items()}
    placed = {name for names in sections.values() for name in names}
    sections["Others"] = [name for name in FIELDS if name not in placed]
    tables = (f"\n## {title}\n\n{''.join(_rows(names))}" for title, names in sections.items() if names)
    return HEAD + "".join(tables)


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    """Yield all settings by their name without ``MASCOT_``, in lower case."""
    for kind in (Settings, DemoSettings):
        prefix = kind.model_config.get("env_prefix", "").removeprefix("MASCOT_").lower()
        for name, field in kind.model_fields.items():
            yield prefix + name, field


FIELDS = dict(_fields())


def _rows(names: list[str]) -> Iterator[str]:
    yield "| setting | takes | default | meaning |\n|---|---|---|---|\n"
    for name in names:
        field = FIELDS[name]
        if not field.description:
            raise SystemExit(f"MASCOT_{name.upper()} has no description")
        meaning = field.description.replace("|", "\\|")
        yield f"| `MASCOT_{name.upper()}` | {_takes(field)} | {shown_default(field)} | {meaning} |\n"


def shown_default(field: FieldInfo) -> str:
    """Return the default of a setting as Markdown."""
    default: Any = field.default
    if default is None or default in ((), {}):
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _takes(field: FieldInfo) -> str:
    kinds = [kind for kind in _members(field.annotation) if kind is not NoneType]
    kind = kinds[0]
    if get_origin(kind) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(kind))
    if kind is bool:
        return "`true` or `false`"
    if kind in {int, float}:
        return ("whole number" if kind is int else "number") + _range(field)
    if get_origin(kind) is dict:
        return "JSON object"
    if get_origin(kind) is tuple:
        return "comma-separated"
    return "path" if kind is Path else "text"


def _members(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in {Union, type(int | None)} else (annotation,)


def _range(field: FieldInfo) -> str:
    words = []
    for bound in field.metadata:
        match bound:
            case annotated_types.Ge(ge):
                words.append(f"{ge} or more")
            case annotated_types.Gt(gt):
                words.append(f"more than {gt}")
            case annotated_types.Le(le):
                words.append(f"at most {le}")
    return f", {', '.join(words)}" if words else ""


def main() -> None:
    """Write the page, or with --check report whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is out of date")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE.name} is out of date: python -m tools.settings_page")


if __name__ == "__main__":
    main()
