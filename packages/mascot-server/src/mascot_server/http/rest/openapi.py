"""OpenAPI descriptions of these endpoints, with the names, enums and examples of the published contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, get_args

from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
)

from mascot_server.http.rest.synthesis_request import ENGINES, MAX_TEXT, SPEEDS
from mascot_server.inference.viseme_models import VisemeModel
from mascot_server.inference.viseme_sets import DEFAULT_SETS, VISEME_SHAPES, VISEME_WEIGHTS

__all__ = ["VisemesAudioOperation", "VisemesOperation", "VoicesOperation"]

_JSON: Final = "application/json"
_EVENTS: Final = "text/event-stream"
_SECURITY: Final[list[dict[str, list[str]]]] = [{"BearerAuth": []}]

_STRING, _INTEGER, _NUMBER = OpenAPIType.STRING, OpenAPIType.INTEGER, OpenAPIType.NUMBER


def _object(required: list[str], properties: dict[str, Schema], **keywords: Any) -> Schema:
    fields: dict[str, Reference | Schema] = dict(properties)
    return Schema(type=OpenAPIType.OBJECT, required=required, properties=fields, **keywords)


def _errors(**texts: str) -> dict[str, OpenAPIResponse | Reference]:
    """Return the error responses for arguments such as ``status_503="text"``."""
    return {
        name.removeprefix("status_"): OpenAPIResponse(
            description=text,
            content={
                _JSON: OpenAPIMediaType(
                    schema=_object(["error"], {"error": Schema(type=_STRING, example=text)})
                )
            },
        )
        for name, text in texts.items()
    }


_MODEL: Final = Schema(
    type=_STRING,
    enum=list(get_args(VisemeModel)),
    default="default",
    description="Viseme model: `default` (all languages) or `indonesian` (Bahasa Indonesia).",
)
_SETS: Final = {
    "viseme_shapes": Schema(
        type=[_STRING, OpenAPIType.NULL],
        enum=[*VISEME_SHAPES, None],
        default=DEFAULT_SETS.shapes,
        description="Viseme set of the events. `sapi`, also with `null`: numbers, as `visemeId`. The others: names, as "
        "`viseme`.",
    ),
    "viseme_weights": Schema(
        type=[_STRING, OpenAPIType.NULL],
        enum=[*VISEME_WEIGHTS, None],
        description="Adds blend weights: of the visemes of `oculus` or `vrm`, or of ARKit's blendshapes. `null` for "
        "none.",
    ),
}
_SAMPLE_RATE: Final = Schema(
    type=_INTEGER,
    minimum=8000,
    maximum=48000,
    default=16000,
    description="Rate in Hz of bare PCM16; a file's own rate wins.",
)
_VISEMES: Final = Schema(
    type=OpenAPIType.ARRAY,
    description="Changes of mouth shape, sorted.",
    items=_object(
        ["offset"],
        {
            "visemeId": Schema(type=_INTEGER, minimum=0, maximum=21, description="SAPI viseme."),
            "viseme": Schema(
                type=_STRING,
                description="Name of the viseme in the set of `viseme_shapes`, in place of `visemeId`.",
            ),
            "offset": Schema(
                type=_INTEGER, minimum=0, description="Milliseconds from the start of the audio."
            ),
        },
        one_of=[Schema(required=["visemeId"]), Schema(required=["viseme"])],
    ),
)
_WEIGHTS: Final = _object(
    ["fps", "offset", "frames"],
    {
        "fps": Schema(type=_INTEGER, minimum=1, example=100, description="Rows per second."),
        "offset": Schema(
            type=_INTEGER, minimum=0, description="Milliseconds from the start of the audio to the first row."
        ),
        "names": Schema(
            type=OpenAPIType.ARRAY,
            items=Schema(type=_STRING),
            description="What the columns stand for; only in the first event of an answer.",
        ),
        "frames": Schema(
            type=_STRING,
            content_encoding="base64",
            description="The rows, one after the other: a byte for each column, of which 255 stands for 1.",
        ),
    },
    description="Blend weights, where `viseme_weights` was asked for.",
)

_VISEMES_STREAM: Final = """Events, each a line `data: ` with JSON, as the model runs:

    data: {"visemes":[{"visemeId":1,"offset":12},{"visemeId":2,"offset":86}],"chunk_progress":"1/10",\
"chunk_duration_ms":1000}

