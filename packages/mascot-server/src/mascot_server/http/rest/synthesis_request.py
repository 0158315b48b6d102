"""The body of `POST /v1/visemes-audio`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast, get_args

from pydantic_core import from_json

from mascot_server.errors import BadRequest
from mascot_server.inference.viseme_models import VisemeModel
from mascot_server.inference.viseme_sets import UnknownSetError, VisemeSets

__all__ = ["ENGINES", "MAX_TEXT", "SPEEDS", "SpeechRequest", "TtsEngine", "parse_speech_request"]

TtsEngine = Literal["mascotbot-tts", "elevenlabs", "cartesia"]
ENGINES: Final[tuple[TtsEngine, ...]] = get_args(TtsEngine)
MAX_TEXT: Final = 5000
SPEEDS: Final = (0.5, 2.0)

_BUILT_IN: Final = ENGINES[0]


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """A request for speech synthesis.

    Attributes:
        text: Up to `MAX_TEXT` characters.
        voice: Id of the voice in the engine.
        engine: The speech engine.
        key: The caller's API key for that engine; empty for the built-in one.
        speed: Speed, within `SPEEDS`.
        model: The viseme model.
        sets: Viseme sets of the changes and of the weights.
    """

    text: str
    voice: str
    engine: TtsEngine
    key: str = field(repr=False)
    speed: float
    model: VisemeModel
    sets: VisemeSets


def parse_speech_request(body: bytes) -> SpeechRequest:
    """Parse a request body.

    Raises:
        BadRequest: The body does not match the contract; the text names the field and the fix.
    """
    try:
        fields = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise BadRequest("Invalid request: the body is not JSON") from None
    if not isinstance(fields, dict):
        raise BadRequest("Invalid request: the body is not a JSON object")
    engine = _one_of(fields, "tts_engine", ENGINES)
    return SpeechRequest(
        **_required(fields, engine),
        engine=engine,
        speed=_speed(fields.get("speed", 1.0)),
        model=cast("VisemeModel", _one_of(fields, "model", get_args(VisemeModel))),
        sets=_sets(fields),
    )


def _sets(fields: dict[str, Any]) -> VisemeSets:
    try:
        return VisemeSets.read(fields)
    except UnknownSetError as error:
        raise BadRequest(f"{error.field}: {error.problem}") from None


def _required(fields: dict[str, Any], engine: TtsEngine) -> dict[str, str]:
    values = {name: fields.get(name) for name in ("text", "voice", "tts_api_key")}
    for name, value in values.items():
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"{name}: must be text")
    needed = ["text", "voice"] if engine == _BUILT_IN else list(values)
    if any(not (values[name] or "").strip() for name in needed):
        both = "text and voice" if engine == _BUILT_IN else f"text, voice, and tts_api_key for {engine}"
        raise BadRequest(f"Missing required fields: {both}")
    text = cast("str", values["text"])
    if len(text) > MAX_TEXT:
        raise BadRequest(f"text: must be {MAX_TEXT} characters or fewer, not {len(text)}")
    return {"text": text, "voice": values["voice"] or "", "key": values.get("tts_api_key") or ""}


def _one_of(fields: dict[str, Any], name: str, values: tuple[Any, ...]) -> Any:
    value = fields.get(name, values[0])
    if value not in values:
        raise BadRequest(f"{name}: must be one of {', '.join(values)}")
    return value


def _speed(value: object) -> float:
    slowest, fastest = SPEEDS
    if isinstance(value, bool) or not isinstance(value, int | float) or not slowest <= value <= fastest:
        raise BadRequest(f"speed: must be a number from {slowest} to {fastest}")
    return float(value)
