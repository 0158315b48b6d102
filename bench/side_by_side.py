"""Measure the cost of relaying: mascot-server beside other relays, all in one interleaved run.

::

    nox -s bench -- relay --json
    nox -s bench -- relay --against v0.3 --contenders direct,mascot
    python -m bench.side_by_side --sessions 100 --ramp-max 1000

One process is both provider and apps, on a core of its own; the relay uses the other core alone. Audio goes both ways
in chunks of 100 ms. A message's latency is its arrival time minus its sending time. Added latency is the latency minus
that without a relay. docs/performance.md explains each figure.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import importlib.metadata
import json
import math
import os
import resource
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import uvloop

from bench.machine import machine, steal_percent
from bench.relay.earlier import EarlierServer, commit_of
from bench.relay.mascot import MascotServer
from bench.relay.others import Bare, Direct, LiteLlm, Nginx
from bench.relay.pacing import CHUNK_S, MODES
from bench.relay.processes import on_core, two_cores
from bench.relay.report import markdown, table
from bench.relay.rounds import Options, Rounds
from bench.relay.sockets import Provider
from bench.relay.wires import PROVIDERS, sample_rate, wire
from bench.voice import voice

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.relay.contenders import Contender

_MOST_SESSIONS: Final = 2000
_LONGEST_S: Final = 60.0
_ONE_NETWORK: Final = ("lite", "default")
"""Values of MASCOT_LIVE_MODEL with contenders of their own, which always use one network."""
_QUICK: Final[dict[str, Any]] = {
    "sessions": 8,
    "seconds": 0.5,
    "warm_up": 0.2,
    "turns": 1,
    "bursts": ("turn",),
    "interruptions": 1,
    "turn_s": 0.5,
    "ramp_most": 0,
    "late_sessions": (),
    "mixed_most": 8,
    "mixed_step_s": 0.6,
}
"""Defaults with ``--quick``, which tests that everything works, not how fast it is."""


def run(options: Options, chosen: list[Contender], provider_name: str) -> dict[str, Any]:
    """Measure everything; return the results and a description of the machine."""
    own_core, relay_core = two_cores()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A session has four sockets here, one at each end of each leg. Relays inherit the limit.
    wanted = 4 * _MOST_SESSIONS + 256
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, wanted)), hard))
    description = machine()
    with on_core(own_core), tempfile.TemporaryDirectory(prefix="relay-bench-") as folder:
        try:
            results = uvloop.run(_measure(options, chosen, provider_name, Path(folder), relay_core))
        except asyncio.CancelledError:
            raise SystemExit("stopped; nothing was written") from None
    return {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": description | {"steal_percent": steal_percent()},
        "versions": _versions(chosen),
        "provider": provider_name,
        "pinned": own_core is not None,
        "options": {name: getattr(options, name) for name in Options.__dataclass_fields__},
        "contenders": results,
    }


async def _measure(
    options: Options, chosen: list[Contender], provider_name: str, folder: Path, core: int | None
) -> dict[str, Any]:
    # Without this, started programs would outlive this process.
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    rate = sample_rate(provider_name)
    pcm, _ = voice(rate)
    size = int(rate * CHUNK_S)
    chunks = [pcm[at : at + size].tobytes() for at in range(0, len(pcm) - size + 1, size)]
    wires = {unknown: wire(provider_name, chunks, unknown_format=unknown) for unknown in (False, True)}
    provider = Provider()
    await provider.start()
    rounds = Rounds(options)
    try:
        pairs = [(contender, wires[contender.unknown_format]) for contender in chosen]
        await rounds.start(pairs, provider, folder, core)
        await rounds.latency()
        await rounds.bursts()
        await rounds.interruptions()
        if options.ramp_most:
            await rounds.ramp()
        if options.mixed_most:
            await rounds.mixed()
        await rounds.server()
    finally:
        await rounds.stop()
        provider.stop()
    return rounds.results


def _contenders(litellm_environment: Path) -> list[Contender]:
    """Return all contenders, the reference first."""
    ours = [MascotServer(visemes=visemes) for visemes in (False, True)]
    ours += [MascotServer(visemes=True, live_model=name) for name in _ONE_NETWORK]
    return [Direct(), Nginx(), Bare(), LiteLlm(litellm_environment), *ours]


def _with_earlier(chosen: list[Contender], commit: str, folder: Path) -> list[Contender]:
    """Add an older commit of this project's server to the contenders, with and without visemes like them."""
    ours = {contender.visemes for contender in chosen if isinstance(contender, MascotServer)}
    return [*chosen, *(EarlierServer(commit, folder, visemes=visemes) for visemes in sorted(ours))]


