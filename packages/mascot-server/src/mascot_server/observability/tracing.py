"""OpenTelemetry spans of conversations: one per session, with a child span for each turn of the agent.

The spans use OpenTelemetry's API. The operator chooses the SDK and the exporter; without them the spans are dropped. If
tracing is off, nothing is imported and frames have no overhead.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from mascot_server.errors import SettingsError
from mascot_server.providers.codec import Audio, Interrupted, TurnEnded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.trace import Span, Tracer

    from mascot_server.providers.codec import Codec, Event, Frame
    from mascot_server.relay.relay import Ending

__all__ = ["NoTracing", "OpenTelemetry", "SessionTrace", "Tracing", "tracing"]


class SessionTrace(Protocol):
    """The trace of one conversation."""

    def watch(self, codec: Codec) -> Codec:
        """Wrap a codec so that turns are traced."""

    def ended(self, ending: Ending) -> None:
        """Record how the conversation ended."""


class Tracing(Protocol):
    """Traces conversations, if tracing is enabled."""

    def session(self, session_id: str, provider: str) -> Any:
        """Return a context manager around one conversation that yields its `SessionTrace`."""


class NoTracing:
    """Traces nothing. An instance is also its own session trace."""

    @contextmanager
    def session(self, session_id: str, provider: str) -> Iterator[SessionTrace]:  # noqa: ARG002 - the protocol's
        """Return this object."""
        yield self

    def watch(self, codec: Codec) -> Codec:
        """Return the codec unchanged."""
        return codec

    def ended(self, ending: Ending) -> None:
        """Do nothing."""


class OpenTelemetry:
    """Traces with OpenTelemetry's global tracer provider."""

    def __init__(self) -> None:
        try:
            from opentelemetry import trace  # noqa: PLC0415 - an extra
        except ImportError:
            raise SettingsError(
                "MASCOT_TRACING: needs OpenTelemetry: pip install 'mascot-server[otel]'"
            ) from None
        self._trace = trace
        self._tracer = trace.get_tracer("mascot_server")

    @contextmanager
    def session(self, session_id: str, provider: str) -> Iterator[SessionTrace]:
        """Open a span around one conversation."""
        attributes = {"mascot.session": session_id, "mascot.provider": provider}
        # The text of an exception may contain data of an app or a provider, which must not reach the exporter.
        with self._tracer.start_as_current_span(
            "session", attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            traced = _Session(self._tracer, span, self._trace.set_span_in_context(span))
            try:
                yield traced
            except Exception as error:
                span.set_status(self._trace.StatusCode.ERROR)
                span.set_attribute("error.type", type(error).__qualname__)
                raise
            finally:
                traced.turn_ended("session ended")


class _Session:
    def __init__(self, tracer: Tracer, span: Span, context: Any) -> None:
        self._tracer = tracer
        self._span = span
        self._context = context
        self._turn: Span | None = None
        self._audio_ms = 0.0

    def watch(self, codec: Codec) -> Codec:
        return _WatchedCodec(codec, self)

    def ended(self, ending: Ending) -> None:
        self._span.set_attributes({"mascot.closed_by": ending.by, "mascot.close_code": ending.code})

    def see(self, event: Event) -> None:
        match event:
            case Audio():
                if self._turn is None:
                    self._turn = self._tracer.start_span("turn", context=self._context)
                    self._audio_ms = 0.0
                self._audio_ms += event.format.duration_ms(len(event.data))
            case Interrupted():
                self.turn_ended("interrupted")
            case TurnEnded():
                self.turn_ended("complete")

    def turn_ended(self, how: str) -> None:
        if self._turn is not None:
            self._turn.set_attributes({"mascot.turn_end": how, "mascot.audio_ms": self._audio_ms})
            self._turn.end()
            self._turn = None


class _WatchedCodec:
    """A codec that reports its events to a trace."""

    def __init__(self, codec: Codec, session: _Session) -> None:
        self._codec = codec
        self._session = session

    @property
    def closing(self) -> bool:
        return self._codec.closing

    def see(self, frame: Frame) -> tuple[Event, ...]:
        events = self._codec.see(frame)
        for event in events:
            self._session.see(event)
        return events

    def attach(self, frame: Frame, audio: Audio, payload: str, /) -> tuple[Frame, ...]:
        return self._codec.attach(frame, audio, payload)

    def see_client(self, frame: Frame) -> Frame:
        return self._codec.see_client(frame)


def tracing(*, enabled: bool) -> Tracing:
    """Return the tracing of conversations.

    Raises:
        SettingsError: It is enabled and OpenTelemetry is not installed.
    """
    return OpenTelemetry() if enabled else NoTracing()
