"""Reading client events of the simulated OpenAI Realtime API, and refusing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mascot_server.providers.openai.simulator.session import RefusedError
from mascot_server.simulators.core.wire import read_object

if TYPE_CHECKING:
    from mascot_server.simulators.core.conversation import Event


def error_event(refused: RefusedError, event_id: object = None) -> Event:
    """Return the `error` event for something refused, naming the client's event if that had an id."""
    error = {
        "type": "invalid_request_error",
        "code": refused.code,
        "message": refused.message,
        "param": refused.param,
        "event_id": event_id if isinstance(event_id, str) else None,
    }
    return {"type": "error", "error": error}


def read_event(message: str | bytes) -> Event:
    """Parse a client event; raise `RefusedError` where it is no JSON object."""
    try:
        return read_object(message)
    except ValueError as error:
        raise RefusedError("invalid_json", f"We could not read the event: {error}.") from error


def member(event: Event, name: str) -> dict[str, Any]:
    """Return a member that must be there and be an object; raise `RefusedError` else."""
    value = event.get(name)
    if value is None:
        raise RefusedError("missing_required_parameter", f"Missing required parameter: '{name}'.", name)
    if not isinstance(value, dict):
        raise RefusedError("invalid_type", f"Invalid type for '{name}': expected an object.", name)
    return value


def check_item(item: dict[str, Any]) -> None:
    """Raise `RefusedError` for an item that cannot be created."""
    if item.get("type") not in ("message", "function_call", "function_call_output"):
        text = "Supported values are: 'message', 'function_call', 'function_call_output'."
        raise RefusedError("invalid_value", f"Invalid value for 'item.type'. {text}", "item.type")
    if item["type"] != "message":
        return
    if item.get("role") not in ("user", "assistant", "system"):
        text = "Invalid value for 'item.role'. Supported values are: 'user', 'assistant', 'system'."
        raise RefusedError("invalid_value", text, "item.role")
    if not isinstance(item.get("content"), list):
        raise RefusedError(
            "missing_required_parameter", "Missing required parameter: 'item.content'.", "item.content"
        )


def renamed(value: Any, names: dict[str, str]) -> Any:
    """Return JSON with the types of its objects renamed, at any depth."""
    if isinstance(value, list):
        return [renamed(entry, names) for entry in value]
    if not isinstance(value, dict):
        return value
    result = {key: renamed(entry, names) for key, entry in value.items()}
    kind = result.get("type")
    if isinstance(kind, str):
        result["type"] = names.get(kind, kind)
    return result
