"""The bench of the relay: that its clock, its counts and its search are right, and that the command runs."""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("picows", reason="the bench's load needs picows")

ROOT = Path(__file__).parents[2]
# bench/ is no package that one installs.
sys.path.insert(0, str(ROOT))

from websockets.asyncio.client import connect  # noqa: E402 - after importorskip
from websockets.asyncio.connection import Connection  # noqa: E402 - after importorskip
from websockets.asyncio.server import ServerConnection, serve  # noqa: E402 - after importorskip
from websockets.exceptions import ConnectionClosed  # noqa: E402 - after importorskip

from bench.relay.contenders import Address  # noqa: E402 - after importorskip
from bench.relay.flows import Flow  # noqa: E402 - after importorskip
from bench.relay.load import Load, LoadFailed  # noqa: E402 - after importorskip
from bench.relay.pacing import CHUNK_S, Pacing  # noqa: E402 - after importorskip
from bench.relay.ramp import Ramp, disturbed, judge  # noqa: E402 - after importorskip
from bench.relay.sockets import Provider  # noqa: E402 - after importorskip
from bench.relay.wires import PROVIDERS, Wire, read_tag, tag, wire  # noqa: E402 - after importorskip

CHUNKS = [bytes([place]) * 4800 for place in range(7)]
DELAY_S = 0.05
SESSIONS = 4

PACINGS = st.builds(
    Pacing,
    turn_chunks=st.integers(0, 50),
    speed=st.sampled_from([1.0, 8.0, math.inf]),
    duty=st.floats(0.05, 1),
    continuous=st.booleans(),
).filter(lambda pacing: pacing.speed == 1 or (pacing.turn_chunks and not pacing.continuous))


@given(PACINGS, st.integers(0, 500))
def test_a_timetable_never_runs_backwards_nor_ahead_of_its_audio(pacing: Pacing, number: int) -> None:
    assert pacing.due(number) <= pacing.due(number + 1)
    if pacing.continuous:
        assert pacing.due(number) == pytest.approx(number * CHUNK_S)
        return
    # By the time a chunk is due, no more audio than that of the turns begun has been sent.
    begun = math.floor(pacing.due(number) / pacing.period_s + 1e-6) + 1
    assert number < begun * (pacing.turn_chunks or 1) + 1


@given(PACINGS, st.floats(0, 100))
def test_who_joins_late_begins_with_the_next_chunk(pacing: Pacing, since: float) -> None:
    first = pacing.first(since)
    assert pacing.due(first) >= since - 1e-5
    assert first == 0 or pacing.due(first - 1) < since + 1e-5


@given(st.integers(0, 20), st.integers(1, 1000))
def test_the_ramp_finds_the_last_step_that_holds(capacity: int, most: int) -> None:
    limit = capacity * 50
    ramp = Ramp(most=most)
    measured = 0
    while ramp.next is not None:
        ramp.record(held=ramp.next <= limit)
        measured += 1
    assert ramp.held == min(limit, most // 50 * 50)
    assert ramp.open_ended == (limit >= most // 50 * 50)
    assert measured < 20


def test_the_ramp_does_not_believe_one_failure() -> None:
    ramp, failed = Ramp(most=600), set()
    while (sessions := ramp.next) is not None:
        ramp.record(held=sessions in failed)
        failed.add(sessions)
    assert ramp.held == 600


def _outcome(**changes: Any) -> dict[str, Any]:
    way = {"p99": 5.0, "missing": 0}
    return {
        "down": way,
        "up": way,
        "lost_sockets": 0,
        "generator": {"core": 0.5, "late_ms_p99": 1.0},
    } | changes


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({}, True),
        ({"down": {"p99": 21.5, "missing": 0}}, True),  # 2 ms of it are there without a relay
        ({"up": {"p99": 22.5, "missing": 0}}, False),
        ({"up": {"p99": 5.0, "missing": 1}}, False),
        ({"lost_sockets": 1}, False),
        ({"visemes": {"late": 10, "payloads": 1000}}, True),
        ({"visemes": {"late": 11, "payloads": 1000}}, False),
    ],
)
def test_what_holds(changes: dict[str, Any], *, held: bool) -> None:
    direct = _outcome(down={"p99": 2.0, "missing": 0}, up={"p99": 2.0, "missing": 0})
    assert judge(_outcome(**changes), direct)["held"] is held


def test_a_generator_that_was_held_up_is_no_judge() -> None:
    assert not disturbed(_outcome(generator={"core": 0.5, "late_ms_p99": 2.0}))
    assert disturbed(_outcome(generator={"core": 0.5, "late_ms_p99": 50.0}))
    # Too many sessions for it is another matter: that is said of the row.
    overloaded = _outcome(generator={"core": 0.95, "late_ms_p99": 50.0})
    assert not disturbed(overloaded)
    assert judge(overloaded, {})["limited_by_generator"]


