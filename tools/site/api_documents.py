"""The server's OpenAPI and AsyncAPI documents as pages to read."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from mascot_server.app import create_app
from mascot_server.http.asyncapi import asyncapi_document
from mascot_server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["http_api", "openapi_json", "websocket_api", "websocket_json"]

ORIGIN: Final = "http://127.0.0.1:8000"
"""Where the documents say that the server is."""

_METHODS: Final = ("get", "post", "put", "patch", "delete")


def openapi_json() -> str:
    """Return the OpenAPI document as JSON."""
    return json.dumps(_openapi(), indent=2, ensure_ascii=False)


def websocket_json() -> str:
    """Return the AsyncAPI document as JSON."""
    return json.dumps(asyncapi_document(ORIGIN), indent=2, ensure_ascii=False)


def http_api() -> str:
    """Return the page on the HTTP API."""
    document = _openapi()
    lines = [
        "# HTTP API",
        "A running server shows this page at `/schema`. [Download the OpenAPI document](openapi.json).",
        document["info"].get("description", ""),
    ]
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                lines += _operation(path, method, item[method])
    lines += ["## Schemas", *_schemas(document["components"]["schemas"])]
    return "\n\n".join(filter(None, lines)) + "\n"


def websocket_api() -> str:
    """Return the page on the WebSocket API."""
    document = asyncapi_document(ORIGIN)
    lines = [
        "# WebSocket API",
        "[Download the AsyncAPI document](asyncapi.json).",
        document["info"]["description"],
    ]
    for channel in document["channels"].values():
        lines += [f"## `{channel['address']}`", channel["description"]]
        for name, message in channel.get("messages", {}).items():
            lines += [f"### {message.get('title') or name}", *_about(message)]
    lines += ["## Schemas", *_schemas(document["components"]["schemas"])]
    return "\n\n".join(filter(None, lines)) + "\n"


@cache
def _openapi() -> dict[str, Any]:
    secret = SecretStr("what the documentation site signs with")
    settings = Settings(secret=(secret,), api_keys=(SecretStr("documentation"),))
    document: dict[str, Any] = create_app(settings).openapi_schema.to_schema()
    return document


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {method.upper()} `{path}`"
    yield operation.get("summary", "")
    yield operation.get("description", "")
    if parameters := operation.get("parameters"):
        yield "**Parameters**"
        yield _table(
            ("name", "in", "type", "meaning"),
            [
                (f"`{one['name']}`", one["in"], _type(one.get("schema", {})), one.get("description", ""))
                for one in parameters
            ],
        )
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"**Body** `{kind}`: {_type(body.get('schema', {}))}"
        if fields := _fields(body.get("schema", {})):
            yield fields
        for name, example in body.get("examples", {}).items():
            yield f"Example: {example.get('summary') or name}"
            yield _code(example.get("value"))
    yield "**Responses**"
    yield _table(
        ("status", "meaning"),
        [(status, answer.get("description", "")) for status, answer in operation["responses"].items()],
    )


def _schemas(schemas: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in schemas.items():
        yield f"### {name}"
        yield from _about(schema)
        yield _fields(schema) or _code(schema)


def _about(described: Mapping[str, Any]) -> Iterator[str]:
    yield described.get("summary", "")
    yield described.get("description", "")
    if "payload" in described:
        yield f"Payload: {_type(described['payload'])}"
        yield _fields(described["payload"])


def _fields(schema: Mapping[str, Any]) -> str:
    """Return a table of the fields, and one more for each kind of object that a field may be."""
    rows = list(_rows(schema, ""))
    if not rows:
        return ""
    tables = [_table(("field", "type", "required", "meaning"), rows)]
    for name, field in schema.get("properties", {}).items():
        for kind in field.get("oneOf", ()):
            if "properties" in kind:
                values = [
                    f"`{key}: {one['const']}`" for key, one in kind["properties"].items() if "const" in one
                ]
                tables += [f"`{name}` with {', '.join(values) or 'these fields'}:", _fields(kind)]
    return "\n\n".join(tables)


def _rows(schema: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, ...]]:
    """Return a row for each field, those of objects inside with their path."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        mark = "yes" if name in required else ""
        yield f"`{path}`", _type(field), mark, field.get("description", "")
        yield from _rows(field, f"{path}.")


def _type(schema: Mapping[str, Any]) -> str:
    """Return a schema's type in a few words, linked to the schema it refers to."""
    match schema:
        case {"$ref": reference}:
            name = reference.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"oneOf": kinds} | {"anyOf": kinds} | {"allOf": kinds}:
            return " or ".join(dict.fromkeys(map(_type, kinds)))
        case {"enum": values}:
            return ", ".join(f"`{json.dumps(value)}`" for value in values)
        case {"const": value}:
            return f"`{json.dumps(value)}`"
        case {"type": "array"}:
            return f"array of {_type(schema.get('items', {}))}"
        case _:
            kinds = schema.get("type", "object" if "properties" in schema else "any")
            return kinds if isinstance(kinds, str) else ", ".join(kinds)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"
