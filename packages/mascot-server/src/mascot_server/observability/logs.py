"""Logs of the server process, as text or JSON, with secrets redacted."""

from __future__ import annotations

import json
import logging
import logging.config
import re
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO

from mascot_server.observability.redaction import conceal, redact

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence
    from types import TracebackType

    from pydantic import BaseModel

__all__ = [
    "ConsoleFormatter",
    "JsonFormatter",
    "SessionLog",
    "configure_logging",
    "filter_web_server_log",
    "log_uncaught",
]

logger = logging.getLogger(__name__)

LogFormat = Literal["console", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

_STANDARD_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",  # set by uvicorn: the message with colours for a terminal
}
"""Attributes of every log record. All other attributes come from `extra`."""

_OWN: Final = ("mascot_server", "mascot_visemes", "mascot_client")
"""The only loggers that `debug` applies to: libraries log headers and messages below INFO."""

_QUIET: Final = ("httpcore", "httpx", "websockets", "asyncio")
"""Libraries that log URLs or headers even at INFO."""

_LITERAL: Final = re.compile(r"""b?'(?:[^'\\]|\\.)*'|b?"(?:[^"\\]|\\.)*\"""")
"""Literals of `str` or `bytes`, as in their `repr`."""


class ConsoleFormatter(logging.Formatter):
    """Formats records as text, with secrets redacted in message and traceback."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text without secrets."""
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """Formats records as one JSON object per line.

    Its fields are `time` (UTC), `level`, `logger`, `message`, `process` (id), the fields of `extra`, and `exception` if
    there is one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON without secrets."""
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
        # Redacted before JSON encoding: a pattern could end early at a quotation mark of JSON, or remove one.
        return json.dumps({name: _clean(value) for name, value in fields.items()}, ensure_ascii=False)


def _clean(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float)) else redact(str(value))


class SessionLog(logging.LoggerAdapter[logging.Logger]):
    """The log of one conversation: adds the id to every message, and id and provider to the fields.

    Args:
        logger: The logger to write to.
        session: Id of the conversation.
        provider: Name of its provider.
    """

    def __init__(self, logger: logging.Logger, *, session: str, provider: str) -> None:
        super().__init__(logger, {"session": session, "provider": provider})
        self._prefix = f"session {session}: "

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the id and the fields of the conversation."""
        extra = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return self._prefix + msg, {**kwargs, "extra": extra}


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to stderr. Unlike `logging`, it does not print the arguments of a record that cannot be formatted."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name of `logging`
        """Write one line about a record that cannot be formatted."""
        kind = sys.exc_info()[0]
        # The stream may be closed.
        with suppress(OSError, ValueError):
            self.stream.write(
                f"a log record of {record.name} was lost: {kind.__name__ if kind else 'unknown error'}\n"
            )


class _WebServerLog(logging.Filter):
    """Filters the web server's log of WebSockets: no tokens, no headers, no messages.

    The web server logs a rejected handshake as an error, although it was answered. Scanners would fill the log with it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if (
            record.levelno < logging.INFO
            or record.msg == "ASGI callable returned without completing handshake."
        ):
            return False
        record.msg, record.args = redact(record.getMessage()), None
        vars(record).pop("color_message", None)
        return True


class _EventLoopLog(logging.Filter):
    """Filters the event loop's log of failed or slow callbacks: their arguments are removed.

    The arguments are often bytes from the network.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _LITERAL.sub("'…'", record.getMessage()), None
        return True


_web_server_log: Final = _WebServerLog()
_event_loop_log: Final = _EventLoopLog()


def filter_web_server_log() -> None:
    """Filter the logs of uvicorn and of the event loop, also in an application with its own logging configuration."""
    logging.getLogger("uvicorn.error").addFilter(_web_server_log)
    logging.getLogger("asyncio").addFilter(_event_loop_log)


def log_uncaught() -> None:
    """Log warnings and uncaught exceptions of this process. Python would print them without redaction of secrets."""
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _log_uncaught(
    kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logger.critical("uncaught exception", exc_info=(kind, error or kind(), traceback))


def configure_logging(
    log_format: LogFormat = "console", level: LogLevel = "info", *, secrets: Sequence[BaseModel] = ()
) -> None:
    """Set up logging for the server process, to stderr.

    Args:
        log_format: Text or JSON.
        level: Lowest level that is logged. `debug` applies to the loggers of this project; other libraries stay at
            INFO, and those that log URLs or headers at INFO stay at WARNING.
        secrets: Settings whose secrets are redacted wherever they occur.
    """
    conceal(*secrets)
    formatter = JsonFormatter if log_format == "json" else ConsoleFormatter
    of_libraries = "INFO" if level == "debug" else level.upper()
    levels = dict.fromkeys(_OWN, level.upper()) | dict.fromkeys(
        _QUIET, "ERROR" if level == "error" else "WARNING"
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"redacting": {"()": formatter}},
            "handlers": {
                "stderr": {"()": _StderrHandler, "formatter": "redacting", "stream": "ext://sys.stderr"}
            },
            "root": {"level": of_libraries, "handlers": ["stderr"]},
            "loggers": {name: {"level": threshold} for name, threshold in levels.items()},
        }
    )
    filter_web_server_log()
