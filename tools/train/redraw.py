"""Draws the graph of a network that attends anew, from its ONNX file, after `tools.train.onnx_encoder` has changed.

::

    python -m tools.train.redraw --network default.onnx --corpus CORPORA/en CORPORA/de

The products keep their weights and ranges to the bit; no training is needed. The levels of the keys and values that a
stream keeps are taken on speech of the corpora, unless the file has them.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from bench.corpus import evenly, read_audio
from mascot_visemes.features import BANDS, FeatureStream
from tools.train.encoder import WIDTH
from tools.train.graph import Product, Range
from tools.train.onnx_encoder import Parts, attention_products, drawn, kept_levels
from tools.train.onnx_parts import model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from onnx import GraphProto, ModelProto

    Floats = NDArray[np.float32]

_SECONDS = 4  # of each utterance
_UTTERANCES = 40  # of each listing


def parts_from(made: ModelProto, steps: Callable[[], Floats]) -> Parts:
    """What a file's graph is drawn of.

    Args:
        made: Written by `tools.train.export`, now or before keys and values were rounded.
        steps: Returns speech to take levels of keys and values from where the file has none, shape (batch, steps,
            2 * BANDS).
    """
    graph = made.graph
    constants = _constants(graph)
    weights, names = {}, ["frames", "steps"]
    kinds = {kind: [n for n in graph.node if n.op_type == kind] for kind in {n.op_type for n in graph.node}}
    rounded = "Cast" in kinds  # keys and values are
    tables = [constants[n.input[0]] for n in kinds["Gather"] if n.input[0] in constants]
    for layer, table in enumerate(tables):
        weights[f"layers.{layer}.distance"] = table[:, :-1]
        attending = ("kept", "query") if rounded else ("attention_in",)
        names += [f"layers.{layer}.{part}" for part in (*attending, "attention_out", "up", "down")]
    norms = [f"layers.{layer}.{part}" for layer in range(len(tables)) for part in ("attention_norm", "norm")]
    for name, node in zip([*norms, "norm"], kinds["LayerNormalization"], strict=True):
        weights |= {
            f"{name}.{part}": constants[i] for part, i in zip(("weight", "bias"), node.input[1:], strict=True)
        }
    weights["mean"], weights["scale"] = (constants[kinds[kind][0].input[1]] for kind in ("Sub", "Mul"))
    weights["position"] = next(
        constants[n.input[1]]
        for n in kinds["Add"]
        if n.input[1] in constants and constants[n.input[1]].shape == (WIDTH,)
    )
    found = dict(
        zip([*names, "encoded", "bands", "gru.0.input", "late", "early"], _products(graph), strict=True)
    )
    (scan,) = kinds["Scan"]
    gates = _products(scan.attribute[0].g)
    products = found | dict(zip(("gru.0.both", "gru.0.new"), gates, strict=True))
    scales = [constants[n.input[1]] for n in kinds["Mul"] if n.input[1] in constants]
    kept = [scale for scale in scales if scale.shape == (WIDTH,)]
    levels = [] if kept else _levels(made, len(tables), steps())
    for layer, its_levels in enumerate(levels):
        name = f"layers.{layer}"
        products |= attention_products(name, products.pop(f"{name}.attention_in"), its_levels)
        kept.append(its_levels[WIDTH:])
    for layer, its_levels in enumerate(kept):
        weights[f"layers.{layer}.value_levels"] = its_levels
    return Parts(products, weights)


def _constants(graph: GraphProto) -> dict[str, Floats]:
    return {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}


def _products(graph: GraphProto) -> list[Product]:
    """Products of a graph, in order."""
    constants = _constants(graph)
    found = []
    for node in graph.node:
        if node.op_type == "MatMulIntegerToFloat":
            levels, scale, scales, zero, _, bias = (constants[name] for name in node.input[1:])
            found.append(Product(Range(float(scale), int(zero)), levels, scales, bias))  # type: ignore[arg-type]
    return found


def _levels(made: ModelProto, layers: int, steps: Floats) -> list[Floats]:
    """Each layer's levels of keys and values: the greatest of each on speech is the last level."""
    watched = onnx.ModelProto()
    watched.CopyFrom(made)
    attending = [n for n in made.graph.node if n.op_type == "MatMulIntegerToFloat"][2 : 2 + 4 * layers : 4]
    for node in attending:
        watched.graph.output.append(onnx.ValueInfoProto(name=node.output[0]))
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    state = np.zeros((len(steps), session.get_inputs()[1].shape[1]), np.float32)
    answers = session.run([node.output[0] for node in attending], {"steps": steps, "state": state})
    return [kept_levels(answer[..., WIDTH:].reshape(-1, 2 * WIDTH)) for answer in answers]


def speech(corpora: Sequence[Path]) -> Floats:
    """The beginning of some utterances of each listing, shape (utterances, steps, 2 * BANDS)."""
    rows = []
    for folder in corpora:
        for listing in sorted(folder.glob("*.jsonl")):
            entries = [json.loads(line) for line in listing.read_text("utf-8").splitlines()]
            for entry in evenly(entries, _UTTERANCES):
                samples, rate = read_audio(listing.parent / entry["audio"])
                part = np.resize(samples, _SECONDS * rate) / np.float32(2**15)
                bands, _ = FeatureStream(rate).push(part.astype(np.float32))
                rows.append(bands.reshape(-1, 2 * BANDS))
    return np.stack(rows)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.train.redraw",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--network", type=Path, required=True, help="ONNX file to write anew")
    parser.add_argument("--corpus", type=Path, nargs="+", required=True, help="folders with <corpus>.jsonl")
    args = parser.parse_args()
    parts = parts_from(onnx.load(args.network), partial(speech, args.corpus))
    made = model(*drawn(parts), labels=parts.labels)
    onnx.checker.check_model(made)
    args.network.write_bytes(made.SerializeToString())


if __name__ == "__main__":
    main()
