"""Import optional modules, which only some features of the command need."""

from __future__ import annotations

import importlib
from typing import Any

from mascot_visemes.errors import MissingExtraError


def require(module: str, purpose: str) -> Any:
    """Import a module of the extra ``cli``.

    Args:
        module: The full name of the module.
        purpose: The feature that needs the module, for the error: the subject of "needs".

    Raises:
        MissingExtraError: The module is not installed.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:  # OSError: soundfile without its library
        raise MissingExtraError(module.partition(".")[0], purpose) from error
