"""Counters, and logs that hold no secret."""

from __future__ import annotations

import logging
import logging.config
from typing import TYPE_CHECKING, Any, Final, Literal

from mascot_server.metrics import Metrics
from mascot_server.redaction import redact

if TYPE_CHECKING:
    from mascot_server.metrics import Counter

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


class Counters(Metrics):
    """`Metrics`, for callers that still count by name."""

    def add(self, name: CounterName, count: int = 1) -> None:
        """Counts something."""
        metric, labels = self._by_name(name)
        metric.add(*labels, count=count)

    def __getitem__(self, name: CounterName) -> int:
        metric, labels = self._by_name(name)
        return metric[labels]

    def _by_name(self, name: CounterName) -> tuple[Counter[*tuple[Any, ...]], tuple[str, ...]]:
        if name.startswith("chunks_"):
            return self.chunks_without_visemes, (name.removeprefix("chunks_"),)
        if name == "chunks":
            return self.audio_chunks, ()
        if name == "upstream_failures":
            return self.dial_failures, ("unknown", "unknown")
        return {"sessions": self.sessions, "tokens_issued": self.tokens_issued}[name], ("unknown",)


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
