"""One conversation: routes, session core, relay, back-pressure, timeouts, graceful shutdown."""