If a chunk cannot be done, a line `error: {"message":"Error processing chunk 5","chunk_id":5}` follows, then, for
parsers of event streams, an event with `"type":"error"` and the reason, and the stream ends.
"""

_SPEECH_STREAM: Final = """Events, each a line `data: ` with JSON; audio and visemes in turn while the text is spoken:

    data: {"type":"audio","data":"<base64 PCM16 mono>","sample_rate":16000,"sequence":0,"chunk_duration_ms":240}

    data: {"type":"visemes","visemes":[{"visemeId":0,"offset":0},{"visemeId":12,"offset":110}],"chunk_duration_ms":240,\
"audio_sequence":0,"viseme_sequence":"1/1"}

Offsets count from the start of the stream. If it cannot be finished, it ends with
`data: {"type":"error","error":"…"}`.
"""


_DURATION: Final = Schema(type=_INTEGER, minimum=0, description="Length of the audio, in milliseconds.")
_SEQUENCE: Final = Schema(type=_INTEGER, minimum=0)
_PROGRESS: Final = Schema(type=_STRING, pattern=r"^\d+/\d+$", example="1/10")
_ERROR: Final = Schema(const="error")

_CHUNK: Final = _object(
    ["visemes", "chunk_progress", "chunk_duration_ms"],
    {
        "visemes": _VISEMES,
        "chunk_progress": _PROGRESS,
        "chunk_duration_ms": _DURATION,
        "weights": _WEIGHTS,
    },
)
_CHUNK_ERROR: Final = _object(
    ["type", "error", "chunk_id", "visemes"],
    {"type": _ERROR, "error": Schema(type=_STRING), "chunk_id": _SEQUENCE, "visemes": _VISEMES},
)
_AUDIO: Final = _object(
    ["type", "data", "sample_rate", "sequence", "chunk_duration_ms"],
    {
        "type": Schema(const="audio"),
        "data": Schema(type=_STRING, content_encoding="base64", description="PCM16 mono, little-endian."),
        "sample_rate": Schema(type=_INTEGER, example=16000),
        "sequence": _SEQUENCE,
        "chunk_duration_ms": _DURATION,
    },
)
_SPEECH_VISEMES: Final = _object(
    ["type", "visemes", "chunk_duration_ms", "audio_sequence", "viseme_sequence"],
    {
        "type": Schema(const="visemes"),
        "visemes": _VISEMES,
        "chunk_duration_ms": _DURATION,
        "audio_sequence": _SEQUENCE,
        "viseme_sequence": _PROGRESS,
        "weights": _WEIGHTS,
    },
)
_WHOLE: Final = Schema(
    one_of=[_VISEMES, _object(["visemes", "weights"], {"visemes": _VISEMES, "weights": _WEIGHTS})],
    description="The list; with `viseme_weights` an object with the list and the weights.",
)
_SPEECH_ERROR: Final = _object(["type", "error"], {"type": _ERROR, "error": Schema(type=_STRING)})


def _stream(
    description: str, *events: Schema, also: dict[str, OpenAPIMediaType] | None = None
) -> OpenAPIResponse:
    """Describe an event stream. OpenAPI 3.1 cannot describe one, so the schema is that of a single event."""
    data = Schema(type=_STRING, content_media_type=_JSON, content_schema=Schema(one_of=list(events)))
    content = {_EVENTS: OpenAPIMediaType(schema=_object(["data"], {"data": data})), **(also or {})}
    return OpenAPIResponse(description=description, content=content)


def _query(name: str, schema: Schema) -> Parameter:
    return Parameter(name=name, param_in="query", schema=schema, description="With a body of type audio/*.")


@dataclass
class VisemesOperation(Operation):
    """The operation of `POST /v1/visemes`."""

    def __post_init__(self) -> None:
        """Replace the generated description with the published one."""
        self.summary = "Predict the visemes of a recording"
        self.description = (
            "Takes a recording as base64 in JSON, as the body itself, or in a form, and streams its visemes. "
            "With `Accept: application/json` the answer is one list, and with `viseme_weights` an object."
        )
        self.tags = None
        self.security = _SECURITY
        fields = {"sample_rate": _SAMPLE_RATE, "model": _MODEL, **_SETS}
        self.parameters = [_query(name, schema) for name, schema in fields.items()]
        base64_audio = Schema(
            type=_STRING,
            min_length=1,
            content_encoding="base64",
            description="Base64 of a WAV, MP3, FLAC or Ogg file, or of bare PCM16 mono.",
        )
        file = Schema(type=_STRING, format=OpenAPIFormat.BINARY, description="The file, or bare PCM16 mono.")
        self.request_body = RequestBody(
            required=True,
            content={
                _JSON: OpenAPIMediaType(schema=_object(["audio"], {"audio": base64_audio, **fields})),
                "audio/*": OpenAPIMediaType(
                    schema=Schema(
                        type=_STRING,
                        format=OpenAPIFormat.BINARY,
                        description="The file; bare PCM16 as `audio/pcm`.",
                    )
                ),
                "multipart/form-data": OpenAPIMediaType(schema=_object(["audio"], {"audio": file, **fields})),
            },
        )
        self.responses = {
            "200": _stream(
                _VISEMES_STREAM, _CHUNK, _CHUNK_ERROR, also={_JSON: OpenAPIMediaType(schema=_WHOLE)}
            ),
            **_errors(
                status_400="Invalid audio data",
                status_403="Invalid API key",
                status_408="The request body arrives too slowly (MASCOT_UPLOAD_SECONDS)",
                status_413="Invalid audio data: audio: longer than 600 seconds (MASCOT_MAX_AUDIO_SECONDS)",
                status_429="Too many requests",
                status_500="Internal server error",
                status_503="Too many requests in progress; try again",
            ),
        }


@dataclass
class VisemesAudioOperation(Operation):
    """The operation of `POST /v1/visemes-audio`."""

    def __post_init__(self) -> None:
        """Replace the generated description with the published one."""
        self.summary = "Speak a text, with visemes"
        self.description = "Streams speech and its visemes while the text is spoken."
        self.tags = None
        self.security = _SECURITY
        self.parameters = None
        self.request_body = RequestBody(
            required=True,
            content={
                _JSON: OpenAPIMediaType(
                    schema=_object(
                        ["text", "voice"],
                        {
                            "text": Schema(
                                type=_STRING, min_length=1, max_length=MAX_TEXT, example="Hello, how are you?"
                            ),
                            "voice": Schema(
                                type=_STRING, min_length=1, description="Id of the voice.", example="en-us"
                            ),
                            "tts_engine": Schema(type=_STRING, enum=list(ENGINES), default=ENGINES[0]),
                            "tts_api_key": Schema(
                                type=[_STRING, OpenAPIType.NULL],
                                description="Your key of `elevenlabs` or `cartesia`.",
                            ),
                            "speed": Schema(type=_NUMBER, minimum=SPEEDS[0], maximum=SPEEDS[1], default=1.0),
                            "model": _MODEL,
                            **_SETS,
                        },
                    )
                )
            },
        )
        self.responses = {
            "200": _stream(_SPEECH_STREAM, _AUDIO, _SPEECH_VISEMES, _SPEECH_ERROR),
            **_errors(
                status_400="Missing required fields: text and voice",
                status_401="Invalid API key",
                status_403="Origin not allowed",
                status_405="Method not allowed. Use POST with JSON body.",
                status_408="The request body arrives too slowly (MASCOT_UPLOAD_SECONDS)",
                status_413="text: the body is longer than 131072 bytes",
                status_429="Too many requests",
                status_500="Internal server error",
                status_502="elevenlabs is unreachable: ConnectError",
                status_503="Too many requests in progress; try again",
            ),
        }


@dataclass
class VoicesOperation(Operation):
    """The operation of `GET /v1/voices`."""

    def __post_init__(self) -> None:
        """Replace the generated description with the published one."""
        self.summary = "List the voices of the built-in engine"
        self.tags = None
        self.security = _SECURITY
        self.parameters = None
        unknown = "nothing where it is not known"
        voice = _object(
            ["id", "name", "language", "gender"],
            {
                "id": Schema(type=_STRING, description="What `voice` takes.", example="en-us"),
                "name": Schema(type=_STRING, example="English (America)"),
                "language": Schema(type=[_STRING, OpenAPIType.NULL], description=f"Language tag; {unknown}."),
                "gender": Schema(
                    type=[_STRING, OpenAPIType.NULL], description=f"`male` or `female`; {unknown}."
                ),
            },
        )
        self.responses = {
            "200": OpenAPIResponse(
                description="The voices there are",
                content={
                    _JSON: OpenAPIMediaType(
                        schema=_object(["voices"], {"voices": Schema(type=OpenAPIType.ARRAY, items=voice)})
                    )
                },
            ),
            **_errors(
                status_401="Invalid API key",
                status_403="Origin not allowed",
                status_429="Too many requests",
                status_500="Internal server error",
                status_503="The built-in speech engine failed",
            ),
        }
