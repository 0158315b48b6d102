"""The command ``mascot-visemes``: audio in, mouth shapes out as text."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import mascot_visemes
from mascot_visemes.errors import OutputError, VisemeError
from mascot_visemes.formats import FORMATS, Track, json_line
from mascot_visemes.plot import LONGEST_SECONDS, Plot
from mascot_visemes.progress import shown
from mascot_visemes.reading import PIPE_BLOCK_MS, open_audio
from mascot_visemes.registry import available_models, load, model_language
from mascot_visemes.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mascot_visemes.events import VisemeEvent
    from mascot_visemes.stream import Stream

_STDIN = "-"
_BAD_INPUT = 2
_INTERRUPTED = 130

# Blendshapes are weights; the events of a set that has them are those of another set.
_SETS = tuple(name for name, shapes in SHAPES.items() if not shapes.blendshapes)


class _Print(argparse.Action):
    """An option that prints a text and ends the command, as ``--help`` does; the text is made only then."""

    def __init__(
        self, option_strings: Sequence[str], dest: str, *, text: Callable[[], str], **rest: Any
    ) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **rest)
        self._text = text

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        sys.stdout.write(self._text())
        parser.exit()


def _models() -> str:
    return "".join(f"{model}\t{model_language(model)}\n" for model in available_models())


def _version() -> str:
    return f"mascot-visemes {mascot_visemes.__version__}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mascot-visemes",
        description="Print the mouth shapes of a recording: when (ms) and which.",
        epilog=f"Files are heard in blocks of a minute. Standard input is heard every 100 ms, and printed at once as "
        f"jsonl. Formats other than WAV, --plot (of the first {LONGEST_SECONDS} s) and a bar on long files need: "
        "pip install 'mascot-visemes[cli]'",
    )
    parser.add_argument(
        "audio",
        metavar="FILE",
        help="WAV, MP3, FLAC, OGG and others, 8000 to 48000 Hz; - reads WAV from standard input",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")
    parser.add_argument("--model", default="default", help=f"one of: {', '.join(available_models())}")
    parser.add_argument(
        "--shapes", choices=_SETS, help="viseme set (default: sapi, or what the format is made for)"
    )
    parser.add_argument("--format", default="jsonl", choices=tuple(FORMATS), help="default: jsonl")
    parser.add_argument(
        "--rate",
        type=int,
        metavar="HZ",
        help="the input has no header: mono PCM16, little-endian, at this rate",
    )
    parser.add_argument("--plot", metavar="PNG", help="draw waveform, spectrogram and visemes")
    parser.add_argument(
        "--list-models", action=_Print, text=_models, help="print the models and their languages, and exit"
    )
    parser.add_argument("--version", action=_Print, text=_version, help="print the version and exit")
    return parser


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    args = parser.parse_args(argv)
    made_for = "rhubarb" if args.format.startswith("rhubarb-") else None
    if made_for and args.shapes not in (None, made_for):
        parser.error(f"argument --shapes: --format {args.format} has the shapes of {made_for} only")
    args.shapes = args.shapes or made_for or "sapi"
    return args


def _heard(stream: Stream, blocks: Iterator[NDArray[np.float32]]) -> Iterator[list[VisemeEvent]]:
    """The events of each block, then that of the end."""
    for block in blocks:
        yield stream.accept_waveform(block)
    yield stream.input_finished()


@contextlib.contextmanager
def _output(path: str | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    try:
        with Path(path).open("w", encoding="utf-8", newline="\n") as file:
            yield file
    except OSError as error:
        raise OutputError(path, error.strerror or str(error)) from error


def _printed(batches: Iterator[list[VisemeEvent]], output: str | None, *, keep: bool) -> list[VisemeEvent]:
    """Write JSON lines as they come; returns the events if they are to be kept."""
    events: list[VisemeEvent] = []
    # Input that cannot be used mostly shows by its first block, before there is an output.
    first = next(batches)
    with _output(output) as out:
        for batch in itertools.chain((first,), batches):
            out.writelines(map(json_line, batch))
            out.flush()
            if keep:
                events += batch
    return events


def _run(args: argparse.Namespace) -> None:
    engine = load(args.model, shapes=args.shapes)
    plot = Plot(args.plot) if args.plot else None
    by_line = args.format == "jsonl"
    source, block_ms = (sys.stdin.buffer, PIPE_BLOCK_MS) if args.audio == _STDIN else (args.audio, None)
    with open_audio(source, raw_rate=args.rate, block_ms=block_ms) as recording:
        stream = engine.create_stream(sample_rate=recording.rate)
        # A bar between lines of output would spoil both.
        mixed = by_line and args.output is None and sys.stdout.isatty()
        blocks = recording.blocks if mixed else shown(recording)
        batches = _heard(stream, plot.keep(blocks, recording.rate) if plot else blocks)
        if by_line:
            events = _printed(batches, args.output, keep=plot is not None)
        else:
            events = list(itertools.chain.from_iterable(batches))
    duration_ms = -(-stream.samples * 1000 // recording.rate)
    track = Track(args.audio, engine.model, engine.shapes, engine.visemes[0], duration_ms, events)
    if not by_line:
        with _output(args.output) as out:
            out.write(FORMATS[args.format](track))
            out.flush()
    if plot:
        plot.draw(track, engine.visemes)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments without the program's name; those of the process if not given.

    Returns:
        Exit status: 0; 2 for input that cannot be used, the reason being on stderr; 130 if interrupted.
    """
    args = _arguments(argv)
    try:
        _run(args)
    except VisemeError as error:
        sys.stderr.write(f"mascot-visemes: {error}\n")
        return _BAD_INPUT
    except BrokenPipeError:
        # Whoever reads has had enough (`| head`); without this the interpreter would complain while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0
