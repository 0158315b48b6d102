"""Name the pip line when a provider's SDK is not installed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mascot_client.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def needs(extra: str, package: str) -> Iterator[None]:
    """Run imports of ``package``, which the extra ``extra`` installs.

    Raises:
        MissingExtraError: ``package`` or a part of it is not there. An SDK that misses a package of its own
            keeps its own error.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        # `import google.genai` fails on `google` where no google package is installed at all.
        missing = f"{error.name}."
        if missing.startswith(f"{package}.") or package.startswith(missing):
            raise MissingExtraError(extra) from error
        raise
