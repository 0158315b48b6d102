"""Processes that train one network together, each on its own examples.

After every batch their gradients are averaged, so all take the same step and have the same weights: a batch of four
processes is one that is four times as large. On a processor without a GPU they use more cores than torch's threads do
in the steps of a GRU layer, each of which has to wait for the one before.
"""

from __future__ import annotations

import os
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import distributed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@contextmanager
def together(processes: int, meeting: Path) -> Iterator[int]:
    """Go on in `processes` processes; yields the number of each, from 0. Only process 0 leaves the block.

    Args:
        processes: How many.
        meeting: A file by which they find each other; removed at the end.
    """
    if processes == 1:
        yield 0
        return
    meeting.unlink(missing_ok=True)
    number = next((number for number in range(1, processes) if os.fork() == 0), 0)
    if number:
        os.setsid()
    try:
        store = distributed.FileStore(str(meeting), processes)
        distributed.init_process_group("gloo", store=store, rank=number, world_size=processes)
        # None leaves before all have met.
        distributed.barrier()
        yield number
        distributed.barrier()
        distributed.destroy_process_group()
    except Exception:
        if not number:
            raise
        traceback.print_exc()
    finally:
        if number:
            os._exit(0)
        meeting.unlink(missing_ok=True)


def average(parameters: Iterable[torch.Tensor], progress: float) -> float:
    """Average the gradients of all processes, and how far each has got, which is returned."""
    if not distributed.is_initialized():
        return progress
    gradients = [p.grad for p in parameters if p.grad is not None]
    whole = torch.cat([*(gradient.flatten() for gradient in gradients), torch.tensor([progress])])
    distributed.all_reduce(whole)
    whole /= distributed.get_world_size()
    for gradient, mean in zip(gradients, whole[:-1].split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))
    return float(whole[-1])
