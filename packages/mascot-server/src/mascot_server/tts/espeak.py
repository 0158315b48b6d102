"""espeak-ng, by the package espeakng-loader: every language there is, in a voice that is plainly a machine's."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from anyio import CancelScope

from mascot_server.errors import BadRequest, Unavailable
from mascot_server.tts.engine import Speech, Voice

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Sequence

__all__ = ["EspeakEngine"]

logger = logging.getLogger(__name__)

_PROCESS: Final = Path(__file__).with_name("espeak_process.py")
_WORDS_PER_MINUTE: Final = 175
"""espeak-ng's own speed."""
_FEMALE: Final = "+f3"
_BLOCK_BYTES: Final = 1 << 13


class EspeakEngine:
    """Speaks with espeak-ng, each text in a process of its own.

    Args:
        library: The shared library.
        data: The folder `espeak-ng-data`.
    """

    def __init__(self, library: Path, data: Path) -> None:
        self._command = (sys.executable, "-I", "-S", str(_PROCESS), str(library), str(data))
        self._voices: tuple[Voice, ...] = ()

    @classmethod
    def installed(cls) -> EspeakEngine | None:
        """Return the engine, or `None` if the extra `tts` is not installed."""
        try:
            loader = importlib.import_module("espeakng_loader")
        except ImportError:
            return None
        return cls(Path(loader.get_library_path()), Path(loader.get_data_path()))

    async def voices(self) -> Sequence[Voice]:
        """Return a male and a female voice of each language."""
        if not self._voices:
            async with self._process({}) as (_, answer):
                # A language that is listed twice is spoken by the first of the two.
                names = {language: name for name, language in reversed(answer["voices"])}
                self._voices = tuple(
                    Voice(f"{language}{variant}", names[language], language, gender)
                    for language in sorted(names)
                    for variant, gender in (("", "male"), (_FEMALE, "female"))
                )
        return self._voices

    @asynccontextmanager
    async def synthesise(self, text: str, voice: str, speed: float) -> AsyncIterator[Speech]:
        """Speak a text, clause by clause; see ``Engine.synthesise``."""
        if all(voice != known.id for known in await self.voices()):
            raise BadRequest("Invalid voice ID specified")
        request = {"text": text, "voice": voice, "rate": round(_WORDS_PER_MINUTE * speed)}
        async with self._process(request) as (process, answer):
            yield Speech(answer["sample_rate"], _blocks(process))

    @asynccontextmanager
    async def _process(self, request: dict[str, Any]) -> AsyncIterator[tuple[Process, Any]]:
        """Start the process and yield it with the first line of its output; kill it at the end."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            assert process.stdin is not None  # noqa: S101 - and below, they are pipes
            assert process.stdout is not None  # noqa: S101
            process.stdin.write(json.dumps(request).encode())
            process.stdin.close()
            line = await process.stdout.readline()
            if not line:
                await _check(process)
            yield process, json.loads(line)
        finally:
            with CancelScope(shield=True):
                if process.returncode is None:
                    process.kill()
                await process.communicate()


async def _blocks(process: Process) -> AsyncIterator[bytes]:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    while block := await process.stdout.read(_BLOCK_BYTES):
        yield block
    await _check(process)


async def _check(process: Process) -> None:
    """Raise if the process failed or said nothing."""
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    said = (await process.stderr.read()).decode(errors="replace").strip()
    status = await process.wait()
    if status or said:
        logger.error("espeak-ng ended with status %d: %s", status, said.rpartition("\n")[2])
        raise Unavailable("The built-in speech engine failed")
