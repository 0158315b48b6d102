"""What waits, what does not, and who is held when somebody is too slow: the relay between two scripted peers."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from support.wires import WIRES

from mascot_server.inference.jobs import Track
from mascot_server.inference.scheduler import Scheduler
from mascot_server.observability.metrics import Metrics
from mascot_server.relay.relay import relay
from mascot_server.relay.session import Session
from mascot_server.transport.listener import PeerClosed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from mascot_server.providers.codec import AudioFormat, Frame
    from mascot_server.relay.relay import Ending
    from mascot_server.transport.listener import Listener

pytestmark = pytest.mark.anyio

WIRE = WIRES["openai"]
CHUNK = bytes(4800)


class Peer:
    """One end, played by the test."""

    def __init__(self) -> None:
        self.listener: Listener
        self.sent: list[Frame] = []
        self.held = False
        self.breaks_its_word = False
        self.closed: tuple[int, str] | None = None

    def listen(self, listener: Listener) -> None:
        self.listener = listener

    def send(self, frame: Frame) -> None:
        if self.breaks_its_word:
            raise ZeroDivisionError
        self.sent.append(frame)

    def hold(self) -> None:
        assert not self.held
        self.held = True

    def go_on(self) -> None:
        assert self.held
        self.held = False

    async def close(self, code: int, reason: str) -> None:
        self.closed = code, reason


@dataclass
class Stream:
    viseme: int = 0
    time_ms: int = 0
    weights: None = None


class Engine:
    """Knows no visemes."""

    def run_together(self, streams: Sequence[Any], *_: Any) -> list[list[Any]]:
        return [[] for _ in streams]


@dataclass
class Conversation:
    app: Peer = field(default_factory=Peer)
    provider: Peer = field(default_factory=Peer)
    metrics: Metrics = field(default_factory=Metrics)
    ending: asyncio.Future[Ending] = field(init=False)

    def say(self, count: int, *, first: int = 0, chunk: bytes = CHUNK) -> list[Frame]:
        frames = [WIRE.audio(chunk, first + i) for i in range(count)]
        for frame in frames:
            self.provider.listener.message_received(frame)
        return frames

    @property
    def bare(self) -> list[Frame]:
        """What the app got, without what was added."""
        return [
            WIRE.payload((frame,))[1] if "mascotVisemes" in str(frame) else frame for frame in self.app.sent
        ]


@asynccontextmanager
async def talking(
    *, budget_ms: float = 1000, stall_seconds: float = 30.0, lookahead: int = 0
) -> AsyncIterator[Conversation]:
    conversation = Conversation()

    def open_stream(_: AudioFormat) -> Track:
        return Track(Engine(), Stream(), bytes_per_second=48_000, lookahead=lookahead)

    async with Scheduler(budget_ms=budget_ms, metrics=conversation.metrics) as scheduler:
        conversation.ending = asyncio.ensure_future(
            relay(
                app=conversation.app,
                provider=conversation.provider,
                session=Session(WIRE.codec(), open_stream),
                scheduler=scheduler,
                metrics=conversation.metrics,
                stall_seconds=stall_seconds,
            )
        )
        await asyncio.sleep(0)
        yield conversation
        conversation.ending.cancel()
        await asyncio.gather(conversation.ending, return_exceptions=True)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110 - a peer has no event to wait for
            await asyncio.sleep(0.005)


async def ended(conversation: Conversation) -> Ending:
    async with asyncio.timeout(5):
        return await conversation.ending


async def test_only_audio_waits_and_what_comes_behind_it() -> None:
    async with talking() as conversation:
        conversation.provider.listener.message_received("first")
        assert conversation.app.sent == ["first"]
        (audio,) = conversation.say(1)
        conversation.provider.listener.message_received("second")
        assert conversation.app.sent == ["first"]
        await asyncio.sleep(0.05)
        assert conversation.bare == ["first", audio, "second"]
        conversation.app.listener.message_received("from the app")
        assert conversation.provider.sent == ["from the app"]


async def test_an_interruption_passes_at_once_and_drops_what_waits() -> None:
    async with talking() as conversation:
        frames = conversation.say(5)
        (interruption, *_) = WIRE.interruption
        conversation.provider.listener.message_received(interruption)
        assert conversation.bare == [*frames, interruption]
        assert all(json.loads(frame)["mascotVisemes"]["visemes"] == [] for frame in conversation.app.sent[:5])
        await asyncio.sleep(0.02)
        assert len(conversation.app.sent) == 6
        assert conversation.metrics.batch_size.total == 0


async def test_the_last_of_a_burst_waits_for_more_unless_its_turn_ends() -> None:
    # A budget of 100 s: what waits for more waits longer than the test.
    async with talking(budget_ms=100_000, lookahead=len(CHUNK)) as conversation:
        frames = conversation.say(5, chunk=bytes(96_000))
        await until(lambda: len(conversation.app.sent) == 4)
        await asyncio.sleep(0.05)
        assert conversation.bare == frames[:4]
        end = json.dumps({"type": "response.done", "response": {"id": "resp_1", "status": "completed"}})
        conversation.provider.listener.message_received(end)
        await until(lambda: len(conversation.app.sent) == 6)
        assert conversation.bare == [*frames, end]


async def test_a_message_without_audio_waits_one_budget_for_the_audio_before_it() -> None:
    # Alone, the last audio would wait five budgets for more.
    async with talking(budget_ms=1000, lookahead=len(CHUNK)) as conversation:
        frames = conversation.say(3, chunk=bytes(96_000))
        await until(lambda: len(conversation.app.sent) == 2)
        call = json.dumps(
            {"type": "response.function_call_arguments.done", "call_id": "c", "arguments": "{}"}
        )
        began = monotonic()
        conversation.provider.listener.message_received(call)
        await until(lambda: len(conversation.app.sent) == 4)
        assert conversation.bare == [*frames, call]
        assert monotonic() - began < 3.0


async def test_an_interruption_passes_at_once_what_waits_for_more() -> None:
    async with talking(budget_ms=100_000, lookahead=len(CHUNK)) as conversation:
        frames = conversation.say(3, chunk=bytes(96_000))
        await until(lambda: len(conversation.app.sent) == 2)
        (interruption, *_) = WIRE.interruption
        conversation.provider.listener.message_received(interruption)
        assert conversation.bare == [*frames, interruption]


async def test_the_next_turn_waits_for_nothing_of_the_last() -> None:
    async with talking(budget_ms=100_000, lookahead=len(CHUNK)) as conversation:
        frames = conversation.say(3, chunk=bytes(96_000))
        await until(lambda: len(conversation.app.sent) == 2)
        first = str(WIRE.audio(CHUNK, 3)).replace("resp_1", "resp_2")
        conversation.provider.listener.message_received(first)
        await until(lambda: len(conversation.app.sent) == 4)
        assert conversation.bare == [*frames, first]


async def test_a_provider_that_leaves_lets_nothing_wait() -> None:
    async with talking(budget_ms=100_000, lookahead=len(CHUNK)) as conversation:
        frames = conversation.say(3, chunk=bytes(96_000))
        conversation.provider.listener.gone(PeerClosed(1000))
        await ended(conversation)
        assert conversation.bare == frames


async def test_the_end_of_one_response_drops_nothing_of_another_that_waits() -> None:
    async with talking() as conversation:
        cancelled = conversation.say(2)
        others = [str(frame).replace("resp_1", "resp_2") for frame in cancelled]
        for frame in others:
            conversation.provider.listener.message_received(frame)
        (_, end) = WIRE.interruption
        conversation.provider.listener.message_received(end)
        assert conversation.bare == cancelled
        await asyncio.sleep(0.05)
        assert conversation.bare == [*cancelled, *others, end]
        # Two messages of one stream: a batch each.
        assert conversation.metrics.batch_size.total == 2


async def test_a_provider_that_leaves_is_heard_out_first() -> None:
    async with talking() as conversation:
        frames = conversation.say(3)
        conversation.provider.listener.gone(PeerClosed(4001, "that was all"))
        ending = await ended(conversation)
        assert (ending.by, ending.code, ending.reason) == ("provider", 4001, "that was all")
        assert conversation.bare == frames
        assert conversation.app.closed == (4001, "that was all")
        assert conversation.provider.closed is None


async def test_after_the_end_nothing_is_sent_or_predicted() -> None:
    async with talking() as conversation:
        conversation.say(3)
        conversation.app.listener.gone(PeerClosed(1000))
        await ended(conversation)
        sent, batches = len(conversation.app.sent), conversation.metrics.batch_size.total
        conversation.say(3)
        await asyncio.sleep(0.02)
        assert len(conversation.app.sent) == sent
        assert conversation.metrics.batch_size.total == batches


async def test_a_whole_burst_is_read_at_once() -> None:
    async with talking() as conversation:
        # A minute of audio: what comes behind it is not kept waiting in the provider's socket.
        frames = conversation.say(600)
        assert not conversation.provider.held
        await until(lambda: len(conversation.app.sent) == 600)
        assert conversation.bare == frames


async def test_a_provider_with_too_much_in_waiting_is_read_no_further_until_it_is_less() -> None:
    async with talking() as conversation:
        # 20 s of audio in 2.3 MB, in its frame and decoded.
        frames = conversation.say(7, chunk=bytes(960_000))
        assert not conversation.provider.held
        frames += conversation.say(1, first=7, chunk=bytes(960_000))
        assert conversation.provider.held
        await until(lambda: len(conversation.app.sent) == len(frames))
        assert not conversation.provider.held
        assert conversation.bare == frames


async def test_small_messages_count_for_what_they_take_in_memory() -> None:
    async with talking() as conversation:
        conversation.say(1)
        for _ in range(30_000):
            conversation.provider.listener.message_received("x")
        assert not conversation.provider.held
        for _ in range(5_000):
            conversation.provider.listener.message_received("x")
        assert conversation.provider.held
        await until(lambda: len(conversation.app.sent) == 35_001)
        assert not conversation.provider.held


async def test_after_an_interruption_a_burst_goes_on_bare_over_turns_of_the_loop() -> None:
    async with talking() as conversation:
        frames = conversation.say(600)
        (interruption, *_) = WIRE.interruption
        conversation.provider.listener.message_received(interruption)
        after = conversation.say(1, first=600)
        # Nobody else waits until all of it is sent.
        assert 0 < len(conversation.app.sent) < 600
        for _ in range(10):
            await asyncio.sleep(0)
        assert conversation.bare[:601] == [*frames, interruption]
        assert all(
            json.loads(frame)["mascotVisemes"]["visemes"] == [] for frame in conversation.app.sent[:600]
        )
        await until(lambda: len(conversation.app.sent) == 602)
        assert conversation.bare[601:] == after


async def test_what_a_slow_app_does_not_take_waits_where_it_is_counted() -> None:
    async with talking() as conversation:
        frames = conversation.say(3)
        conversation.app.listener.congested()
        await asyncio.sleep(0.05)
        conversation.provider.listener.message_received("behind it")
        assert not conversation.app.sent
        conversation.app.listener.relieved()
        assert conversation.bare == [*frames, "behind it"]
        assert not conversation.provider.held


async def test_who_speaks_to_a_peer_that_takes_no_more_is_held() -> None:
    async with talking() as conversation:
        app, provider = conversation.app, conversation.provider
        app.listener.congested()
        assert (provider.held, app.held) == (True, False)
        provider.listener.congested()
        assert (provider.held, app.held) == (True, True)
        app.listener.relieved()
        provider.listener.relieved()
        assert (provider.held, app.held) == (False, False)


@pytest.mark.parametrize(("side", "code"), [("app", 1000), ("provider", 1011)])
async def test_a_peer_that_takes_nothing_for_too_long_counts_as_gone(side: str, code: int) -> None:
    async with talking(stall_seconds=0.05) as conversation:
        slow, other = (
            (conversation.app, conversation.provider)
            if side == "app"
            else (conversation.provider, conversation.app)
        )
        for _ in range(3):
            slow.listener.congested()
            await asyncio.sleep(0.02)
            slow.listener.relieved()
        assert not conversation.ending.done()
        slow.listener.congested()
        ending = await ended(conversation)
        assert (ending.by, ending.code, ending.reason) == (side, code, "reads too slowly")
        assert other.closed == (code, "reads too slowly")
        assert not other.held


async def test_an_error_of_ours_ends_the_conversation_and_is_not_swallowed() -> None:
    async with talking() as conversation:
        conversation.provider.breaks_its_word = True
        conversation.app.listener.message_received("x")
        with pytest.raises(ZeroDivisionError):
            await ended(conversation)
