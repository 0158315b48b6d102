"""REST endpoints: visemes of a recording, speech synthesis with visemes, and the list of voices."""

from mascot_server.http.rest.api import Rest

__all__ = ["Rest"]
