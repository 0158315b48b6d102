"""Logs of the server process, as lines to read or as JSON, neither with a secret in it."""

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
    "color_message",  # uvicorn's: the message again, for a terminal
}
"""What every record has; whatever else it has was given as `extra`."""

_OWN: Final = ("mascot_server", "mascot_visemes", "mascot_client")
"""The only loggers that `debug` is for: what libraries log below INFO are headers and messages."""

_QUIET: Final = ("httpcore", "httpx", "websockets", "asyncio")
"""Libraries that log URLs or headers at INFO, too."""

_LITERAL: Final = re.compile(r"""b?'(?:[^'\\]|\\.)*'|b?"(?:[^"\\]|\\.)*\"""")
"""Text or bytes, as Python shows them."""


class ConsoleFormatter(logging.Formatter):
    """A line to read, without secrets in message or traceback."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text without secrets."""
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line.

    Its members are `time` (UTC), `level`, `logger`, `message`, `process` (id), what was given as `extra`, and
    `exception` where there is one.
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
        """Add what all messages of a conversation have."""
        extra = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return self._prefix + msg, {**kwargs, "extra": extra}


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to stderr; of a record that cannot be formatted it shows no arguments, as `logging` would."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name of `logging`
        """Write one line about the record that is lost."""
        kind = sys.exc_info()[0]
        # The stream may be closed.
        with suppress(OSError, ValueError):
            self.stream.write(
                f"a log record of {record.name} was lost: {kind.__name__ if kind else 'unknown error'}\n"
            )


class _WebServerLog(logging.Filter):
    """Filters what the web server logs of sockets: no tokens, no headers, no messages.

    A refused handshake, which it calls an error, was answered in full; a prober would fill the log with it.
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
    """Filters what the event loop logs of callbacks that failed or were slow: not what they were called with.

    Those are often the bytes that came from the network.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _LITERAL.sub("'…'", record.getMessage()), None
        return True


_web_server_log: Final = _WebServerLog()
_event_loop_log: Final = _EventLoopLog()


def filter_web_server_log() -> None:
    """Filter the logs of uvicorn and of the event loop, also in an application that set up logging its own way."""
    logging.getLogger("uvicorn.error").addFilter(_web_server_log)
    logging.getLogger("asyncio").addFilter(_event_loop_log)


def log_uncaught() -> None:
    """Log warnings and uncaught exceptions of this process, which Python would print as they are, secrets and all."""
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
        log_format: Lines to read, or JSON.
        level: Lowest level that is logged. `debug` is for the loggers of this project; other libraries stay at INFO,
            and those that log URLs or headers there at WARNING.
        secrets: Settings whose secrets are blanked out wherever they occur.
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
