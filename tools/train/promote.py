"""Put the model of a run into the package: ``python -m tools.train.promote RUN``.

No other command does that. After it, write the model's card again (``nox -s bench -- card``), and update the documents
that show its figures or samples.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from tools.train.packaged import loaded

MODELS = Path("packages/mascot-visemes/src/mascot_visemes/models")


def main(argv: list[str] | None = None) -> None:
    """Copy the network and its card."""
    p = argparse.ArgumentParser(prog="python -m tools.train.promote", description=__doc__)
    p.add_argument("run", type=Path, help="folder of the run, whose model lies in RUN/model")
    p.add_argument("--models", type=Path, default=MODELS, help="folder of the package's models (%(default)s)")
    args = p.parse_args(argv)
    found = sorted((args.run / "model").glob("*.onnx"))
    if not found:
        raise SystemExit(f"{args.run / 'model'}: there is no model; let the run come to its end")
    for graph in found:
        network = loaded(graph)  # that the package can run it is seen before anything is overwritten
        for path in (graph, graph.with_suffix(".json")):
            shutil.copyfile(path, args.models / path.name)
        print(f"{args.models / graph.name}: {len(network.labels)} labels, {graph.stat().st_size} bytes")


if __name__ == "__main__":
    main()
