"""The logger of the plugin."""

import logging

logger = logging.getLogger("livekit.plugins.mascot")