def test_sessions_that_are_refused_do_not_hold() -> None:
    assert judge({"failed": "HTTP 503"}, _outcome())["held"] is False


@given(st.integers(0, 99_999), st.integers(0, 99_999_999), st.sampled_from(PROVIDERS))
def test_tags_are_found_in_every_message(speaker: int, number: int, provider: str) -> None:
    spoken = wire(provider, CHUNKS[:1])
    for messages in (spoken.agent, spoken.microphone):
        message = messages.head + tag(speaker, number) + messages.tails[0]
        assert read_tag(message) == (speaker, number)
        # As a relay may leave it that parses messages and writes them anew.
        assert read_tag(json.dumps({"added": 1, **json.loads(message)}, indent=1).encode()) == (
            speaker,
            number,
        )
    assert read_tag(spoken.greeting) is None
    assert spoken.end is None or read_tag(spoken.end) is None


def test_loss_and_lateness_of_playout() -> None:
    pacing = Pacing(turn_chunks=4, speed=math.inf)
    flow = Flow(pacing, clock=lambda: 1_000_000)
    speaker = flow.add(pacing.first(0))
    for number, late_ms in enumerate((0, 30, None, 0)):
        message = flow.send(speaker)
        if late_ms is not None:
            flow.arrive(message, 8_000_000 + round((number * CHUNK_S + late_ms / 1000) * 1e9))
    assert flow.pending == 1
    assert flow.figures(0, 2**62)["missing"] == 1
    heard = flow.playout(0, 2**62)
    assert (heard["first_chunk"]["count"], heard["first_chunk"]["max"]) == (1, pytest.approx(7))
    assert (heard["lateness"]["count"], heard["lateness"]["max"]) == (2, pytest.approx(30))


Pump = Callable[[Connection, Connection], Any]


@asynccontextmanager
async def relaying(pump: Pump) -> AsyncIterator[tuple[Provider, str]]:
    """A provider, and the address of a relay in front of it."""
    provider = Provider()
    await provider.start()

    async def handle(app: ServerConnection) -> None:
        assert app.request is not None
        async with connect(f"ws://127.0.0.1:{provider.port}{app.request.path}", proxy=None) as upstream:
            await asyncio.gather(pump(app, upstream), pump(upstream, app))

    try:
        async with serve(handle, "127.0.0.1", 0, compression=None) as server:
            yield provider, f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
    finally:
        provider.stop()


async def delaying(source: Connection, sink: Connection) -> None:
    """Sends every message on, a while after it came."""
    queue: asyncio.Queue[tuple[float, str | bytes]] = asyncio.Queue()
    time = asyncio.get_running_loop().time

    async def send() -> None:
        while True:
            due, message = await queue.get()
            await asyncio.sleep(due - time())
            await sink.send(message)

    sending = asyncio.create_task(send())
    try:
        async for message in source:
            queue.put_nowait((time() + DELAY_S, message))
    except ConnectionClosed:
        pass
    sending.cancel()
    await sink.close()


async def losing(source: Connection, sink: Connection) -> None:
    """Sends every message on but for each fifth."""
    count = 0
    try:
        async for message in source:
            count += 1
            if count % 5:
                await sink.send(message)
    except ConnectionClosed:
        pass
    await sink.close()


async def measure(
    provider: Provider, spoken: Wire, address: str, pacing: Pacing, *, seconds: float = 0.5
) -> dict[str, Any]:
    load = Load(provider, spoken, pacing, counts_visemes=False)
    try:
        await load.open([Address(address + spoken.path)] * SESSIONS)
        return await load.talk(warm_up=0.1, seconds=seconds, program=None)
    finally:
        await load.close()


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_delay_shows_as_it_is(name: str) -> None:
    async def main() -> None:
        async with relaying(delaying) as (provider, relay):
            spoken = wire(name, CHUNKS)
            direct = await measure(provider, spoken, f"ws://127.0.0.1:{provider.port}", Pacing())
            relayed = await measure(provider, spoken, relay, Pacing())
        for sample in (direct, relayed):
            for way in ("down", "up"):
                assert sample[way]["sent"] == pytest.approx(10 * SESSIONS * sample["seconds"], abs=8)
                assert (sample[way]["missing"], sample[way]["out_of_order"]) == (0, 0)
            assert sample["lost_sockets"] == 0
            assert 0 < sample["generator"]["core"] < 1
        for way in ("down", "up"):
            assert relayed[way]["p50"] - direct[way]["p50"] == pytest.approx(1000 * DELAY_S, abs=20)

    asyncio.run(main())


def test_loss_shows() -> None:
    async def main() -> None:
        async with relaying(losing) as (provider, relay):
            sample = await measure(provider, wire("openai", CHUNKS), relay, Pacing())
        for way in ("down", "up"):
            assert 2 <= sample[way]["missing"] < sample[way]["sent"] / 2
            assert sample[way]["out_of_order"]
        assert not judge(sample, {})["held"]

    asyncio.run(main())


