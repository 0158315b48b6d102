"""Past one machine: what calls through HAProxy see of two servers, and what they see when one of them goes.

`pytest -s` shows what happened.
"""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.topology import DRAIN_SECONDS, LEASE_SECONDS, PATIENCE, Topology, run_topology, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.calls import Call
    from support.topology import Node

pytestmark = pytest.mark.anyio


@pytest.fixture
async def topology(tmp_path: Path) -> AsyncIterator[Topology]:
    with run_topology(tmp_path) as running:
        yield running
        await running.close()


async def test_calls_outlive_the_nodes_they_do_not_run_on(topology: Topology) -> None:
    topology.say("Redis, nodes one and two and HAProxy are up; HAProxy takes both nodes for ready")
    # Before the nodes look: they ask for keys they do not know once a second.
    key = await topology.new_key("six calls", "--sessions", "6")
    short_of_requests = await topology.new_key("twelve requests", "--requests-per-minute", "12")

    await calls_are_spread_over_both_nodes(topology, key)
    await sessions_are_counted_over_both_nodes(topology, key)
    await requests_are_counted_over_both_nodes(topology, short_of_requests)
    await a_node_dies(topology, key, topology.one)
    await asyncio.to_thread(topology.one.start)
    await until(lambda: topology.proxy.takes_new() == {"one", "two"}, "node one is ready again")
    topology.say("node one was started again; HAProxy gives it calls")
    await a_node_drains(topology, key, topology.two)
    await the_rest_ends_well(topology)


async def calls_are_spread_over_both_nodes(topology: Topology, key: str) -> None:
    for provider in ("elevenlabs", "openai", "gemini", "gemini", "openai", "elevenlabs"):
        call = await topology.call(provider, await topology.sign(provider, key))
        topology.say(f"{provider} SDK: a call through {origin(call)}, on node {call.node}")
    assert [len(topology.calls_on(node)) for node in topology.nodes] == [3, 3]
    await until(lambda: all(call.turns and call.shapes > 10 for call in topology.calls), "all agents answer")
    topology.say(f"all agents have answered; changes of the mouth's shape: {shapes(topology.calls)}")


async def sessions_are_counted_over_both_nodes(topology: Topology, key: str) -> None:
    answer, tries = await topology.sign("openai", key), 0
    while not all(node.count("mascot_limit_refusals_total", reason="sessions") for node in topology.nodes):
        call = await topology.call("openai", answer)
        assert (call.refused, call.retry_after) == (429, "5")
        tries += 1
        assert tries < 20, "one node has refused them all"
    topology.say("the key may hold 6 calls at once: either node refuses a seventh, 429 with Retry-After 5")


