"""The sockets: WebSocket framing, the app's and the provider's connection, early rejection."""
