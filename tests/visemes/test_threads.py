"""What loading the model and predicting starts, or wakes, beside the caller's thread: nothing."""

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


BUSY = """
import json, os
import numpy as np
import mascot_visemes as mv

def ticks():
    spent = {}
    for task in os.listdir("/proc/self/task"):
        # After the name, which may have blanks in it: state, ten numbers more, user time, system time.
        fields = open(f"/proc/self/task/{task}/stat").read().rpartition(")")[2].split()
        spent[task] = int(fields[11]) + int(fields[12])
    return spent

engine = mv.load("default", shapes="arkit")
pcm = np.random.default_rng(0).normal(0, 3000, 60 * 24000).astype(np.int16)
before = ticks()
engine.predict(pcm, sample_rate=24000)
engine.weights(pcm, sample_rate=24000)
streams = [engine.create_stream(sample_rate=24000) for _ in range(64)]
for chunk in np.split(pcm[:24000], 10):
    engine.run_together(streams, [chunk] * 64)
after = ticks()
spent = {task: after[task] - before.get(task, 0) for task in after}
print(json.dumps([spent.pop(str(os.getpid())), sum(spent.values())]))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="times of threads are read in /proc")
def test_predicting_is_the_work_of_one_thread() -> None:
    limits = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"}
    environment = {k: v for k, v in os.environ.items() if k not in limits}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", BUSY], env=environment, capture_output=True, text=True, check=True
    )
    ours, others = json.loads(done.stdout)
    assert ours > 0
    assert others == 0
