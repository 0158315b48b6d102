"""Logs of the server process, as lines to read or as JSON, neither with a secret in it."""

from __future__ import annotations

import json
import logging
import logging.config
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from mascot_server.redaction import redact

if TYPE_CHECKING:
    from collections.abc import MutableMapping

__all__ = ["ConsoleFormatter", "JsonFormatter", "SessionLog", "configure_logging", "filter_web_server_log"]

LogFormat = Literal["console", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

_STANDARD_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",  # uvicorn's: the message again, for a terminal
}
"""What every record has; whatever else it has was given as `extra`."""

_QUIET: Final = ("httpcore", "httpx", "websockets", "asyncio")
"""Libraries that would log URLs or headers below WARNING."""


class ConsoleFormatter(logging.Formatter):
    """A line to read, without secrets in message or traceback."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Returns the record's text without secrets."""
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line.

    Its members are `time` (UTC), `level`, `logger`, `message`, `process` (id), what was given as `extra`, and
    `exception` where there is one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Returns the record as JSON without secrets."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        fields |= {name: value for name, value in vars(record).items() if name not in _STANDARD_FIELDS}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = self.formatStack(record.stack_info)
        # Before the text is quoted: a pattern could stop short at, or eat, a quotation mark of JSON.
        return json.dumps({name: _clean(value) for name, value in fields.items()}, ensure_ascii=False)


def _clean(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float)) else redact(str(value))


class SessionLog(logging.LoggerAdapter[logging.Logger]):
    """The log of one conversation: its id stands before every message, id and provider among its fields.

    Args:
        logger: Where to.
        session: Id of the conversation.
        provider: Name of its provider.
    """

    def __init__(self, logger: logging.Logger, *, session: str, provider: str) -> None:
        super().__init__(logger, {"session": session, "provider": provider})
        self._prefix = f"session {session}: "

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Adds what all messages of a conversation have."""
        extra = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return self._prefix + msg, {**kwargs, "extra": extra}


class _WebServerLog(logging.Filter):
    """What the web server logs of sockets: without their tokens, and without calling a refused handshake an error.

    The latter was answered in full, and a prober would fill the log with it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg == "ASGI callable returned without completing handshake.":
            return False
        record.msg, record.args = redact(record.getMessage()), None
        vars(record).pop("color_message", None)
        return True


_web_server_log: Final = _WebServerLog()


def filter_web_server_log() -> None:
    """Filters uvicorn's log, also in an application that set up logging its own way."""
    logging.getLogger("uvicorn.error").addFilter(_web_server_log)


def configure_logging(log_format: LogFormat = "console", level: LogLevel = "info") -> None:
    """Sets up logging for the server process, to stderr.

    Args:
        log_format: Lines to read, or JSON.
        level: What is logged at least. Libraries that would log URLs or headers stay at WARNING whatever it is.
    """
    formatter = JsonFormatter if log_format == "json" else ConsoleFormatter
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"redacting": {"()": formatter}},
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "redacting",
                    "stream": "ext://sys.stderr",
                }
            },
            "root": {"level": level.upper(), "handlers": ["stderr"]},
            "loggers": {name: {"level": "WARNING" if level != "error" else "ERROR"} for name in _QUIET},
        }
    )
    filter_web_server_log()
