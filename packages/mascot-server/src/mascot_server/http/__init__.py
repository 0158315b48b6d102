"""The HTTP API: signed URLs, REST endpoints, health checks, API documents."""
