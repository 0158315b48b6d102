"""Counters, and logs that hold no secret."""

from __future__ import annotations

import logging
import logging.config
import re
from collections import Counter
from typing import Final, Literal

__all__ = ["Counters", "configure_logging", "redact", "redact_web_server"]

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


class NotDenials(logging.Filter):
    """Drops the web server's complaint about sockets that were answered with an HTTP status.

    It is reported as an error, though the answer was complete, and a prober would fill the log with it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Keeps every other record."""
        return record.msg != "ASGI callable returned without completing handshake."


class RedactURLs(logging.Filter):
    """Blanks out the tokens in what the web server logs of each socket, whoever set up logging."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keeps every record, without its secrets."""
        record.msg, record.args = redact(record.getMessage()), None
        return True


_redact_urls: Final = RedactURLs()


def redact_web_server() -> None:
    """Keeps tokens out of uvicorn's log, also in an application that set up logging its own way."""
    logging.getLogger("uvicorn.error").addFilter(_redact_urls)


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