async def requests_are_counted_over_both_nodes(topology: Topology, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    body = {"config": {"provider": "openai", "provider_config": {"api_key": "sk-any"}}}
    before = [signed(node) for node in topology.nodes]
    began = time.monotonic()
    async with httpx.AsyncClient(base_url=topology.proxy.origin, headers=headers, timeout=PATIENCE) as http:
        while (answer := await http.post("/v1/get-signed-url", json=body)).status_code == 200:
            """Until it is refused."""
    one, two = (signed(node) - count for node, count in zip(topology.nodes, before, strict=True))
    topology.say(
        f"a key with 12 requests a minute: {one:g} answered by node one, {two:g} by node two, then "
        f"{answer.status_code} {answer.text}"
    )
    assert answer.status_code == 429
    assert one
    assert two
    # Every 5 seconds there is one more.
    assert 12 <= one + two <= 12 + (time.monotonic() - began) / 5


async def a_node_dies(topology: Topology, key: str, node: Node) -> None:
    cut = topology.calls_on(node)
    rest = [call for call in topology.calls if call not in cut]
    heard = [call.turns for call in rest]
    answer = await topology.sign("openai", key)
    node.server.process.send_signal(signal.SIGKILL)
    killed_at = time.monotonic()
    await until(lambda: all(call.over for call in cut), "the calls of a dead node end")
    topology.say(
        f"SIGKILL to node {node.name}; {time.monotonic() - killed_at:.2f} s later its calls have ended:"
    )
    for call in cut:
        topology.say(f"    {call.provider} SDK: {call.ended} {call.reason!r}")
        # An abnormal closure: nobody was left to send a close frame.
        assert call.ended == 1006 or call.provider == "elevenlabs"
    await its_places_are_free_again(topology, answer, killed_at)
    await until(
        lambda: all(call.turns >= turns + 2 for call, turns in zip(rest, heard, strict=True)),
        "the calls of the other node go on",
    )
    topology.say(f"the {len(rest)} calls of the other node go on: two more answers each at least")


async def its_places_are_free_again(topology: Topology, answer: Any, killed_at: float) -> None:
    refusals, asked_at = 0, time.monotonic()
    while (call := await topology.call("openai", answer)).refused is not None:
        assert call.refused == 429
        refusals += 1
        assert time.monotonic() - killed_at < LEASE_SECONDS + PATIENCE
        await asyncio.sleep(0.1)
    topology.say(
        f"a new call is refused {refusals} times, then taken by node {call.node}, "
        f"{time.monotonic() - killed_at:.1f} s after the kill (leases: {LEASE_SECONDS} s)"
    )
    assert call.node == "two"
    # Leases are renewed when a third of their time is over.
    assert refusals or asked_at - killed_at > LEASE_SECONDS / 2


async def a_node_drains(topology: Topology, key: str, node: Node) -> None:
    polite, *stubborn = topology.calls_on(node)
    answers = {provider: await topology.sign(provider, key) for provider in ("gemini", "openai")}
    node.server.process.send_signal(signal.SIGTERM)
    topology.say(f"SIGTERM to node {node.name}, which holds {1 + len(stubborn)} calls")
    polite.hang_up()
    # Call at once: HAProxy may not know about the drain yet. It then retries calls that node two rejects.
    new = [await topology.call(provider, answer) for provider, answer in answers.items()]
    topology.say(
        f"new calls through HAProxy: {', '.join(f'{call.provider} on node {call.node}' for call in new)}"
    )
    await until(lambda: topology.proxy.takes_new() == {"one"}, "HAProxy gives node two no more calls")
    on = sum(not call.over for call in stubborn)
    topology.say(f"HAProxy gives node {node.name} no more calls; {on} go on there")
    await until(lambda: polite.over, "a call ends by itself")
    topology.say(f"{polite.provider} SDK: hung up meanwhile, {polite.ended}")
    await until(lambda: all(call.over for call in stubborn), "the drain ends")
    for call in stubborn:
        topology.say(f"{call.provider} SDK: after {DRAIN_SECONDS} s {call.ended} {call.reason!r}")
    status = await asyncio.to_thread(node.server.process.wait, PATIENCE)
    topology.say(f"node {node.name} ended with status {status}")
    assert [(call.refused, call.node) for call in new] == [(None, "one")] * 2
    assert polite.ended == 1000
    assert {call.ended for call in stubborn if call.provider != "elevenlabs"} == {1001}
    assert status == 0


async def the_rest_ends_well(topology: Topology) -> None:
    rest = topology.calls_on(topology.one)
    for call in rest:
        call.hang_up()
    await until(lambda: all(call.over for call in rest), "all hang up")
    topology.say(f"the last {len(rest)} calls, on node one, hung up: {[call.ended for call in rest]}")
    assert {call.ended for call in rest} == {1000}
    await until(lambda: topology.one.running() == 0, "node one has noticed")
    log = topology.proxy.log.read_text()
    assert "GET /v1/openai-realtime/ws" in log
    assert "token" not in log
    assert "mascot_ephemeral" not in log


def signed(node: Node) -> float:
    return node.count("mascot_rest_requests_total", path="/v1/get-signed-url", status="200")


def origin(call: Call) -> str:
    return "HAProxy" if call.provider == "elevenlabs" else "HAProxy, over TLS"


def shapes(calls: list[Call]) -> str:
    return ", ".join(f"{call.provider} {call.shapes}" for call in calls)
