"""examples/pipecat_visemes.py: visemes beside the audio of a Pipecat pipeline."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from support.programs import run_example

import mascot_visemes as mv

pytest.importorskip("pipecat_mascot", reason="needs pipecat-mascot: pip install ./packages/pipecat-mascot")


def test_a_whole_pipeline_shows_visemes_in_time() -> None:
    ran = run_example("pipecat_visemes", "--fast", "Of course.")
    assert ran.returncode == 0, ran.stderr
    assert "Deprecat" not in ran.stderr
    rows = re.findall(r"^ *([\d.]+) s  (\w+) *(#*)$", ran.stdout, re.MULTILINE)
    assert len(rows) == len(ran.stdout.splitlines()) > 20
    times = [float(row[0]) for row in rows]
    assert all(a <= b for a, b in pairwise(times))
    assert rows[-1][1:] == ("sil", "")
    assert {row[1] for row in rows} <= set(mv.ARKIT_POSES)


def test_a_service_that_cannot_be_reached() -> None:
    ran = run_example(
        "pipecat_visemes", "--fast",
        CARTESIA_API_KEY="sk_car_yours", CARTESIA_VOICE_ID="yours", CARTESIA_BASE_URL="http://127.0.0.1:9",
    )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].startswith("pipecat_visemes: ")
    assert "sk_car_yours" not in ran.stderr
