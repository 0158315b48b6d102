"""Runs predictions beside the event loop, in order, and gives up waiting when the audio has to go on."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from mascot_server.session import Prediction

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from mascot_server.observe import Counters
    from mascot_server.session import VisemeStream

__all__ = ["Scheduler"]

logger = logging.getLogger(__name__)

_MAX_PENDING: Final = 1024
"""Jobs that may wait.

Late jobs are still run, to keep their streams in step, so an overload must not pile them up without end.
"""


class Scheduler:
    """One worker thread for the audio of all sessions.

    One thread keeps the audio of each stream in order without a lock, and the model is meant to run on one
    core.

    Args:
        budget_ms: How long audio may be held for its visemes.
        counters: Where late and failed predictions are counted.
    """

    def __init__(self, *, budget_ms: float, counters: Counters) -> None:
        self._budget = budget_ms / 1000
        self._counters = counters
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="visemes")
        self._pending = 0

    async def predict(self, stream: VisemeStream, data: bytes) -> Prediction | None:
        """Predicts the next audio of a stream.

        A prediction that comes too late is dropped, but its audio still reaches the stream.

        Returns:
            The prediction, or `None` if it failed or did not come within the budget.
        """
        if self._pending >= _MAX_PENDING:
            self._counters.add("chunks_late")
            return None
        job = asyncio.get_running_loop().run_in_executor(self._worker, Prediction.of, stream, data)
        self._pending += 1
        job.add_done_callback(self._finished)
        done, _ = await asyncio.wait((job,), timeout=self._budget)
        if not done:
            self._counters.add("chunks_late")
            return None
        return None if job.cancelled() or job.exception() else job.result()

    def _finished(self, job: asyncio.Future[Prediction]) -> None:
        self._pending -= 1
        if not job.cancelled() and (error := job.exception()):
            self._counters.add("chunks_failed")
            logger.error("viseme prediction failed", exc_info=error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)
