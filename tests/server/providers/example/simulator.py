"""A simulated example: it answers each text, and stops when the next one comes."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from mascot_server.simulators.core.answers import Answer, Request, same
from mascot_server.simulators.core.conversation import Conversation, Event, Turn
from mascot_server.simulators.core.voice import answer, chunks
from mascot_server.simulators.core.wire import read_object, write_base64

from .agent import SIMULATED_KEY

if TYPE_CHECKING:
    from mascot_server.simulators.core.provider import Setup

_RATE: Final = 24000


class ExampleSimulator:
    """Which requests are answered, and how."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def get(self, request: Request, now: float) -> Answer | Conversation | None:  # noqa: ARG002
        """Begin a conversation."""
        if request.path != "/example":
            return None
        if not same(request.header("x-example-key"), SIMULATED_KEY):
            return Answer(HTTPStatus.UNAUTHORIZED, {"error": "unknown key"})
        return ExampleConversation(self._setup, request.query("room"))

    def post(self, request: Request, body: bytes) -> None:
        """Answer nothing."""


class ExampleConversation(Conversation):
    """One conversation."""

    provider = "example"

    def __init__(self, setup: Setup, room: str) -> None:
        super().__init__(setup.pacing, setup.language)
        self._room = room
        self._turns = 0

    def open(self, now: float) -> None:  # noqa: ARG002
        """Say which room it is, and at which rate the agent speaks."""
        self.send({"type": "ready", "rate": _RATE, "room": self._room})

    def receive(self, message: str | bytes, now: float) -> None:
        """Answer a text."""
        try:
            event = read_object(message)
        except ValueError as error:
            self.end(1007, str(error))
            return
        if event.get("type") not in {"say", "stop"}:
            self.end(1008, "unknown type")
            return
        if self.speaking(now):
            self.drop_scheduled()
            self.turn = None
            self.send({"type": "stop"})
        if event["type"] == "say":
            self._speak(now)

    def encode(self, event: Event) -> str:
        """Write an event as JSON."""
        return json.dumps(event)

    def _speak(self, now: float) -> None:
        reply = answer(self._turns, self.language)
        self._turns += 1
        self.turn = Turn(reply, now)
        self.send({"type": "text", "text": reply.text})
        for chunk in chunks(reply, _RATE, "pcm16"):
            at = self.sending_time(chunk.start_ms)
            self.schedule(at, {"type": "audio", "data": write_base64(chunk.data)}, chunk)
        self.schedule(self.sending_time(reply.duration_ms), {"type": "end"})
