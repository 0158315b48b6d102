"""The REST endpoints beside get-signed-url: visemes of a recording, speech with visemes, and the voices for it."""

from mascot_server.http.rest.api import Rest

__all__ = ["Rest"]
