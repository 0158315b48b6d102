"""The command ``mascot-visemes``: read audio and print visemes as text."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self, TextIO

import mascot_visemes
from mascot_visemes.errors import AudioFileError, OutputError, VisemeError
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

    from mascot_visemes.engine import Engine
    from mascot_visemes.events import VisemeEvent
    from mascot_visemes.stream import Stream

_STDIN = "-"
_BAD_INPUT = 2
_INTERRUPTED = 130

# A set with blendshapes has the same events as another set.
_SETS = tuple(name for name, shapes in SHAPES.items() if not shapes.blendshapes)


class _Print(argparse.Action):
    """An option that prints a text and exits, like ``--help``. The text is created only if the option is used."""

    def __init__(
        self, option_strings: Sequence[str], dest: str, *, text: Callable[[], str], **rest: Any
    ) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **rest)
        self._text = text

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        with _Output(None) as out:
            out.write(self._text())
        parser.exit()


def _models() -> str:
    return "".join(f"{model}\t{model_language(model)}\n" for model in available_models())


def _version() -> str:
    return f"mascot-visemes {mascot_visemes.__version__}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mascot-visemes",
        description="Print the visemes of a recording with their times in milliseconds.",
        epilog="Files are processed in blocks of 60 s. Standard input is processed in blocks of 100 ms; with --format "
        "jsonl each event is printed immediately. Audio formats other than WAV, --plot (first "
        f"{LONGEST_SECONDS} s) and the progress bar of long files need: pip install 'mascot-visemes[cli]'",
    )
    parser.add_argument(
        "audio",
        nargs="+",
        metavar="FILE",
        help="audio file (WAV, MP3, FLAC, OGG and others), 8000 to 48000 Hz; - reads WAV from standard input. "
        "Several files require -o FOLDER",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="output file, or output folder; in a folder, NAME.wav becomes NAME.jsonl (or the extension of --format) "
        "(default: standard output)",
    )
    parser.add_argument("--model", default="default", help=f"one of: {', '.join(available_models())}")
    parser.add_argument(
        "--shapes", choices=_SETS, help="set of shapes (default: sapi; rhubarb for the rhubarb formats)"
    )
    parser.add_argument(
        "--format", default="jsonl", choices=tuple(FORMATS), help="output format (default: jsonl)"
    )
    parser.add_argument(
        "--rate",
        type=float,
        metavar="HZ",
        help="read the input as mono, little-endian PCM16 without a header, at this sample rate",
    )
    parser.add_argument("--plot", metavar="PNG", help="draw waveform, spectrogram and visemes of one file")
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
        parser.error(
            f"argument --shapes: --format {args.format} supports {made_for} only; leave --shapes out"
        )
    args.shapes = args.shapes or made_for or "sapi"
    if len(args.audio) > 1:
        if args.output is None:
            parser.error("argument -o: several files require an output folder, for example -o visemes")
        if args.plot:
            parser.error("argument --plot: supports one file only")
        if _STDIN in args.audio:
            parser.error("argument FILE: - (standard input) cannot be combined with other files")
    return args


def _jobs(args: argparse.Namespace) -> list[tuple[str, str | None]]:
    """Return each input with its output, ``None`` for standard output.

    Raises:
        OutputError: An output would overwrite an input, or two outputs are the same file.
    """
    output = None if args.output is None else Path(args.output)
    if output is None or (len(args.audio) == 1 and not output.is_dir()):
        jobs = [(audio, args.output) for audio in args.audio]
    else:
        if output.exists() and not output.is_dir():
            raise OutputError(str(output), "it is a file; several files require a folder")
        with _errors_of(output):
            output.mkdir(parents=True, exist_ok=True)
        ending = FORMATS[args.format].ending
        names = ["standard-input" if audio == _STDIN else Path(audio).stem for audio in args.audio]
        jobs = [
            (audio, str(output / f"{name}{ending}")) for audio, name in zip(args.audio, names, strict=True)
        ]
    written: set[str] = set()
    for path in [path for _, path in jobs] + [args.plot]:
        if path is not None:
            _check_output(path, args.audio, written)
            written.add(os.path.realpath(path))
    return jobs


def _check_output(path: str, inputs: Sequence[str], others: set[str]) -> None:
    """Raise ``OutputError`` for an output that would overwrite an input or another output."""
    if os.path.realpath(path) in others:
        raise OutputError(path, "two outputs have this name; choose another name")
    try:
        there = Path(path).stat()
    except (OSError, ValueError):  # ValueError: a null character in the path
        return
    # Devices are not overwritten; /dev/null can be input and output.
    if not stat.S_ISREG(there.st_mode):
        return
    for audio in inputs:
        with contextlib.suppress(OSError, ValueError):
            if os.path.samestat(there, os.fstat(0) if audio == _STDIN else Path(audio).stat()):
                raise OutputError(path, "it is an input file and would be overwritten; choose another name")


def _heard(stream: Stream, blocks: Iterator[NDArray[np.float32]]) -> Iterator[list[VisemeEvent]]:
    """Yield the events of each block, then the event at the end of the audio."""
    for block in blocks:
        yield stream.accept_waveform(block)
    yield stream.input_finished()


@contextlib.contextmanager
def _errors_of(output: object) -> Iterator[None]:
    """Convert errors of the operating system to ``OutputError``."""
    try:
        yield
    except BrokenPipeError:
        raise  # the reader of the pipe has closed it
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(str(output), reason) from error


class _Output:
    """The output for text: a file or standard output.

    Args:
        path: The path of the file; ``None`` for standard output.

    Raises:
        OutputError: The output cannot be opened.
    """

    def __init__(self, path: str | None) -> None:
        self._name = path or "standard output"
        with _errors_of(self._name):
            if path is not None:
                self._file: TextIO = Path(path).open("w", encoding="utf-8", newline="\n")  # noqa: SIM115
            elif sys.stdout is None:
                raise OutputError(self._name, "it is closed")
            else:
                self._file = sys.stdout
        self._close = path is not None

    def write(self, text: str) -> None:
        """Write text immediately.

        Raises:
            OutputError: The text cannot be written.
        """
        with _errors_of(self._name):
            self._file.write(text)
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._close:
            # `write` has already reported errors.
            with contextlib.suppress(OSError):
                self._file.close()


def _printed(batches: Iterator[list[VisemeEvent]], output: str | None, *, keep: bool) -> list[VisemeEvent]:
    """Write JSON lines as the events arrive; return the events if ``keep`` is true, otherwise an empty list."""
    events: list[VisemeEvent] = []
    # Most input errors occur in the first block. Then no output file is created.
    first = next(batches)
    with _Output(output) as out:
        for batch in itertools.chain((first,), batches):
            out.write("".join(map(json_line, batch)))
            if keep:
                events += batch
    return events


def _run(engine: Engine, audio: str, output: str | None, args: argparse.Namespace) -> None:
    plot = Plot(args.plot) if args.plot else None
    by_line = args.format == "jsonl"
    source, block_ms = (_standard_input(), PIPE_BLOCK_MS) if audio == _STDIN else (audio, None)
    with open_audio(source, raw_rate=args.rate, block_ms=block_ms) as recording:
        stream = engine.create_stream(sample_rate=recording.rate)
        # A progress bar between lines of output would make both unreadable.
        mixed = by_line and output is None and sys.stdout is not None and sys.stdout.isatty()
        blocks = recording.blocks if mixed else shown(recording)
        batches = _heard(stream, plot.keep(blocks, recording.rate) if plot else blocks)
        if by_line:
            events = _printed(batches, output, keep=plot is not None)
        else:
            events = list(itertools.chain.from_iterable(batches))
    duration_ms = -(-stream.samples * 1000 // recording.rate)
    track = Track(audio, engine.model, engine.shapes, engine.visemes[0], duration_ms, events)
    if not by_line:
        with _Output(output) as out:
            out.write(FORMATS[args.format].text(track))
    if plot:
        plot.draw(track, engine.visemes)


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise AudioFileError("standard input", "is closed; pass a file instead of -")
    return sys.stdin.buffer


def _run_all(args: argparse.Namespace) -> int:
    """Process every input, also after an input that failed; return the exit status."""
    engine = load(args.model, shapes=args.shapes)
    status = 0
    for audio, output in _jobs(args):
        try:
            _run(engine, audio, output, args)
        except VisemeError as error:
            _complain(error)
            status = _BAD_INPUT
    return status


def _complain(error: VisemeError) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"mascot-visemes: {error}\n")


def _leave_standard_output() -> None:
    """Redirect standard output to the null device, so that the interpreter prints no error when it exits."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: The arguments without the program name. The default is the arguments of the process.

    Returns:
        The exit status: 0 for success, 2 if an input or output cannot be used, 130 if interrupted. For status 2 the
        error is on stderr.
    """
    try:
        return _run_all(_arguments(argv))
    except VisemeError as error:
        _complain(error)
        return _BAD_INPUT
    except BrokenPipeError:
        # The reader of the pipe has closed it, for example `head`.
        return 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        try:
            if sys.stdout is not None:
                sys.stdout.flush()
        except OSError:
            _leave_standard_output()
