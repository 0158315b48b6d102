"""A progress bar for long files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mascot_visemes.errors import MissingExtraError
from mascot_visemes.extras import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from mascot_visemes.reading import Recording

LONG_SECONDS = 60
_FORMAT = "{percentage:3.0f} % {bar} {n_fmt} of {total_fmt} s, {remaining} to go"


def shown(recording: Recording) -> Iterator[NDArray[np.float32]]:
    """Yield the blocks of a recording and show a progress bar on stderr.

    There is no progress bar if the recording is short, stderr is not a terminal, or tqdm is not installed.
    """
    if not sys.stderr.isatty() or (recording.seconds or 0) < LONG_SECONDS:
        yield from recording.blocks
        return
    try:
        tqdm = require("tqdm", "the progress bar").tqdm
    except MissingExtraError:
        yield from recording.blocks
        return
    with tqdm(total=round(recording.seconds or 0), bar_format=_FORMAT, file=sys.stderr) as bar:
        samples = 0
        for block in recording.blocks:
            yield block
            samples += len(block)
            bar.update(samples // recording.rate - bar.n)
