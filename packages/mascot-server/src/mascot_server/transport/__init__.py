"""WebSocket connections: framing, the app's and the provider's socket, early rejection."""
