"""The HTTP API: signed URLs, REST endpoints, health, documents."""
