"""Modules that only the command needs, and only for some of what it does."""

from __future__ import annotations

import importlib
from typing import Any

from mascot_visemes.errors import MissingExtraError


def require(module: str, purpose: str) -> Any:
    """Import a module of the extra ``cli``.

    Args:
        module: Its name, dots included.
        purpose: What cannot be done without it, for the error: a subject for "needs".

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:  # OSError: soundfile without its library
        raise MissingExtraError(module.partition(".")[0], purpose) from error