def test_a_turn_sent_at_once_is_heard_from_its_first_chunk() -> None:
    async def main() -> None:
        async with relaying(delaying) as (provider, relay):
            pacing = Pacing(turn_chunks=5, speed=math.inf)
            sample = await measure(provider, wire("openai", CHUNKS), relay, pacing, seconds=1)
        playout = sample["playout"]
        # Each has a turn of half a second.
        assert playout["first_chunk"]["count"] == pytest.approx(2 * SESSIONS * sample["seconds"], abs=4)
        assert playout["first_chunk"]["p50"] == pytest.approx(1000 * DELAY_S, abs=20)
        assert playout["lateness"]["count"] == (pacing.turn_chunks - 1) * playout["first_chunk"]["count"]
        assert playout["lateness"]["p50"] == 0

    asyncio.run(main())


def test_a_relay_that_refuses_says_so() -> None:
    async def main() -> None:
        provider = Provider()
        await provider.start()
        with pytest.raises(LoadFailed, match="0 sessions open"):
            await measure(provider, wire("openai", CHUNKS), "ws://127.0.0.1:1", Pacing())
        provider.stop()

    asyncio.run(main())


def command(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.side_by_side", *options],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_quick_run(tmp_path: Path) -> None:
    out = tmp_path / "relay.json"
    done = command("--quick", "--contenders", "direct,mascot", "--json", "--out", str(out))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert json.loads(out.read_text()) == result
    direct, ours = result["contenders"]["direct"], result["contenders"]["mascot-server"]
    for measured in (direct, ours):
        (sample,) = measured["latency"]
        assert sample["sessions"] == result["options"]["sessions"]
        assert sample["down"]["sent"] > sample["sessions"]
        assert sample["down"]["missing"] == sample["up"]["missing"] == 0
        assert measured["bursts"]["turn"]["playout"]["first_chunk"]["count"] > 0
        assert 0 < measured["interruptions"]["p50"] <= measured["interruptions"]["max"]
    (sample,) = ours["latency"]
    assert direct["latency"][0]["down"]["p50"] < sample["down"]["p50"] < 1000
    assert sample["visemes"]["payloads"] >= sample["down"]["sent"]
    assert sample["visemes"]["moving"] > 0
    assert sample["relay"]["cpu_us_per_message"] > 0
    assert 10 < ours["idle_mb"] < 500
    assert ours["signed_url"]["per_second"] > 0
    assert ours["refusal"]["cpu_us"] > 0
    (networks,) = [one["turns"]["networks"] for one in ours["latency"]]
    assert set(networks) <= {"default", "lite"}
    assert sum(networks.values()) >= sample["sessions"]
    mixed = ours["mixed"]
    assert [step["sessions"] for step in mixed] == [1, 2, 3, 6, 8, 6, 3, 2, 1, 1]
    assert sum(sum(step["turns"]["networks"].values()) for step in mixed) >= 8
    assert all(step["down"]["missing"] == 0 for step in mixed)
    assert result["machine"]["cpu_features"]
    assert 0 <= result["machine"]["steal_percent"] <= 100
    shown = command("--from", str(out), "--markdown")
    assert shown.returncode == 0, shown.stderr
    assert "| mascot-server |" in shown.stdout
    assert "Mixed load" in shown.stdout


def test_a_provider_without_turns_sends_silence_in_its_pauses(tmp_path: Path) -> None:
    out = tmp_path / "relay.json"
    options = ("--quick", "--provider", "openai-live", "--duty", "0.5", "--contenders", "direct,mascot")
    done = command(*options, "--json", "--out", str(out))
    assert done.returncode == 0, done.stderr
    ours = json.loads(done.stdout)["contenders"]["mascot-server"]
    assert "bursts" not in ours
    (sample,) = ours["latency"]
    assert sample["down"]["sent"] == pytest.approx(10 * sample["sessions"] * sample["seconds"], abs=8)
    assert sample["visemes"]["payloads"] >= sample["down"]["sent"]
    assert sample["visemes"]["moving"] > 0


@given(st.integers(1, 50), st.floats(0.05, 1))
def test_speech_and_silence_take_turns_in_a_continuous_stream(turn: int, duty: float) -> None:
    pacing = Pacing(turn, 1.0, duty, continuous=True)
    period = round(pacing.period_s / CHUNK_S)
    assert [pacing.speaks(number) for number in range(2 * period)] == 2 * (
        [True] * turn + [False] * (period - turn)
    )


@pytest.mark.parametrize(
    "options",
    [
        ("--sessions", "0"),
        ("--seconds", "forever"),
        ("--contenders", "direct,nobody"),
        ("--duty", "2"),
        ("--against", "no-such-commit"),
    ],
)
def test_bad_options(options: tuple[str, str]) -> None:
    done = command(*options)
    assert done.returncode == 2
    assert options[0] in done.stderr
