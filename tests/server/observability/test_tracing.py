"""OpenTelemetry spans of sessions and turns."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from support.apps import dial, first_of, told
from support.servers import run_server, run_simulators

from mascot_server.observability.tracing import tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def exported() -> InMemorySpanExporter:
    """Takes the spans of this process; OpenTelemetry lets a provider be set only once."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


async def test_a_session_is_a_span_with_a_span_for_each_turn(exported: InMemorySpanExporter) -> None:
    with run_simulators(burst=math.inf, playback=math.inf) as providers:
        with run_server(providers.origin, tracing=True) as server:
            async with await dial(server, "openai") as connection:
                await first_of(connection, "session.created")
                for _ in range(2):
                    await connection.send('{"type":"response.create"}')
                    await first_of(connection, "response.done")
                await asyncio.gather(connection.close(), told(connection))
    session = next(span for span in exported.get_finished_spans() if span.name == "session")
    turns = [span for span in exported.get_finished_spans() if span.name == "turn"]
    assert attributes(session)["mascot.provider"] == "openai"
    assert attributes(session)["mascot.closed_by"] == "app"
    assert attributes(session)["mascot.close_code"] == 1000
    assert len(turns) == 2
    for turn in turns:
        assert turn.parent is not None
        assert turn.parent.span_id == session.context.span_id
        assert attributes(turn)["mascot.turn_end"] == "complete"
    sent_ms = sum(1000 * len(sent.pcm) / 2 / sent.sample_rate for sent in providers.sent)
    traced_ms = sum(float(str(attributes(turn)["mascot.audio_ms"])) for turn in turns)
    assert traced_ms == pytest.approx(sent_ms, abs=1)


def test_the_text_of_an_exception_is_not_exported(exported: InMemorySpanExporter) -> None:
    exported.clear()
    with pytest.raises(ValueError, match="said"), tracing(enabled=True).session("s1", "openai"):
        raise ValueError("what somebody said")
    (span,) = exported.get_finished_spans()
    assert span.status.status_code is trace.StatusCode.ERROR
    assert attributes(span)["error.type"] == "ValueError"
    assert "said" not in span.to_json()


async def test_without_it_nothing_is_traced(exported: InMemorySpanExporter) -> None:
    exported.clear()
    with run_simulators(burst=math.inf, playback=math.inf) as providers:
        with run_server(providers.origin) as server:
            async with await dial(server, "openai") as connection:
                await first_of(connection, "session.created")
    assert exported.get_finished_spans() == ()
