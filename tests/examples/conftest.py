from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

# Neither examples/ nor tools/ is a package that one installs.
sys.path.insert(0, str(Path(__file__).parents[2]))


def pytest_configure(config: pytest.Config) -> None:
    for warning in (
        # The ElevenLabs SDK imports names that websockets has deprecated.
        "websockets.legacy is deprecated",
        "websockets.WebSocketClientProtocol is deprecated",
        # What Google's SDK says of the making of tokens.
        "The SDK's token creation implementation is experimental",
        # It derives from a class of aiohttp where that is installed.
        "Inheritance class AiohttpClientSession",
        # Pipecat's own classes derive from some that it has deprecated.
        r"`\w+TTSService` is deprecated since",
        # Pipecat imports it on Python 3.12 and older.
        "'audioop' is deprecated",
    ):
        config.addinivalue_line("filterwarnings", f"ignore:{warning}")
