"""Counters, and logs that hold no secret."""

from __future__ import annotations

import logging
import logging.config
import re
from collections import Counter
from typing import Final, Literal

__all__ = ["Counters", "configure_logging", "filter_web_server_log", "redact"]

CounterName = Literal[
    "sessions",
    "chunks",
    "chunks_undecodable",
    "chunks_late",
    "chunks_failed",
    "upstream_failures",
    "tokens_issued",
]

_SECRET: Final = re.compile(
    r"(?P<name>\b(?:token|key|api_key|access_token|conversation_signature)=)[^&\s\"']+"
    r"|(?P<scheme>\b(?:bearer|token)\s+)[\w.~+/=-]{8,}"
    r"|\b(?:mascot_ephemeral_|auth_tokens/|AIza|eyJ|sk[-_]|ek_)[\w.~+/=-]+",
    re.IGNORECASE,
)
"""Query parameters, header values and key shapes under which secrets reach the log lines of libraries."""


class Counters:
    """Counts of what happened since start. Used from one event loop."""

    def __init__(self) -> None:
        self._counts: Counter[CounterName] = Counter()

    def add(self, name: CounterName, count: int = 1) -> None:
        """Counts something."""
        self._counts[name] += count

    def __getitem__(self, name: CounterName) -> int:
        return self._counts[name]

    def __str__(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in sorted(self._counts.items())) or "nothing"


class _WebServerLog(logging.Filter):
    """What the web server logs of sockets: without their tokens, and without calling a refused handshake an error.

    The latter was answered in full, and a prober would fill the log with it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg == "ASGI callable returned without completing handshake.":
            return False
        record.msg, record.args = redact(record.getMessage()), None
        return True


_web_server_log: Final = _WebServerLog()


def filter_web_server_log() -> None:
    """Filters uvicorn's log, also in an application that set up logging its own way."""
    logging.getLogger("uvicorn.error").addFilter(_web_server_log)


class Redact(logging.Formatter):
    """Formats a record and blanks out whatever looks like a secret, in message and traceback alike."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the record's text without secrets."""
        return redact(super().format(record))


def redact(text: str) -> str:
    """Blanks out whatever looks like a key or a token."""
    return _SECRET.sub(lambda match: f"{match['name'] or match['scheme'] or ''}[redacted]", text)


def configure_logging() -> None:
    """Sets up logging for the server process.

    Libraries that would log URLs or headers at INFO are kept at WARNING.
    """
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "redact": {"()": Redact, "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "redact",
                    "stream": "ext://sys.stderr",
                }
            },
            "root": {"level": "INFO", "handlers": ["stderr"]},
            "loggers": {
                name: {"level": "WARNING"} for name in ("httpcore", "httpx", "websockets", "asyncio")
            },
        }
    )
