"""A normal conversation: the results of the hostile suite are invalid if this fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from support.hostile import descriptors, memory_mb

if TYPE_CHECKING:
    from hostile.conftest import Figures
    from support.processes import ServerProcess


def test_a_server_answers(server: ServerProcess, figure: Figures) -> None:
    assert httpx.get(f"{server.origin}/healthz").status_code == 200
    figure("memory at rest", memory_mb(server), "MB", at_most=300)
    figure("descriptors at rest", descriptors(server), at_most=64)
