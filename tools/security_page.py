"""Write the table of limits in docs/security.md from the server's settings: ``python -m tools.security_page``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tools.settings_page import FIELDS, shown_default

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = Path(__file__).parent.parent / "docs" / "security.md"
BEGIN: Final = "<!-- limits: written by `python -m tools.security_page` -->\n"
END: Final = "<!-- end of limits -->\n"


class Row(NamedTuple):
    """One limit.

    Attributes:
        subject: What is limited.
        setting: Its name, without ``MASCOT_`` and in lower case; or the value of a fixed limit.
        beyond: What happens if it is exceeded.
    """

    subject: str
    setting: str
    beyond: str


LIMITS: Final[dict[str, tuple[Row, ...]]] = {
    "Before authentication": (
        Row("head of a request, bytes", "max_head_bytes", "431 or 414, closed"),
        Row("headers of a request", "max_headers", "431, closed"),
        Row("time to receive the head of a request, s", "head_seconds", "408, closed"),
        Row("idle time of a connection without a request, s", "keep_alive_seconds", "closed"),
        Row(
            "connections without a request, per process",
            "max_waiting_connections",
            "the one that waits longest is closed",
        ),
        Row("time to connect an app to its provider, s", "handshake_seconds", "1011, closed"),
        Row("request target, bytes", "32768", "414, closed"),
        Row("pipelined requests", "16", "closed"),
        Row("frames before the handshake is answered, bytes", "65536", "not read until then"),
    ),
    "With a token": (
        Row("lifetime of a token, s", "600", "401; running conversations continue"),
        Row("conversations per token", "single_use_tokens", "401 for a second one"),
        Row("lifetime of a token with `session_ttl`, s", "max_session_ttl_seconds", "400 for a longer one"),
        Row("one message, bytes", "16777216", "1009, closed"),
        Row("one message of a provider, bytes", "33554432", "1011, closed"),
        Row("frames of one connection per iteration of the event loop", "32", "the rest waits for the next iteration"),
        Row("audio read ahead of its visemes, bytes per conversation", "16777216", "the provider is not read"),
        Row("time without reading by a client or provider, s", "30", "closed"),
        Row("time for the close handshake, s", "5", "the connection is aborted"),
        Row("length of a conversation, s", "max_session_seconds", "1008, closed"),
        Row("time without a message in a conversation, s", "idle_seconds", "1008, closed"),
    ),
    "With a key": (
        Row("requests, conversations and minutes of a key", "none: `mascot-server keys new`", "429 with `Retry-After`"),
        Row("body of `POST /v1/get-signed-url`, bytes", "262144", "400"),
        Row("provider configuration in a token, bytes", "4096", "400"),
        Row("JSON around the audio of `POST /v1/visemes`, bytes", "16384", "400"),
        Row("parts of a form", "32", "400"),
        Row("size of a recording, bytes", "max_audio_bytes", "413"),
        Row("length of a recording, s", "max_audio_seconds", "413"),
        Row("concurrent recordings and texts, per process", "rest_concurrency", "503"),
        Row(
            "concurrent recordings and texts, per key and process (unset: half of that limit)",
            "rest_concurrency_per_key",
            "429",
        ),
        Row("time to receive a body, s", "upload_seconds", "408"),
        Row("minimum upload rate of a body, bytes per s", "upload_bytes_per_second", "408"),
        Row("time that a client does not read a response, s", "answer_stall_seconds", "closed"),
        Row("length of the speech from one text, s", "max_speech_seconds", "error event, then the response ends"),
    ),
    "The server itself": (
        Row("wait for an answer of Redis, s", "redis_timeout_seconds", "counts as unavailable: `MASCOT_REDIS_DOWN`"),
        Row("time that conversations of a crashed process count, s", "lease_seconds", "they no longer count"),
        Row("time for conversations to end after SIGTERM, s", "drain_seconds", "1001, closed"),
        Row("delay of an audio message, ms", "viseme_budget_ms", "forwarded without visemes"),
    ),
}  # fmt: skip
"""The limits by who can reach them."""


def limits() -> str:
    """Return the table as Markdown."""
    return "".join(
        f"\n**{title}**\n\n| limit on | default | setting | if exceeded |\n|---|---|---|---|\n{''.join(_rows(rows))}"
        for title, rows in LIMITS.items()
    ).removeprefix("\n")


def page() -> str:
    """Return the page with its table renewed."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    return before + BEGIN + "\n" + limits() + "\n" + END + rest.partition(END)[2]


def _rows(rows: tuple[Row, ...]) -> Iterator[str]:
    for row in rows:
        if row.setting in FIELDS:
            name = f"`MASCOT_{row.setting.upper()}`"
            yield f"| {row.subject} | {shown_default(FIELDS[row.setting])} | {name} | {row.beyond} |\n"
        elif "_" not in row.setting:
            default, _, where = row.setting.partition(": ")
            yield f"| {row.subject} | {default} | {where or 'fixed'} | {row.beyond} |\n"


def main() -> None:
    """Write the page, or with --check report whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is out of date")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE.name} is out of date: python -m tools.security_page")


if __name__ == "__main__":
    main()
