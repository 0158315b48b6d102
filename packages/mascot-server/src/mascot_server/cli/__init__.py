"""The command `mascot-server`."""

from mascot_server.cli.commands import main

__all__ = ["main"]
