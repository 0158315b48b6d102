"""The processes of ``mascot-server serve``: one server, or several workers on one port and their supervisor."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from mascot_server.app import create_app
from mascot_server.auth.stores import open_counters, open_key_store
from mascot_server.errors import SettingsError
from mascot_server.observability.logs import configure_logging, log_uncaught
from mascot_server.observability.prometheus import Worker, gather, serve_metrics
from mascot_server.process.native_packages import cannot_load, works_without
from mascot_server.process.restarts import FIRST_SECONDS, Restarts
from mascot_server.process.server import Server, bind, server_config
from mascot_server.process.tls import tls_options

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from multiprocessing.context import SpawnProcess
    from types import FrameType

    from mascot_server.playground import Playground
    from mascot_server.settings import Settings

__all__ = ["serve"]

logger = logging.getLogger(__name__)

_CUT_SHORT: Final = 1
"""Exit status of a server that a second signal stopped while conversations were running."""

_WRONG_SETTINGS: Final = 2
"""Exit status of a server that cannot start. It is not restarted, because it would fail again."""

_LOOK_SECONDS: Final = 0.5
"""How often to check for signals while no worker is running (the end of a worker also ends the wait)."""

# The parent has threads and open files that a copy of it would inherit.
_spawning: Final = multiprocessing.get_context("spawn")


def serve(
    settings: Settings, *, dev: bool, announce: Callable[[str], None], playground: Playground | None = None
) -> int:
    """Serve until a signal arrives, then shut down gracefully.

    Args:
        settings: Contain the host, the port and the number of processes.
        dev: See ``create_app``.
        announce: Called with the origin when the server accepts connections.
        playground: See ``create_app``. It is served by one process.

    Returns:
        The exit status.

    Raises:
        SettingsError: The server cannot start with these settings, or with the packages that are installed.
    """
    log_uncaught()
    if settings.workers == 1 or playground is not None:
        return _serve_alone(settings, dev, announce, playground)
    return _serve_by_workers(settings, dev, announce)


def _serve_alone(
    settings: Settings,
    dev: bool,  # noqa: FBT001 - private
    announce: Callable[[str], None],
    playground: Playground | None,
) -> int:
    _check_packages()
    worker = Worker()
    app = create_app(settings, dev=dev, worker=worker, playground=playground)
    config = server_config(app, settings)
    listener = bind(settings.host, settings.port)
    if _is_address(settings.metrics):
        serve_metrics(settings.metrics, lambda: worker.gather(app.state.metrics))
    announce(_origin(settings, listener))
    server = Server(config, app.state.drain)
    _on_hangup(app.state.drain.begin)
    server.run(sockets=[listener])
    return _CUT_SHORT if server.cut_short else 0


def _serve_by_workers(settings: Settings, dev: bool, announce: Callable[[str], None]) -> int:  # noqa: FBT001 - private
    if not dev:
        settings.check_safe()
    tls_options(settings)
    # Resources that workers could not open are reported here, once and before the port is announced.
    open_key_store(settings)
    open_counters(settings)
    if settings.redis_url is None and (settings.key_store is not None or settings.single_use_tokens):
        logger.warning(
            "MASCOT_REDIS_URL: not set, so each of the %d workers counts separately: a key may use its limits once per "
            "worker, and so may a single-use token", settings.workers,
        )  # fmt: skip
    listeners = _listeners(settings)
    with TemporaryDirectory(prefix="mascot-server-") as name:
        folder = Path(name)
        if _is_address(settings.metrics):
            serve_metrics(settings.metrics, lambda: gather(folder))
        announce(_origin(settings, listeners[0]))
        return _Supervisor(settings, listeners, folder, dev=dev).run()


def _check_packages() -> None:
    """Load the packages with native code in this process, which needs them in any case.

    Raises:
        SettingsError: A package does not load; the text names each one and the fix.
    """
    if problems := cannot_load():
        raise SettingsError("\n".join(problems))
    for problem in works_without():
        logger.warning("%s", problem)


def _is_address(metrics: str) -> bool:
    return metrics not in {"on", "off"}


def _origin(settings: Settings, listener: socket.socket) -> str:
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{listener.getsockname()[1]}"


def _listeners(settings: Settings) -> list[socket.socket]:
    """Return one listening socket for each worker, all on one port.

    On Linux the kernel distributes connections evenly. On other systems all workers share one socket, and the first one
    that is ready accepts a connection.
    """
    # The first socket is not shared, so that a port of another server is reported as in use.
    first = bind(settings.host, settings.port)
    if sys.platform != "linux":
        return [first] * settings.workers
    port = first.getsockname()[1]
    first.close()
    return [bind(settings.host, port, shared=True) for _ in range(settings.workers)]


class _Supervisor:
    """Starts the workers, restarts those that crash, and forwards signals.

    The first signal is forwarded as SIGTERM, the second one as SIGUSR1. SIGHUP also starts a graceful shutdown, but
    never counts as the second signal, because a terminal that is closed may send it twice.
    """

    def __init__(
        self, settings: Settings, listeners: list[socket.socket], folder: Path, *, dev: bool
    ) -> None:
        self._settings = settings
        self._listeners = listeners
        self._port = listeners[0].getsockname()[1]
        self._folder = folder
        self._dev = dev
        self._workers: dict[int, SpawnProcess] = {}
        self._started: dict[int, float] = {}
        self._restarts = [Restarts() for _ in listeners]
        self._due: dict[int, float] = {}
        self._signals = 0
        self._status = 0

    def run(self) -> int:
        """Return the exit status when all workers have ended."""
        for sig in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sig, self._pass_on)
        _on_hangup(lambda: None if self._signals else self._tell_all())
        for number in range(len(self._listeners)):
            self._start(number)
        while self._workers or (self._due and not self._signals):
            wait([process.sentinel for process in self._workers.values()], self._patience())
            for number, process in tuple(self._workers.items()):
                if process.exitcode is not None:
                    self._ended(number, process.exitcode)
            self._start_due()
        return self._status

    def _patience(self) -> float | None:
        """Return how long to wait for a worker to end; `None` for as long as it takes."""
        if self._signals or not self._due:
            return None
        left = max(0.0, min(self._due.values()) - time.monotonic())
        # A signal ends the workers, which ends the wait. Without workers it must be looked for.
        return left if self._workers else min(left, _LOOK_SECONDS)

    def _start_due(self) -> None:
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now and not self._signals]:
            del self._due[number]
            self._start(number)

    def _start(self, number: int) -> None:
        if self._listeners[number].fileno() < 0:
            self._listeners[number] = bind(self._settings.host, self._port, shared=True)
        process = _spawning.Process(
            target=_work,
            args=(self._settings, self._dev, Worker(number, self._folder), self._listeners[number]),
            name=f"worker {number}",
        )
        process.start()
        self._workers[number] = process
        self._started[number] = time.monotonic()
        if self._signals:
            # The signal came while this worker was being started.
            process.terminate()

    def _ended(self, number: int, status: int) -> None:
        del self._workers[number]
        Worker(number, self._folder).forget()
        if self._signals:
            # A worker that was stopped before it handled signals was not serving yet.
            stopped_early = status in {-signal.SIGTERM, -signal.SIGUSR1}
            self._status = max(self._status, 0 if stopped_early else abs(status))
        elif status == _WRONG_SETTINGS:
            # The worker has reported why. The others would fail in the same way.
            self._status = _WRONG_SETTINGS
            self._tell_all()
        else:
            self._restart_later(number, status)

    def _restart_later(self, number: int, status: int) -> None:
        now = time.monotonic()
        delay = self._restarts[number].delay(now - self._started[number])
        self._due[number] = now + delay
        logger.error(
            "worker %d ended with status %d; restarting it in %g s", number, status, delay,
            extra={"worker": number, "status": status, "restart_seconds": delay},
        )  # fmt: skip
        if delay > FIRST_SECONDS and sys.platform == "linux":
            # Otherwise the kernel would still assign connections to this socket, and nothing would accept them.
            self._listeners[number].close()

    def _pass_on(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's
        self._tell_all()

    def _tell_all(self) -> None:
        self._signals += 1
        # The workers keep their own copies. Without the copies of the parent, the port is free when the workers end.
        for listener in self._listeners:
            listener.close()
        for process in self._workers.values():
            if process.pid is not None and process.exitcode is None:
                os.kill(process.pid, signal.SIGTERM if self._signals == 1 else signal.SIGUSR1)


def _on_hangup(handler: Callable[[], None]) -> None:
    """Handle SIGHUP, if the platform has it and it is not ignored (as with nohup)."""
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: handler())


def _work(settings: Settings, dev: bool, worker: Worker, listener: socket.socket) -> None:  # noqa: FBT001 - private
    """Run a worker until it exits."""
    # A terminal sends SIGINT to the parent and to the worker. Before the worker serves, there is nothing to drain.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # SIGHUP is sent to both as well; the parent starts the drain of the worker.
    _on_hangup(lambda: None)
    configure_logging(settings.log_format, settings.log_level, secrets=[settings])
    log_uncaught()
    try:
        _check_packages()
        app = create_app(settings, dev=dev, worker=worker)
        config = server_config(app, settings)
    except SettingsError as error:
        logger.critical("%s", error)
        sys.exit(_WRONG_SETTINGS)
    # Not `getppid`: if the parent has ended, it returns the process that adopted its children.
    parent = multiprocessing.parent_process()
    server = Server(config, app.state.drain, parent=None if parent is None else parent.pid)
    signal.signal(signal.SIGUSR1, lambda *_: server.end_at_once())
    server.run(sockets=[listener])
    sys.exit(_CUT_SHORT if server.cut_short else 0)
