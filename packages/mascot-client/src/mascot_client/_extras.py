"""Raise an error with the pip command if an optional package is not installed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mascot_client.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def needs(extra: str, package: str) -> Iterator[None]:
    """Run the imports of ``package``, which the extra ``extra`` installs.

    Raises:
        MissingExtraError: ``package`` or a part of it is not installed. If a dependency of the package is missing,
            the original error is raised.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        # `import google.genai` fails on `google` if no google package is installed.
        missing = f"{error.name}."
        if missing.startswith(f"{package}.") or package.startswith(missing):
            raise MissingExtraError(extra) from error
        raise
