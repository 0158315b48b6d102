"""Talks to each simulated provider by its official SDK, through a real server, and draws the mouth.

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
        heard: What the app got through the server.
        sent: What the provider sent, message by message.
        added_ms: For each message, how much later it came than without the server, in milliseconds.
    """

    heard: Heard
    sent: Sequence[AudioSent]
    added_ms: Sequence[float]

    @property
    def audio_ms(self) -> float:
        """Length of all audio."""
        return sum(visemes.audio_duration_ms for visemes in self.heard.visemes)

    @property
    def shapes(self) -> list[tuple[float, int]]:
        """Every change of the mouth, in milliseconds from the start of the first message."""
        return [
            (start + viseme.offset_ms, int(viseme.id))
            for start, visemes in zip(self._starts, self.heard.visemes, strict=True)
            for viseme in visemes.visemes
        ]

    @property
    def words(self) -> list[tuple[float, str]]:
        """Every word spoken, at the start of the message it begins in."""
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
        """What ``--json`` prints."""
        percentiles = statistics.quantiles(self.added_ms, n=100, method="inclusive")
        return {
            "audio_ms": round(self.audio_ms),
            "visemes": len(self.shapes),
            "chunks": len(self.heard.audio),
            "added_ms_p50": round(percentiles[49], 2),
            "added_ms_p99": round(percentiles[98], 2),
        }


def converse(on: Stage, provider: str) -> Result:
    """Holds a provider's conversation directly, for comparison, and then through the server.

    Raises:
        SystemExit: What arrived is not what was sent.
    """
    direct, _, _ = _hold(on, provider, through_server=False)
    through, heard, sent = _hold(on, provider, through_server=True)
    if len(heard.visemes) != len(heard.audio):
        raise SystemExit(
            f"{provider}: {len(heard.audio)} messages came with {len(heard.visemes)} viseme payloads"
        )
    return Result(heard, sent, [1000 * (b - a) for a, b in zip(direct, through, strict=True)])


def _hold(on: Stage, provider: str, *, through_server: bool) -> tuple[list[float], Heard, list[AudioSent]]:
    """Holds a conversation; returns each message's delay in seconds, what was heard, and what was sent."""
    before = len(on.sent)
    heard = CONVERSATIONS[provider](on, through_server=through_server)
    sent = on.sent[before:]
    if heard.audio != [message.pcm for message in sent]:
        raise SystemExit(f"{provider}: the audio that arrived is not what was sent")
    delays = [arrived - message.time for arrived, message in zip(heard.times, sent, strict=True)]
    return delays, heard, sent


def report(provider: str, result: Result) -> Iterator[str]:
    """Describes a conversation for people."""
    figures = result.figures()
    yield f"{provider}: {figures['audio_ms'] / 1000:.1f} s of audio in {figures['chunks']} messages, unchanged"
    yield (
        f"  {figures['visemes']} viseme events, added latency "
        f"{figures['added_ms_p50']:.1f} ms (median), {figures['added_ms_p99']:.1f} ms (99 %)"
    )
    yield from draw(result.shapes, result.words, result.audio_ms)
    yield ""


def main() -> None:
    """Runs the demo."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print figures only, as one JSON object")
    parser.add_argument(
        "--viseme-model",
        choices=SPOKEN,
        default="default",
        help="model that moves the mouth; agents speak its language (%(default)s)",
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
