"""Networks as the package runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mascot_visemes.network import Network

if TYPE_CHECKING:
    from pathlib import Path


def loaded(path: Path) -> Network:
    """Return the network of an ONNX file and the card beside it."""
    return Network(path.stem, path.read_bytes(), path.with_suffix(".json").read_text("utf-8"))
