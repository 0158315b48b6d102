"""The server of the simulators: all providers on one port. A thin I/O layer over the conversations."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from mascot_server.providers.registry import PROVIDERS
from mascot_server.simulators.cartesia import CartesiaSimulator
from mascot_server.simulators.core.answers import Answer, Request
from mascot_server.simulators.core.conversation import Close, Conversation, Frame, Pacing
from mascot_server.simulators.core.provider import Setup
from mascot_server.simulators.core.voice import LANGUAGES
from mascot_server.simulators.posts import EitherConnection, Posts

if TYPE_CHECKING:
    import ssl as tls
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from websockets.http11 import Request as UpgradeRequest
    from websockets.http11 import Response

    from mascot_server.simulators.core.sound import Encoding
    from mascot_server.simulators.core.synthesis import Spoken
    from mascot_server.simulators.core.voice import Language

_LARGEST_MESSAGE = 4 * 2**20
_SUBPROTOCOLS = tuple(provider.subprotocol for provider in PROVIDERS.values() if provider.subprotocol)

_NOT_FOUND = Answer(HTTPStatus.NOT_FOUND, {"detail": "Not Found"})

# The library logs headers and messages, with keys and audio, at DEBUG, and logs every HTTP response as a rejected
# connection at INFO.
_log = logging.getLogger("mascot_server.simulators.sockets")


@dataclass(frozen=True, slots=True)
class AudioSent:
    """An audio message that a simulator is about to send.

    Attributes:
        provider: name of the provider.
        conversation: number of the connection, from 0, over all three providers.
        index: number of the audio message within its connection, from 0.
        time: ``time.monotonic()`` just before it is sent.
        pcm: the audio as sent, decoded from base64.
        sample_rate: its rate in Hz.
        encoding: ``pcm16``, ``mulaw`` or ``alaw``.
        words: the words that begin in it.
    """

    provider: str
    conversation: int
    index: int
    time: float
    pcm: bytes
    sample_rate: int
    encoding: Encoding
    words: tuple[str, ...]


class Simulators:
    """ElevenLabs, OpenAI Realtime, Gemini Live and Cartesia on one port, for as long as its ``async with`` lasts.

    Args:
        host: address to listen on.
        port: Port to listen on; 0 selects a free port.
        ssl: serve over TLS with this context.
        on_audio: called with every `AudioSent`, from the event loop.
        burst: how many times faster than real time audio is sent; ``math.inf`` for all at once.
        playback: how many times faster than real time the audio is assumed to be played. It determines until when
            users can interrupt, and when Gemini reports a turn as complete.
        beta: whether OpenAI still speaks its beta API, to any model.
        signature_lifetime: seconds for which ElevenLabs' signed URLs can be dialled.
        language: language of the agents, ``en`` or ``id`` (Indonesian).
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: tls.SSLContext | None = None,
        on_audio: Callable[[AudioSent], None] | None = None,
        burst: float = 8.0,
        playback: float = 1.0,
        beta: bool = False,
        signature_lifetime: float = 900.0,
        language: Language = "en",
    ) -> None:
        for name, value in (("burst", burst), ("playback", playback)):
            if not value > 0:
                raise ValueError(f"{name} must be greater than 0, not {value}")
        if language not in LANGUAGES:
            raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}")
        self.host = host
        self._wanted_port = port
        self._ssl = ssl
        self._on_audio = on_audio
        setup = Setup(Pacing(burst, playback), beta, signature_lifetime, language)
        self._parts = [
            *(provider.simulator(setup) for provider in PROVIDERS.values()),
            CartesiaSimulator(setup),
        ]
        self._posts = Posts(self._post, burst)
        self._numbers = itertools.count()
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """The port in use.

        Raises:
            RuntimeError: the simulators are not running.
        """
        if self._server is None:
            raise RuntimeError("the simulators are not running: use them in an `async with`")
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    @property
    def origin(self) -> str:
        """The http(s) origin of all simulated providers, such as ``http://127.0.0.1:9100``."""
        scheme = "http" if self._ssl is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        # Not at import, because the logging configuration of the package resets its child loggers.
        _log.setLevel(logging.WARNING)

        class Connection(EitherConnection):
            posts = self._posts

        self._server = await serve(
            self._converse,
            self.host,
            self._wanted_port,
            ssl=self._ssl,
            process_request=self._process_request,
            select_subprotocol=_select_subprotocol,
            create_connection=Connection,
            compression=None,
            max_size=_LARGEST_MESSAGE,
            server_header=None,
            logger=_log,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
            self._posts.close()
            await self._server.wait_closed()
            self._server = None

    def _admit(self, request: UpgradeRequest) -> Answer | Conversation:
        headers = {name.lower(): ", ".join(request.headers.get_all(name)) for name in request.headers}
        asked = Request(request.path, headers, secure=self._ssl is not None)
        now = time.monotonic()
        found = (part.get(asked, now) for part in self._parts)
        return next((answer for answer in found if answer is not None), _NOT_FOUND)

    def _process_request(self, connection: ServerConnection, request: UpgradeRequest) -> Response | None:
        admitted = self._admit(request)
        if not isinstance(admitted, Answer):
            return None
        response = connection.respond(admitted.status, json.dumps(admitted.body))
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/json"
        return response

    def _post(self, target: str, headers: Mapping[str, str], body: bytes) -> Answer | Spoken:
        asked = Request(target, headers, secure=self._ssl is not None)
        found = (part.post(asked, body) for part in self._parts)
        return next((answer for answer in found if answer is not None), _NOT_FOUND)

    async def _converse(self, connection: ServerConnection) -> None:
        assert connection.request is not None  # noqa: S101 - the handshake is over
        conversation = self._admit(connection.request)
        assert isinstance(conversation, Conversation)  # noqa: S101 - else there was no handshake
        number = next(self._numbers)
        try:
            await self._drive(connection, conversation, number)
        except ConnectionClosed:
            return

    async def _drive(self, connection: ServerConnection, conversation: Conversation, number: int) -> None:
        index = itertools.count()
        conversation.open(time.monotonic())
        while True:
            while (action := conversation.next_action(time.monotonic())) is not None:
                if isinstance(action, Close):
                    await connection.close(action.code, action.reason)
                    return
                self._report(conversation, action, number, index)
                await connection.send(action.message)
            due = conversation.due()
            try:
                async with asyncio.timeout(None if due is None else max(0.0, due - time.monotonic())):
                    message = await connection.recv()
            except TimeoutError:
                continue
            conversation.receive(message, time.monotonic())

    def _report(
        self, conversation: Conversation, frame: Frame, number: int, index: itertools.count[int]
    ) -> None:
        if frame.chunk is None or self._on_audio is None:
            return
        self._on_audio(
            AudioSent(
                provider=conversation.provider,
                conversation=number,
                index=next(index),
                time=time.monotonic(),
                pcm=frame.chunk.data,
                sample_rate=frame.chunk.sample_rate,
                encoding=frame.chunk.encoding,
                words=frame.chunk.words,
            )
        )


def _select_subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Select the subprotocol that the SDKs require; never the one that contains a key."""
    del connection
    return next((Subprotocol(name) for name in _SUBPROTOCOLS if name in offered), None)
