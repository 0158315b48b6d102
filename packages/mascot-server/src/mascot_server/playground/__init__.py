"""The playground: a page that talks to each provider and shows a face, for `mascot-server demo`."""

from mascot_server.playground.playground import Playground
from mascot_server.playground.routes import PAGE
from mascot_server.playground.settings import DemoSettings, load_demo_settings

__all__ = ["PAGE", "DemoSettings", "Playground", "load_demo_settings"]
