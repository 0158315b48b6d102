"""What engines share that speak in this process: sentence by sentence, in one thread, on one core."""

from __future__ import annotations

import importlib
from asyncio import get_running_loop
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from mascot_server.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

__all__ = ["in_thread", "require", "single_core_session", "taken_in_thread"]

# One for all engines: a second sentence at the same time would only make the first one late.
_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="speech")


def require(module: str, setting: str, extra: str) -> Any:
    """Import a module that an engine needs.

    Raises:
        SettingsError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise SettingsError(f"{setting}: needs {module}: pip install 'mascot-server[{extra}]'") from None


def single_core_session(path: str) -> Any:
    """Return an onnxruntime session that uses one core, so that conversations have the others."""
    onnxruntime = importlib.import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in the thread of these engines."""
    return await get_running_loop().run_in_executor(_worker, partial(function, *arguments))


async def taken_in_thread(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Compute each block in the thread, and only when it is requested."""
    while (block := await in_thread(next, blocks, None)) is not None:
        yield block
