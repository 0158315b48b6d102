"""Products of matrices that stay on the caller's thread.

OpenBLAS, which numpy's wheels bring, shares a product out to threads of its own once it is worth it to itself; who
predicts in many threads, or beside something else, has not asked for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Multiplications up to which OpenBLAS uses one thread: SMP_THRESHOLD_MIN * GEMM_MULTITHREAD_THRESHOLD in its sources.
_ONE_THREAD = 2**18


def product(left: Floats, right: Floats, out: Floats | None = None) -> Floats:
    """``left @ right``, in blocks of rows.

    The rows of each of several left sides are multiplied apart from the others', so what comes out is the same, to the
    bit, with any others beside them.

    Args:
        left: Shape (..., rows, n).
        right: Shape (n, columns).
        out: Where the product goes, shape (..., rows, columns); a new array if not given.
    """
    step = _ONE_THREAD // right.size
    if left.shape[-2] <= step:
        return np.matmul(left, right, out=out)
    if out is None:
        out = np.empty((*left.shape[:-1], right.shape[1]), np.float32)
    for start in range(0, left.shape[-2], step):
        rows = slice(start, start + step)
        np.matmul(left[..., rows, :], right, out=out[..., rows, :])
    return out