def _versions(chosen: list[Contender]) -> dict[str, str | None]:
    names = ("mascot-server", "litestar", "uvicorn", "websockets", "uvloop", "picows")
    versions: dict[str, str | None] = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    for contender in chosen:
        if isinstance(contender, EarlierServer | LiteLlm | Nginx):
            versions[contender.name] = contender.version()
    return versions


def _number(kind: Callable[[str], float], low: float, high: float) -> Callable[[str], Any]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {low:g} to {high:g}")
        return value

    return parse


def _commit(revision: str) -> str:
    try:
        return commit_of(revision)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _names(known: list[str]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = tuple(filter(None, text.split(",")))
        wrong = [name for name in names if name not in known]
        if wrong:
            raise argparse.ArgumentTypeError(f"{wrong[0]!r} is none of {', '.join(known)}")
        return names

    return parse


def _parser(known: list[str]) -> argparse.ArgumentParser:
    default = Options()
    parser = argparse.ArgumentParser(
        prog="python -m bench.side_by_side",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--contenders",
        type=_names(known),
        default=tuple(key for key in known if not key.endswith(_ONE_NETWORK)),
        metavar="A,B",
        help=f"relays to measure: {', '.join(known)} (all except the last two)",
    )
    add("--provider", choices=PROVIDERS, default="openai", help="whose wire format is used (%(default)s)")
    add(
        "--sessions",
        type=_number(int, 1, _MOST_SESSIONS),
        help=f"sessions for latency, bursts and memory ({default.sessions})",
    )
    add(
        "--seconds",
        type=_number(float, 0.5, _LONGEST_S),
        help=f"length of a measurement in seconds ({default.seconds:g})",
    )
    add("--duty", type=_number(float, 0.05, 1), help=f"share of the time that agents talk ({default.duty:g})")
    add("--ramp-max", type=_number(int, 0, _MOST_SESSIONS), dest="ramp_most", metavar="N",
        help=f"maximum sessions of the ramp; 0 for no ramp ({default.ramp_most})")  # fmt: skip
    add("--mixed-max", type=_number(int, 0, _MOST_SESSIONS), dest="mixed_most", metavar="N",
        help=f"maximum sessions of the mixed load; 0 for no mixed load ({default.mixed_most})")  # fmt: skip
    add("--bursts", type=_names([mode for mode in MODES if mode != "steady"]), metavar="A,B",
        help=f"speeds of turns: {', '.join(mode for mode in MODES if mode != 'steady')} (all)")  # fmt: skip
    add("--quick", action="store_true", help="test in seconds that everything works; no ramp")
    add("--litellm-env", type=Path, default=_cache() / "litellm", metavar="DIR",
        help="virtual environment of LiteLLM, created if missing (%(default)s)")  # fmt: skip
    add("--against", type=_commit, metavar="REVISION",
        help="also measure this commit of mascot-server, installed in an environment of its own")  # fmt: skip
    add(
        "--out",
        type=Path,
        default=Path("bench/results/relay.json"),
        metavar="FILE",
        help="JSON file of the results (%(default)s)",
    )
    add(
        "--from", type=Path, dest="earlier", metavar="FILE", help="show this earlier result without measuring"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON instead of a table")
    form.add_argument("--markdown", action="store_true", help="print the table for docs/performance.md")
    return parser


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mascot-bench"


def main() -> None:
    """Run the command."""
    known = [contender.key for contender in _contenders(Path())]
    args = _parser(known).parse_args()
    if args.earlier:
        result = json.loads(args.earlier.read_text("utf-8"))
    else:
        given: dict[str, Any] = {
            name: value
            for name in Options.__dataclass_fields__
            if (value := getattr(args, name, None)) is not None
        }
        chosen = [c for c in _contenders(args.litellm_env) if c.key in args.contenders]
        if args.against:
            chosen = _with_earlier(chosen, args.against, _cache())
        result = run(Options(**((_QUICK if args.quick else {}) | given)), chosen, args.provider)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result) if args.json else markdown(result) if args.markdown else table(result))


if __name__ == "__main__":
    main()
