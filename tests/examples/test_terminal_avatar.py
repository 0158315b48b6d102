"""examples/terminal_avatar.py, in a pipe and in a terminal."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from itertools import pairwise

import numpy as np
import pytest
from support.programs import ROOT, command, environment, run_example

from examples.demo.drawing import letters
from examples.offline import offline
from examples.terminal import half_blocks

QUESTION, ANSWER = (
    "Where does the ferry leave?",
    "Of course. The blue ferry leaves for Marble Bay at half past five,",
)


@pytest.mark.parametrize("provider", ["elevenlabs", "openai", "gemini"])
def test_a_pipe_gets_the_conversation_line_by_line(provider: str) -> None:
    ran = run_example("terminal_avatar", "--provider", provider, "--fast", QUESTION)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert f"you: {QUESTION}" in lines
    assert any(line.startswith(f"agent: {ANSWER}") for line in lines)
    assert "\x1b" not in ran.stdout
    drawn = "".join(below.strip() for line, below in pairwise(lines) if " s  " in line)
    # A column is 40 ms: the answer alone takes some six seconds, of which a busy machine may miss a part.
    assert len(drawn) > 60
    assert len(set(drawn)) > 8
    assert letters([0]) * 5 in drawn


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (44, 20)])
def test_a_terminal_gets_a_face(columns: int, rows: int) -> None:
    shown = in_terminal(columns, rows, "--provider", "openai", "--fast", QUESTION)
    begin, end = shown.index("\x1b[?1049h"), shown.index("\x1b[?1049l")
    drawing = shown[begin:end]
    assert "▀" in drawing
    assert "\x1b[38;2;" in drawing
    assert ("openai (simulated)" in drawing) == (columns >= 60)
    # After the first picture only lines with the mouth or the eyes are drawn again.
    assert max(map(int, re.findall(r"\x1b\[(\d+);1H", drawing))) == rows
    assert drawing.count(f"\x1b[{rows};1H") < 5 < drawing.count(f"\x1b[{rows * 2 // 3 + 1};1H")
    # No line is wider than the terminal.
    for line in re.split(r"\x1b\[\d+;1H", drawing)[1:]:
        assert len(re.sub(r"\x1b\[[^A-Za-z]*[A-Za-z]", "", line)) <= columns
    assert f"you: {QUESTION}\r\nagent: {ANSWER}" in shown[end:]


def in_terminal(columns: int, rows: int, *arguments: str) -> str:
    """Runs the example in a terminal of that size; returns all that it wrote there."""
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
    termios = pytest.importorskip("termios", reason="Windows has no pseudo-terminals")
    terminal, programs_end = pty.openpty()
    termios.tcsetwinsize(programs_end, (rows, columns))
    with subprocess.Popen(
        command("terminal_avatar", *arguments),
        cwd=ROOT,
        env=environment(COLORTERM="truecolor"),
        stdin=programs_end,
        stdout=programs_end,
        stderr=programs_end,
    ) as process:
        os.close(programs_end)
        written = b""
        # Where the other end is closed, Linux says so by an error.
        with suppress(OSError):
            while some := os.read(terminal, 1 << 16):
                written += some
    os.close(terminal)
    assert process.returncode == 0, written.decode()
    return written.decode()


def test_with_keys_and_addresses_of_yours_nothing_is_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "MASCOT_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with offline("openai", speed=10):
        names = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "MASCOT_BASE_URL", "MASCOT_API_KEY")
        ran = run_example("terminal_avatar", "--fast", QUESTION, **{name: os.environ[name] for name in names})
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"agent: {ANSWER}" in ran.stdout


def test_a_server_that_is_not_there() -> None:
    nowhere = {"MASCOT_BASE_URL": "http://127.0.0.1:9", "MASCOT_API_KEY": "key"}
    ran = run_example(
        "terminal_avatar", "--provider", "elevenlabs", "--fast",
        ELEVENLABS_API_KEY="sk_yours", ELEVENLABS_AGENT_ID="agent_yours", **nowhere,
    )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr.startswith("terminal_avatar: no response from http://127.0.0.1:9: ")
    assert "sk_yours" not in ran.stderr + ran.stdout


def test_a_key_that_the_provider_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "MASCOT_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with offline("openai"):
        names = ("OPENAI_BASE_URL", "MASCOT_BASE_URL", "MASCOT_API_KEY")
        addresses = {name: os.environ[name] for name in names}
        ran = run_example("terminal_avatar", "--fast", OPENAI_API_KEY="sk-other", **addresses)
    assert ran.returncode == 1
    assert ran.stderr.startswith("terminal_avatar: Error code: 401")
    assert "Traceback" not in ran.stderr


def test_sound_is_in_real_time() -> None:
    ran = run_example("terminal_avatar", "--sound", "--fast")
    assert ran.returncode == 2
    assert "--sound: cannot be combined with --fast" in ran.stderr


class TestHalfBlocks:
    @pytest.fixture
    def pixels(self) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        red, blue = (255, 0, 0), (0, 0, 95)
        return np.array([[red, red, blue], [blue, blue, blue]], np.uint8)

    def test_exact_colours(
        self, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLORTERM", "truecolor")
        assert list(half_blocks(pixels)) == ["\x1b[38;2;255;0;0;48;2;0;0;95m▀▀\x1b[38;2;0;0;95;48;2;0;0;95m▀"]

    def test_the_nearest_of_256_colours(
        self, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("COLORTERM", raising=False)
        assert list(half_blocks(pixels + np.uint8(0))) == ["\x1b[38;5;196;48;5;17m▀▀\x1b[38;5;17;48;5;17m▀"]
