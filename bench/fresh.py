"""Measure the time to start; `bench.model_speed` runs this in a new process. It prints one JSON object.

The top of this module imports the standard library only, so that the package's own imports are timed.
"""

from __future__ import annotations

import json
import sys
import time

from bench.machine import status


def main() -> None:
    """Import the package, load a model and run inference once."""
    threads = {"python": status("Threads")}
    start = time.perf_counter()
    import numpy as np  # noqa: PLC0415 - its import is what is timed

    threads["numpy"] = status("Threads")
    import mascot_visemes as mv  # noqa: PLC0415 - likewise

    imported = time.perf_counter()
    engine = mv.load(sys.argv[1])
    loaded = time.perf_counter()
    threads["loaded"], memory = status("Threads"), status("VmHWM")
    engine.predict(np.zeros(16000, np.int16), sample_rate=16000)
    threads["predicted"] = status("Threads")
    answer = {
        "import_ms": 1000 * (imported - start),
        "load_ms": 1000 * (loaded - imported),
        "total_ms": 1000 * (loaded - start),
        "threads": threads,
        "peak_kib": memory,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
