"""The playground of `mascot-server demo`: a web page to talk to each provider, with an animated face."""

from mascot_server.playground.playground import Playground
from mascot_server.playground.routes import PAGE
from mascot_server.playground.settings import DemoSettings, load_demo_settings

__all__ = ["PAGE", "DemoSettings", "Playground", "load_demo_settings"]
