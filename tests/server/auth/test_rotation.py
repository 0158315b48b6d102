"""A secret is replaced by another while conversations run."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.apps import first_of, refused, sign
from support.servers import run_server
from websockets.asyncio.client import connect

from mascot_server.auth.tokens import Tokens

if TYPE_CHECKING:
    from support.servers import Providers
    from websockets.asyncio.client import ClientConnection

pytestmark = pytest.mark.anyio

OLD = "the-old-secret-of-more-than-thirty-two-bytes"
NEW = "the-new-secret-of-more-than-thirty-two-bytes"


async def goes_on(connection: ClientConnection) -> None:
    await connection.send('{"type":"session.update","session":{"type":"realtime"}}')
    await first_of(connection, "session.updated")


async def test_a_secret_is_rotated_under_running_conversations(providers: Providers) -> None:
    # As a rolling restart does it: the settings of one process change, the other's do not yet.
    with (
        run_server(providers.origin, secret=OLD) as before,
        run_server(providers.origin, secret=f"{OLD},{NEW}") as first,
        run_server(providers.origin, secret=f"{NEW},{OLD}") as second,
        run_server(providers.origin, secret=NEW) as after,
    ):

        def at(server: object, url: str) -> str:
            return url.replace(before.origin[7:], server.origin[7:])  # type: ignore[attr-defined]

        old_url, _ = await sign(before, "openai")
        async with connect(old_url, proxy=None) as begun_before:
            await goes_on(begun_before)
            # Step one: all know the new secret, none uses it. Tokens of either kind of process open at the other.
            for server in (first, second):
                async with connect(at(server, old_url), proxy=None) as connection:
                    await goes_on(connection)
            # Step two: it is used.
            new_url = (await sign(second, "openai"))[0].replace(second.origin[7:], before.origin[7:])
            for server in (first, second, after):
                async with connect(at(server, new_url), proxy=None) as connection:
                    await goes_on(connection)
            # Who skips step one has tokens that some processes do not open.
            assert (await refused(new_url))[0] == 401
            # Step three, ten minutes later: the old one opens nothing any more.
            assert (await refused(at(after, old_url)))[0] == 401
            # What began under the old secret still runs.
            await goes_on(begun_before)


def test_the_documented_steps_never_refuse_a_token() -> None:
    """In a rolling restart, processes before and after each step serve the same apps."""
    page = (Path(__file__).parents[3] / "docs" / "keys.md").read_text("utf-8")
    steps = re.findall(r"^\d\. `MASCOT_SECRET=([\w,]+)`", page, re.MULTILINE)
    assert steps == ["old,new", "new,old", "new"]
    secrets = {"old": OLD, "new": NEW}
    stages = [Tokens([secrets[name] for name in step.split(",")]) for step in ("old", *steps)]
    # The last step comes when tokens of the stage before the last two have expired.
    for before, after in itertools.pairwise(stages):
        for signs, verifies in ((before, after), (after, before)):
            token = signs.seal("openai", b"{}", key_id="key-1")
            assert verifies.open("openai", token).config == b"{}"
