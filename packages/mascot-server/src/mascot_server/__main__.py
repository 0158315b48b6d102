"""`python -m mascot_server`: the same as the command `mascot-server`."""

from mascot_server.cli import main

main()
