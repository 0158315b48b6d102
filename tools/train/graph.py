"""A graph of ONNX in the making, whose matrix products take 8-bit integers.

Inputs of a product are rounded to 256 levels of a range that is fixed in the graph, weights to 129 levels of what each
output's weights span. Since ranges are fixed and sums of integers are exact, a stream's answers are the same whatever
others are in its batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Kernels for x86 without VNNI add pairs of products in 16 bits: 2 * 255 * 64 is the most that fits.
_LEVELS = 64
# What weights may be cut off at, in shares of the largest, when the levels for the rest get finer by it.
_CUTS = np.linspace(0.5, 1.0, 26)


@dataclass(frozen=True, slots=True)
class Range:
    """The values that 256 levels stand for.

    Attributes:
        scale: From one level to the next.
        zero: The level of 0.
    """

    scale: float
    zero: int

    @classmethod
    def of(cls, low: float, high: float) -> Range:
        """The range from `low`, at most 0, to `high`."""
        scale = (high - low) / 255
        return cls(scale, round(-low / scale))


@dataclass(frozen=True, slots=True)
class Product:
    """A matrix product ``x @ weight.T + bias`` as it stands in a graph.

    Attributes:
        span: Range of the levels that `x` is given in.
        levels: Weights in whole levels, shape (inputs, outputs), int8.
        scales: What a level of each output's weights is worth, shape (outputs,).
        bias: Shape (outputs,).
    """

    span: Range
    levels: NDArray[np.int8]
    scales: Floats
    bias: Floats

    @classmethod
    def of(cls, span: Range, weight: Floats, bias: Floats) -> Product:
        """Round `weight`, shape (outputs, inputs)."""
        levels, scales = _levels(weight)
        return cls(span, levels.T, scales, bias)

    def cut(self, outputs: slice, factors: Floats) -> Product:
        """Return some of the outputs, each multiplied with a factor."""
        return Product(
            self.span, self.levels[:, outputs], self.scales[outputs] * factors, self.bias[outputs] * factors
        )


class Graph:
    """Nodes and constants; names are made up.

    Args:
        prefix: Of the names, to tell those of a graph inside another from its.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, value: object, dtype: type[np.generic]) -> str:
        """Adds a constant; returns its name."""
        name = f"{self._prefix}c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def add(self, kind: str, *inputs: str, names: tuple[str, ...] = ("",), **attributes: Any) -> Any:
        """Adds a node; returns the name of what it puts out, or names where several are asked for."""
        made = tuple(name or f"{self._prefix}n{len(self.nodes)}_{i}" for i, name in enumerate(names))
        self.nodes.append(helper.make_node(kind, inputs, made, **attributes))
        return made[0] if len(made) == 1 else made

    def rounded(self, x: str, span: Range) -> str:
        """Adds the rounding of `x` to the levels of `span`."""
        scale, zero = self.constant(span.scale, np.float32), self.constant(span.zero, np.uint8)
        name: str = self.add("QuantizeLinear", x, scale, zero)
        return name

    def product(self, x: str, outputs: Product) -> str:
        """Adds a product of `x`, in levels of the product's span."""
        name: str = self.add(
            "MatMulIntegerToFloat",
            x,
            self.constant(outputs.levels, np.int8),
            self.constant(outputs.span.scale, np.float32),
            self.constant(outputs.scales, np.float32),
            self.constant(outputs.span.zero, np.uint8),
            self.constant(0, np.int8),
            self.constant(outputs.bias, np.float32),
            domain="com.microsoft",
        )
        return name


def _levels(weight: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Weights, a row an output, in whole levels, and each row's scale: the one with the least squared error."""
    best = np.full(len(weight), np.inf)
    scales = np.ones(len(weight), np.float32)
    for cut in _CUTS:
        scale = np.maximum(np.abs(weight).max(axis=1), 1e-8) * cut / _LEVELS
        error = ((_whole(weight, scale) * scale[:, None] - weight) ** 2).sum(axis=1)
        scales = np.where(error < best, scale, scales).astype(np.float32)
        best = np.minimum(error, best)
    return _whole(weight, scales).astype(np.int8), scales


def _whole(weight: Floats, scale: Floats) -> Floats:
    whole: Floats = np.clip(np.rint(weight / scale[:, None]), -_LEVELS, _LEVELS)
    return whole
