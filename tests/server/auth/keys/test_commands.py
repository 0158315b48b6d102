"""The commands `mascot-server keys …`."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from mascot_server.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from support.redis import RedisServer


@pytest.fixture(params=["sqlite", "redis"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str | None]:
    """Names the store in the environment."""
    names: dict[str, str | None] = {"MASCOT_KEY_STORE": None, "MASCOT_REDIS_URL": None}
    if request.param == "sqlite":
        return names | {"MASCOT_KEY_STORE": str(tmp_path / "keys.db")}
    redis: RedisServer = request.getfixturevalue("redis_server")
    return names | {"MASCOT_REDIS_URL": redis.url}


def run(where: dict[str, str | None], *arguments: str) -> Result:
    return CliRunner().invoke(main, ["keys", *arguments], env=where)


def test_a_key_is_shown_once(where: dict[str, str | None]) -> None:
    made = run(where, "new", "app one")
    assert made.exit_code == 0
    # Only the key is on standard output: `KEY=$(mascot-server keys new app)`.
    assert re.fullmatch(r"mascot_key_[\w-]{43}\n", made.stdout)
    listed = run(where, "list").stdout
    assert "app one" in listed
    assert made.stdout.strip() not in listed
    assert hashlib.sha256(made.stdout.strip().encode()).hexdigest() not in listed


def test_the_list_shows_limits_and_where_a_key_may_be_used(where: dict[str, str | None]) -> None:
    run(where, "new", "free")
    run(
        where, "new", "bound",
        "--requests-per-minute", "60", "--sessions", "5", "--minutes-per-day", "120",
        "--provider", "openai", "--provider", "gemini", "--origin", "https://App.example.com/",
    )  # fmt: skip
    header, *rows = [re.split(r"\s{2,}", line) for line in run(where, "list").stdout.splitlines()]
    assert header == [
        "ID",
        "NAME",
        "CREATED",
        "REQ/MIN",
        "SESSIONS",
        "MIN/DAY",
        "PROVIDERS",
        "ORIGINS",
        "REVOKED",
    ]
    by_name = {row[1]: row[3:] for row in rows}
    assert by_name["free"] == ["-", "-", "-", "all", "any", "-"]
    assert by_name["bound"] == ["60", "5", "120", "openai,gemini", "https://app.example.com", "-"]


def test_a_key_is_revoked_by_its_id(where: dict[str, str | None]) -> None:
    made = run(where, "new", "app")
    key_id = made.stderr.partition(":")[0]
    assert made.stdout.strip() not in made.stderr
    revoked = run(where, "revoke", key_id)
    assert revoked.exit_code == 0
    assert "within 2 s" in revoked.stderr
    assert re.search(r"\d{4}-\d{2}-\d{2}$", run(where, "list").stdout.splitlines()[-1])


def test_an_unknown_id_is_told(where: dict[str, str | None]) -> None:
    result = run(where, "revoke", "key-none")
    assert (result.exit_code, result.stderr) == (
        2,
        "no key has the ID 'key-none'; run `mascot-server keys list` to see all IDs\n",
    )


def test_an_empty_store_is_told(where: dict[str, str | None]) -> None:
    assert run(where, "list").stderr == "no keys\n"


@pytest.mark.parametrize(
    "arguments",
    [("--sessions", "0"), ("--provider", "cartesia"), ("--origin", "app.example.com"), ("--origin", "*")],
)
def test_what_makes_no_sense_is_refused(where: dict[str, str | None], arguments: tuple[str, str]) -> None:
    result = run(where, "new", "app", *arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.stderr


def test_without_a_store_the_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run({"MASCOT_KEY_STORE": None, "MASCOT_REDIS_URL": None}, "list")
    assert result.exit_code == 2
    assert result.stderr.startswith("MASCOT_KEY_STORE: missing")


def test_a_store_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    result = run({"MASCOT_KEY_STORE": str(tmp_path / "no" / "keys.db")}, "new", "app")
    assert result.exit_code == 2
    assert "keys.db" in result.stderr
    assert result.stdout == ""
