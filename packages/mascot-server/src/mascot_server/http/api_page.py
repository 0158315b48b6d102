"""The page at `/schema`: a self-contained HTML view of the OpenAPI and AsyncAPI documents.

The framework's own pages load scripts from other hosts. This page loads and runs nothing, which its
`Content-Security-Policy` enforces.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from litestar.openapi.plugins import OpenAPIRenderPlugin

from mascot_server.http.asyncapi import ASYNCAPI_PATH, asyncapi_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from litestar import Request

    from mascot_server.http.public_url import PublicUrl

__all__ = ["ApiPage"]

_METHODS: Final = ("get", "post", "put", "patch", "delete")

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h2 { border-top: 1px solid #ccc; padding-top: 1rem; }
code, pre { font: 14px/1.4 ui-monospace, monospace; background: #f4f4f4; }
pre { padding: .7rem; overflow-x: auto; }
p, dd { white-space: pre-line; }
dt { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  body { background: #1b1b1b; color: #ddd; } code, pre { background: #2a2a2a; } a { color: #8ab4f8; }
}
"""


class ApiPage(OpenAPIRenderPlugin):
    """Renders the page.

    Args:
        public_url: URL of this server.
    """

    def __init__(self, public_url: PublicUrl) -> None:
        super().__init__(path="/", favicon="", style="")
        self._public_url = public_url

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the page as HTML."""
        document = json.loads(self.render_json(request, openapi_schema))
        base_url = self._public_url.of(request)
        return "\n".join(_page(document, asyncapi_document(base_url), urlsplit(base_url).path)).encode()


def _page(document: Mapping[str, Any], sockets: Mapping[str, Any], prefix: str) -> Iterator[str]:
    title = escape(document["info"]["title"])
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
    yield _text(document["info"].get("description"))
    yield (
        f'<p><a href="{escape(prefix)}/schema/openapi.json">OpenAPI document</a> · '
        f'<a href="{escape(prefix)}{ASYNCAPI_PATH}">AsyncAPI document</a></p>'
    )
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield from _operation(path, method, item[method])
    for channel in sockets["channels"].values():
        yield f"<h2>WebSocket <code>{escape(channel['address'])}</code></h2>{_text(channel['description'])}"
    yield "<h2>Schemas</h2>"
    schemas = {
        **document.get("components", {}).get("schemas", {}),
        **sockets["components"]["schemas"],
    }
    for name, schema in schemas.items():
        yield f"<h3><code>{escape(name)}</code></h3>{_json(schema)}"
    yield "</body></html>"


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2>{method.upper()} <code>{escape(path)}</code></h2>"
    yield _text(operation.get("summary"))
    yield _text(operation.get("description"))
    for parameter in operation.get("parameters", ()):
        yield f"<p>Parameter <code>{escape(parameter['name'])}</code> ({escape(parameter['in'])})</p>"
        yield _json(parameter.get("schema", {}))
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<h3>Body <code>{escape(kind)}</code></h3>{_json(body.get('schema', {}))}"
        for name, example in body.get("examples", {}).items():
            yield f"<p>{escape(example.get('summary') or name)}</p>{_json(example.get('value'))}"
    yield "<h3>Answers</h3><dl>"
    for status, answer in operation.get("responses", {}).items():
        yield f"<dt>{escape(status)}</dt><dd>{escape(answer.get('description') or '').strip()}</dd>"
    yield "</dl>"


def _text(text: str | None) -> str:
    return f"<p>{escape(text.strip())}</p>" if text else ""


def _json(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
