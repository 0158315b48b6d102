"""Talk to each simulated provider with its official SDK, through a real server, and draw the mouth.

Run from the root of the repository: ``python -m examples.demo``, or ``nox -s demo``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from examples.demo.conversations import CONVERSATIONS
from examples.demo.drawing import draw, legend, show
from examples.demo.stage import SPOKEN, stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from examples.demo.conversations import Heard
    from examples.demo.stage import Stage
    from mascot_server.simulators import AudioSent


@dataclass(frozen=True)
class Result:
    """One provider's conversation.

    Attributes:
        heard: What the app received through the server.
        sent: The messages that the provider sent.
        added_ms: The added latency of each message, in milliseconds: its delay compared with a direct connection.
    """

    heard: Heard
    sent: Sequence[AudioSent]
    added_ms: Sequence[float]

    @property
    def audio_ms(self) -> float:
        """Length of all audio in milliseconds."""
        return sum(visemes.audio_duration_ms for visemes in self.heard.visemes)

    @property
    def shapes(self) -> list[tuple[float, int]]:
        """Pairs of a time, in milliseconds from the start of the first message, and the viseme that starts then."""
        return [
            (start + viseme.offset_ms, int(viseme.id))
            for start, visemes in zip(self._starts, self.heard.visemes, strict=True)
            for viseme in visemes.visemes
        ]

    @property
    def words(self) -> list[tuple[float, str]]:
        """Pairs of a time in milliseconds and a word: the start of the message in which the word begins."""
        return [
            (start, word) for start, sent in zip(self._starts, self.sent, strict=True) for word in sent.words
        ]

    @property
    def _starts(self) -> Iterator[float]:
        start = 0.0
        for visemes in self.heard.visemes:
            yield start
            start += visemes.audio_duration_ms

    def figures(self) -> dict[str, float]:
        """Return the figures that ``--json`` prints."""
        percentiles = statistics.quantiles(self.added_ms, n=100, method="inclusive")
        return {
            "audio_ms": round(self.audio_ms),
            "visemes": len(self.shapes),
            "chunks": len(self.heard.audio),
            "added_ms_p50": round(percentiles[49], 2),
            "added_ms_p99": round(percentiles[98], 2),
        }


def converse(on: Stage, provider: str) -> Result:
    """Hold a conversation directly with the provider, and then the same one through the server.

    Raises:
        SystemExit: The audio that arrived differs from the audio that was sent.
    """
    direct, _, _ = _hold(on, provider, through_server=False)
    through, heard, sent = _hold(on, provider, through_server=True)
    if len(heard.visemes) != len(heard.audio):
        raise SystemExit(
            f"{provider}: {len(heard.audio)} messages came with {len(heard.visemes)} viseme payloads"
        )
    return Result(heard, sent, [1000 * (b - a) for a, b in zip(direct, through, strict=True)])


def _hold(on: Stage, provider: str, *, through_server: bool) -> tuple[list[float], Heard, list[AudioSent]]:
    """Hold a conversation and return the delay of each message in seconds, what was received, and what was sent."""
    before = len(on.sent)
    heard = CONVERSATIONS[provider](on, through_server=through_server)
    sent = on.sent[before:]
    if heard.audio != [message.pcm for message in sent]:
        raise SystemExit(f"{provider}: the audio that arrived differs from the audio that was sent")
    delays = [arrived - message.time for arrived, message in zip(heard.times, sent, strict=True)]
    return delays, heard, sent


def report(provider: str, result: Result) -> Iterator[str]:
    """Return the report of a conversation as lines of text."""
    figures = result.figures()
    yield f"{provider}: {figures['audio_ms'] / 1000:.1f} s of audio in {figures['chunks']} messages, unchanged"
    yield (
        f"  {figures['visemes']} viseme events, added latency "
        f"{figures['added_ms_p50']:.1f} ms (median), {figures['added_ms_p99']:.1f} ms (99 %)"
    )
    yield from draw(result.shapes, result.words, result.audio_ms)
    yield ""


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print figures only, as one JSON object")
    parser.add_argument(
        "--viseme-model",
        choices=SPOKEN,
        default="default",
        help="viseme model; the simulated agents speak its language (default: %(default)s)",
    )
    options = parser.parse_args()
    results = {}
    if not options.json:
        show([*legend(), ""])
    with stage(options.viseme_model) as on:
        for provider in CONVERSATIONS:
            results[provider] = converse(on, provider)
            if not options.json:
                show(report(provider, results[provider]))
    if options.json:
        json.dump({"providers": {name: result.figures() for name, result in results.items()}}, sys.stdout)
        print()


if __name__ == "__main__":
    main()
