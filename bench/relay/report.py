"""The outcome of a run for people: a table for the terminal, a block for the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bench.relay.interruptions import AFTER_S, BURST_S
from bench.relay.ramp import BUSY, HOLDS_MS, disturbed

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["markdown", "table"]

Cell = str

_QUIET: Final = 0.05
"""Share of a core that may go to others before the figures deserve a remark."""


def table(result: dict[str, Any]) -> str:
    """Format the outcome as aligned columns."""
    parts = [_lines(result["machine"] | {"date": result["date"]})]
    for title, rows in _sections(result):
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        parts.append("\n".join([title, *(line.rstrip() for line in text)]))
    parts.append("\n".join(_remarks(result)))
    return "\n\n".join(filter(None, parts))


def markdown(result: dict[str, Any]) -> str:
    """Format the outcome as the block in the documentation."""
    machine = result["machine"]
    parts = [f"{result['date']}, {machine['cpu']}, {machine['cores']} cores, Python {machine['python']}."]
    parts.append("Versions: " + ", ".join(f"{k} {v}" for k, v in result["versions"].items() if v) + ".")
    for title, rows in _sections(result):
        head, *body = ["| " + " | ".join(row) + " |" for row in rows]
        parts.append("\n".join([f"**{title}**", "", head, "|" + "---|" * len(rows[0]), *body]))
    parts.append("\n".join(f"- {remark}" for remark in _remarks(result)))
    return "\n\n".join(filter(None, parts)) + "\n"


def _sections(result: dict[str, Any]) -> list[tuple[str, list[list[Cell]]]]:
    measured = {name: r for name, r in result["contenders"].items() if "skipped" not in r}
    options = result["options"]
    sections: list[tuple[str, list[list[Cell]]]] = []
    if any("latency" in r for r in measured.values()):
        sections.append((f"At {options['sessions']} sessions", _latency_rows(measured)))
    if any("ramp" in r for r in measured.values()):
        title = f"Sessions on one core, added p99 at most {HOLDS_MS:g} ms"
        sections.append((title, _ramp_rows(measured)))
    if any("bursts" in r for r in measured.values()):
        title = f"Turns of {options['turn_s']:g} s in bursts, {options['sessions']} sessions, ms"
        sections.append((title, _burst_rows(measured)))
    for name, r in measured.items():
        if "mixed" in r:
            title = f"Mixed load, turns of {options['turn_s']:g} s: {name}"
            sections.append((title, _mixed_rows(r["mixed"])))
    if any("interruptions" in r for r in measured.values()):
        title = (
            f"An interruption {AFTER_S:g} s behind {BURST_S:g} s of audio sent at once, "
            f"{options['sessions']} sessions, ms"
        )
        sections.append((title, _interruption_rows(measured)))
    sections += [("mascot-server", rows) for rows in [_server_rows(measured)] if len(rows) > 1]
    return sections


def _latency_rows(measured: dict[str, Any]) -> list[list[Cell]]:
    head = ["relay", "added ms p50", "p90", "p99", "p99.9", "microphone p50", "p99", "µs CPU a message"]
    rows = [[*head, "MB idle", "KB a session", "turns by network"]]
    for name, result in measured.items():
        down = [_added(measured, name, "down", q) for q in ("p50", "p90", "p99", "p99.9")]
        up = [_added(measured, name, "up", q) for q in ("p50", "p99")]
        cost = _mean(
            result.get("latency", []), lambda sample: sample.get("relay", {}).get("cpu_us_per_message")
        )
        cells = [*down, *up, cost, result.get("idle_mb"), result.get("session_kb")]
        networks = [sample["turns"] for sample in result.get("latency", []) if "turns" in sample]
        rows.append([name, *(_number(cell) for cell in cells), _networks(networks)])
    return rows


def _ramp_rows(measured: dict[str, Any]) -> list[list[Cell]]:
    rows = [
        [
            "relay",
            "sessions",
            "added p99 ms there",
            "turns by network",
            "next that failed",
            "its added p99 ms",
        ]
    ]
    for name, result in measured.items():
        if "ramp" not in result:
            continue
        ramp = result["ramp"]
        held = [s for s in ramp["steps"] if s["held"] and s["sessions"] == ramp["sessions"]]
        failed = sorted(
            (s for s in ramp["steps"] if not s["held"] and s["sessions"] > ramp["sessions"]),
            key=lambda step: int(step["sessions"]),
        )
        rows.append(
            [
                name,
                f"{'≥ ' if ramp['at_least'] else ''}{ramp['sessions']}",
                _number(held[-1]["added_p99_ms"]) if held else "",
                _networks([held[-1]["turns"]] if held and "turns" in held[-1] else []),
                str(failed[0]["sessions"]) if failed else "",
                _number(failed[0]["added_p99_ms"]) if failed else "",
            ]
        )
    return rows


def _burst_rows(measured: dict[str, Any]) -> list[list[Cell]]:
    modes = next(list(r["bursts"]) for r in measured.values() if "bursts" in r)
    heads = [(f"{mode}: first chunk p50", "p99", "chunk behind its time p99") for mode in modes]
    rows = [["relay", *(cell for head in heads for cell in head)]]
    for name, result in measured.items():
        row = [name]
        for mode in modes:
            playout = result.get("bursts", {}).get(mode, {}).get("playout")
            row += (
                [
                    _number(playout["first_chunk"]["p50"]),
                    _number(playout["first_chunk"]["p99"]),
                    _number(playout["lateness"]["p99"]),
                ]
                if playout
                else ["failed", "", ""]
            )
        rows.append(row)
    return rows


def _mixed_rows(steps: list[dict[str, Any]]) -> list[list[Cell]]:
    head = [
        "s",
        "sessions",
        "turns",
        "turns by network",
        "changed under way",
        "first chunk ms p50",
        "p99",
        "chunk behind its time p99",
        "late",
        "core",
    ]
    rows = [head]
    for step in steps:
        if "failed" in step:
            rows.append(["", str(step["sessions"]), step["failed"], *[""] * (len(head) - 3)])
            continue
        turns, playout = step["turns"], step["playout"]
        rows.append(
            [
                f"{step['at_s']:g}",
                str(step["sessions"]),
                str(sum(turns["networks"].values())),
                _networks([turns]),
                str(turns["changed"]),
                _number(playout["first_chunk"]["p50"]),
                _number(playout["first_chunk"]["p99"]),
                _number(playout["lateness"]["p99"]),
                str(step["late"]),
                _number(step["core"]),
            ]
        )
    return rows


def _networks(turns: list[dict[str, Any]]) -> Cell:
    """Return the share of turns that began with each network."""
    counts: dict[str, int] = {}
    for one in turns:
        for network, count in one["networks"].items():
            counts[network] = counts.get(network, 0) + count
    total = sum(counts.values())
    return ", ".join(f"{network} {100 * count / total:.0f} %" for network, count in sorted(counts.items()))


def _interruption_rows(measured: dict[str, Any]) -> list[list[Cell]]:
    rows: list[list[Cell]] = [["relay", "until the app has it, p50", "most"]]
    for name, result in measured.items():
        found = result.get("interruptions", {})
        there = found.get("p50") is not None
        rows.append([name, *([_number(found["p50"]), _number(found["max"])] if there else ["failed", ""])])
    return rows


def _server_rows(measured: dict[str, Any]) -> list[list[Cell]]:
    rows = [["what", "value"]]
    for result in measured.values():
        for sessions, late in result.get("late", {}).items():
            visemes = late.get("visemes", {})
            value = f"{visemes.get('late', '?')} of {visemes.get('payloads', '?')}"
            rows.append([f"chunks without visemes because over budget, {sessions} sessions", value])
        if "refusal" in result:
            cost = _number(result["refusal"]["cpu_us"])
            rows.append(["refusing a forged token at the handshake, µs CPU", cost])
        if "signed_url" in result:
            rows.append(["get-signed-url, requests a second", _number(result["signed_url"]["per_second"])])
            rows.append(["get-signed-url, µs CPU", _number(result["signed_url"]["cpu_us"])])
    return rows


def _remarks(result: dict[str, Any]) -> list[str]:
    remarks = [
        f"{name}: skipped: {r['skipped']}" for name, r in result["contenders"].items() if "skipped" in r
    ]
    machine = result["machine"]
    if machine.get("cpu_features") is not None:
        remarks.append(f"instructions of the CPU: {machine['cpu_features']}")
    if machine.get("steal_percent") is not None:
        remarks.append(f"time that the host gave to other guests: {machine['steal_percent']} % of both cores")
    if not result["pinned"]:
        remarks.append("there was only one core: load and relay shared it, and the figures say little")
    remarks += _disturbances(result)
    for name, where, sample in _samples(result):
        if "failed" in sample:
            remarks.append(f"{name}, {where}: {sample['failed']}")
        elif sample["generator"]["core"] > BUSY:
            share = f"{100 * sample['generator']['core']:.0f} %"
            remarks.append(f"{name}, {where}: the generator is the limit, it used {share} of its core")
    for name, measured in result["contenders"].items():
        if "requests_failed" in measured:
            remarks.append(f"{name}, signed URLs and refusals: {measured['requests_failed']}")
        rate = measured.get("signed_url")
        if rate and rate["generator_core"] > BUSY and rate["server_core"] < BUSY:
            remarks.append(f"{name}, get-signed-url: the generator is the limit")
    return remarks


def _disturbances(result: dict[str, Any]) -> list[str]:
    """How much of the two cores went to programs that have nothing to do with this."""
    samples = [sample for _, _, sample in _samples(result) if "failed" not in sample]
    shares = [
        max(sample["generator"]["others"], sample.get("relay", {}).get("others", 0.0)) for sample in samples
    ]
    busy = [share for share in shares if share > _QUIET]
    if not busy:
        return []
    late = sum(disturbed(sample) for sample in samples)
    return [
        f"other programs took more than {100 * _QUIET:.0f} % of a core during {len(busy)} of {len(shares)} "
        f"measurements, up to {100 * max(busy):.0f} %, and held up the load itself in {late}: "
        "repeat it on a quiet machine"
    ]


def _samples(result: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    found: list[tuple[str, str, dict[str, Any]]] = []
    for name, r in result["contenders"].items():
        found += [(name, "latency", sample) for sample in r.get("latency", [])]
        found += [(name, f"bursts {mode}", sample) for mode, sample in r.get("bursts", {}).items()]
        steps = r.get("ramp", {}).get("steps", [])
        found += [(name, f"ramp at {step['sessions']}", step) for step in steps]
        found += [(name, f"late at {n}", late) for n, late in r.get("late", {}).items()]
    return found


def _added(measured: dict[str, Any], name: str, way: str, percentile: str) -> float | None:
    """Return a percentile minus the same one without a relay, each the mean over its turns."""

    def of(contender: str) -> float | None:
        samples = measured.get(contender, {}).get("latency", [])
        return _mean(samples, lambda sample: sample[way][percentile])

    own, direct = of(name), of("direct")
    if own is None or name == "direct":
        return own
    return own - (direct or 0.0)


def _mean(samples: list[dict[str, Any]], figure: Callable[[dict[str, Any]], float | None]) -> float | None:
    values = [figure(sample) for sample in samples if "failed" not in sample]
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


def _number(value: float | None) -> Cell:
    if value is None:
        return ""
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"  # noqa: PLR2004 - three digits


def _lines(values: dict[str, Any]) -> str:
    return "\n".join(f"{key:16}{value}" for key, value in values.items())
