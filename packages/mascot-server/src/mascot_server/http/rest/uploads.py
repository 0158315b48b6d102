"""Parsing of the body of `POST /v1/visemes`: JSON with base64, the file itself, or a form."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast, get_args

from litestar.exceptions import HTTPException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from mascot_server.errors import TooLarge
from mascot_server.http.rest.form import FIELDS, FormReader
from mascot_server.http.rest.json_audio import (
    MAX_OTHER_BYTES,
    Base64Reader,
    JsonAudioReader,
    OtherFieldsTooLongError,
)
from mascot_server.http.rest.recordings import invalid
from mascot_server.http.rest.streaming import ClientGone
from mascot_server.inference.viseme_models import VisemeModel
from mascot_server.inference.viseme_sets import UnknownSetError, VisemeSets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from litestar import Request

__all__ = ["Upload", "UploadOptions", "body_limit", "read_file", "read_upload"]

_IN_MEMORY: Final = 1 << 20
"""Most bytes of an upload that are kept in memory; larger uploads go to a temporary file."""
_BARE_TYPES: Final = {"audio/pcm", "audio/x-pcm", "audio/raw", "audio/x-raw"}
_RATES: Final = range(8000, 48001)


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """The fields of a request besides the audio.

    Attributes:
        sample_rate: Rate of bare PCM16.
        model: The viseme model.
        sets: Viseme sets of the changes and of the weights.
    """

    sample_rate: int
    model: VisemeModel
    sets: VisemeSets


@dataclass(frozen=True, slots=True)
class Upload:
    """The contents of a request.

    Attributes:
        file: The audio, positioned at its start.
        options: The fields besides the audio.
        bare: Whether it may be bare PCM16.
    """

    file: BinaryIO
    options: UploadOptions
    bare: bool = field(default=True)


def body_limit(max_bytes: int) -> int:
    """Return the body limit in bytes for `max_bytes` of audio. Base64 adds a third, line breaks and fields a little."""
    return max_bytes * 3 // 2 + (1 << 16)


async def read_upload(request: Request[Any, Any, Any], *, max_bytes: int) -> Upload:
    """Read the body of a request.

    Args:
        request: The request; its body must not have been read.
        max_bytes: Most bytes of audio.

    Raises:
        BadRequest: A field is missing or wrong.
        TooLarge: The audio is too large.
        ClientGone: The client closed the connection.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # The query is checked for every kind of body, so that invalid parameters are always reported.
    options = _query(request)
    try:
        if kind == "multipart/form-data":
            return await _form(request, max_bytes)
        if kind.startswith("audio/"):
            file = await read_file(request, max_bytes=max_bytes)
            return Upload(file, options, bare=kind in _BARE_TYPES)
        return await _json(request, max_bytes)
    except RequestEntityTooLarge:
        raise _too_large(max_bytes) from None


def _query(request: Request[Any, Any, Any]) -> UploadOptions:
    fields = request.query_params
    for name in sorted(FIELDS):
        if len(fields.getall(name, [])) > 1:
            raise invalid(name, "is given twice")
    return _options(fields)


async def read_file(request: Request[Any, Any, Any], *, max_bytes: int) -> BinaryIO:
    """Read a body that is the audio file itself.

    Args:
        request: The request; its body must not have been read.
        max_bytes: Most bytes of audio.

    Returns:
        The audio, positioned at its start.

    Raises:
        TooLarge: The audio is too large.
        ClientGone: The client closed the connection.
    """
    with ExitStack() as unless_done:
        file = unless_done.enter_context(_temporary())
        size = 0
        try:
            async for piece in _pieces(request):
                size += len(piece)
                if size > max_bytes:
                    raise _too_large(max_bytes)
                file.write(piece)
        except RequestEntityTooLarge:
            raise _too_large(max_bytes) from None
        file.seek(0)
        unless_done.pop_all()
    return file


async def _form(request: Request[Any, Any, Any], max_bytes: int) -> Upload:
    with ExitStack() as unless_done:
        file = unless_done.enter_context(_temporary())
        size = 0
        try:
            reader = FormReader(request.content_type[1].get("boundary", ""))
            async for piece in _pieces(request):
                data = reader.feed(piece)
                size += len(data)
                if size > max_bytes:
                    raise _too_large(max_bytes)
                file.write(data)
            reader.finish()
        except ValueError as error:
            raise invalid("audio", f"the form cannot be read: {error}") from None
        _check_found(reader.found, "send the file in a field of this name")
        options = _options(reader.fields)
        file.seek(0)
        unless_done.pop_all()
    return Upload(file, options)


async def _json(request: Request[Any, Any, Any], max_bytes: int) -> Upload:
    reader, decoder = JsonAudioReader(), Base64Reader()
    with ExitStack() as unless_done:
        file = unless_done.enter_context(_temporary())
        size = 0
        async for piece in _pieces(request):
            data = _decoded(reader, decoder, piece)
            size += len(data)
            if size > max_bytes:
                raise _too_large(max_bytes)
            file.write(data)
        options = _options(_fields(reader))
        try:
            decoder.finish()
        except ValueError:
            raise invalid("audio", decoder.problem) from None
        file.seek(0)
        unless_done.pop_all()
    return Upload(file, options)


def _decoded(reader: JsonAudioReader, decoder: Base64Reader, piece: bytes) -> bytes:
    try:
        return decoder.feed(reader.feed(piece))
    except OtherFieldsTooLongError:
        raise invalid(
            "audio",
            f"the other JSON fields are longer than {MAX_OTHER_BYTES} bytes; send base64 and known fields only",
        ) from None
    except ValueError:
        raise invalid("audio", decoder.problem) from None


def _fields(reader: JsonAudioReader) -> dict[str, Any]:
    try:
        fields = reader.fields()
    except ValueError:
        raise invalid("audio", "the body is neither JSON, nor audio/*, nor a form") from None
    _check_found(reader.found if isinstance(fields, dict) else 0, "send base64 in a field of this name")
    return cast("dict[str, Any]", fields)


def _check_found(found: int, advice: str) -> None:
    if not found:
        raise invalid("audio", f"is missing; {advice}")
    if found > 1:
        raise invalid("audio", "is given twice")


async def _pieces(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            if piece:
                yield piece
    except RequestEntityTooLarge:
        raise
    except HTTPException:
        raise ClientGone("the client disconnected") from None


def _options(fields: Mapping[str, Any]) -> UploadOptions:
    return UploadOptions(_sample_rate(fields), _model(fields), _sets(fields))


def _sets(fields: Mapping[str, Any]) -> VisemeSets:
    try:
        return VisemeSets.read(fields)
    except UnknownSetError as error:
        raise invalid(error.field, error.problem) from None


def _sample_rate(fields: Mapping[str, Any]) -> int:
    value = fields.get("sample_rate", 16000)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:6])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or value not in _RATES:
        raise invalid("sample_rate", f"must be a whole number from {_RATES[0]} to {_RATES[-1]}")
    return value


def _model(fields: Mapping[str, Any]) -> VisemeModel:
    value = fields.get("model", "default")
    if value not in get_args(VisemeModel):
        raise invalid("model", f"must be one of {', '.join(get_args(VisemeModel))}")
    return cast("VisemeModel", value)


def _temporary() -> BinaryIO:
    return cast("BinaryIO", SpooledTemporaryFile(_IN_MEMORY))


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"Invalid audio data: audio: larger than {max_bytes} bytes (MASCOT_MAX_AUDIO_BYTES)")
