"""Errors of the simulated ElevenLabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mascot_server.simulators.core.answers import Answer

if TYPE_CHECKING:
    from http import HTTPStatus

__all__ = ["elevenlabs_error"]


def elevenlabs_error(status: HTTPStatus, code: str, message: str) -> Answer:
    """Return an error as ElevenLabs' HTTP API writes it."""
    return Answer(status, {"detail": {"status": code, "message": message}})
