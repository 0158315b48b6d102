"""What several processes say of limits that each of them counts by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.processes import serve_process

if TYPE_CHECKING:
    from pathlib import Path

    from support.servers import Providers


def test_workers_without_a_shared_ledger_say_so(providers: Providers, tmp_path: Path) -> None:
    store = str(tmp_path / "keys.db")
    with serve_process(tmp_path, providers.origin, "--workers", "2", key_store=store) as server:
        server.process.terminate()
        assert server.process.wait(30) == 0
        assert "MASCOT_REDIS_URL: not set, so each of the 2 workers counts by itself" in server.logged()
