"""What loading the model starts beside it: nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, os
import numpy as np

def threads():
    return len(os.listdir("/proc/self/task"))

before = threads()
import mascot_visemes as mv
mv.load("default").predict(np.zeros(16000, np.int16), sample_rate=16000)
print(json.dumps([before, threads()]))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
def test_loading_and_predicting_start_no_thread() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    before, after = json.loads(done.stdout)
    assert after == before
