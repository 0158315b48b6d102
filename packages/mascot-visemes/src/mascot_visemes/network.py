"""A trained network and its card: what is computed for every stream, held once."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import dataclass, replace
from statistics import mode
from typing import TYPE_CHECKING, Any

import numpy as np

from mascot_visemes.errors import ModelFileError
from mascot_visemes.shapes import SHAPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mascot_visemes.shapes import ShapeSet

    Floats = NDArray[np.float32]
    State = tuple[NDArray[Any], ...]
    """What a network keeps of streams from call to call: arrays whose first axis is the streams."""

CARD_FORMAT = 1
FRAMES_PER_STEP = 2
HEADS = 12
FULL_HEADS = 2  # the last heads, which have heard all the right context there is
_NEVER = 50.0  # nats, by which nothing leads
STEPS_AT_ONCE = 64  # of a recording; what attention compares grows with the square
_DTYPES = {"tensor(float)": np.float32, "tensor(int8)": np.int8}
PREDICTING_HEADS = 2  # the first heads, which tell frames not heard yet


@dataclass(frozen=True, slots=True)
class DecoderSettings:
    """Constants of the decoder for one viseme set, tuned on held-out speech.

    Attributes:
        switch_cost: What a change to each viseme costs, in nats of posterior, in the order of the set.
        silence_db: Level in dB below which a frame is silence whatever the network says.
        bias: Added to the log posterior of each viseme, in the order of the set.
        edge_frames: How many frames at a chunk's edge are taken as doubtful.
        edge_bias: Added there to the log posteriors of closures, which can still be shown late.
        late_lead: By how much, in nats, a closure must lead all other shapes to be shown late.
    """

    switch_cost: tuple[float, ...]
    silence_db: float
    bias: tuple[float, ...]
    edge_frames: int
    edge_bias: float
    late_lead: float

    @classmethod
    def plain(cls, visemes: int, cost: float, silence_db: float) -> DecoderSettings:
        """Return settings with equal costs for all visemes and frames, and without delay."""
        return cls((cost,) * visemes, silence_db, (0.0,) * visemes, 0, 0.0, _NEVER)


def taken_over(settings: DecoderSettings, tuned: ShapeSet, other: ShapeSet) -> DecoderSettings:
    """Return constants for a viseme set that was not tuned, derived from one that was.

    A shape of `other` gets the bias and the price that the shapes of its phonemes have in `tuned`, where those are one
    and the same; else no bias, and the commonest price. The level of silence stays.
    """
    common = mode(settings.switch_cost)
    costs, bias = [], []
    for phones in other.phones:
        shapes = {tuned.index_of(phone) for phone in phones}
        asked = {settings.switch_cost[shape] for shape in shapes}
        added = {settings.bias[shape] for shape in shapes}
        costs.append(asked.pop() if len(asked) == 1 else common)
        bias.append(added.pop() if len(added) == 1 else 0.0)
    return replace(settings, switch_cost=tuple(costs), bias=tuple(bias))


class Network:
    """The network as onnxruntime runs it. Thread-safe.

    Args:
        name: The model's name.
        graph: The ONNX file.
        card: The JSON card.

    Attributes:
        name: The model's name.
        weights: Name of the model whose ONNX file it is; not `name` where two models share one (`with_card`).
        card: As given.
        labels: Phoneme labels, in the order of the outputs.
        start: State of one stream at its start, read-only.

    Raises:
        ModelFileError: The files cannot be read or do not fit together.
    """

    def __init__(self, name: str, graph: bytes, card: str) -> None:
        # Since 1.29 onnxruntime reports its use to its makers, from a thread that its first import starts, unless this
        # is set by then. Nobody who asks for visemes has asked for that; who has, can set it to 0.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime  # noqa: PLC0415 - so that importing the package stays light

        self.name = self.weights = name
        try:
            self.card: dict[str, Any] = json.loads(card)
            self.labels = tuple(self.card["labels"])
            version = self.card["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise ModelFileError(name, f"its card cannot be read ({error!r})") from error
        if version != CARD_FORMAT:
            raise ModelFileError(name, f"its card has format {version}, this version reads {CARD_FORMAT}")
        options = onnxruntime.SessionOptions()
        # Streams come from many threads; each call is a fraction of a millisecond, too short to share out.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no base of their own
            raise ModelFileError(name, f"onnxruntime cannot load it ({error})") from error
        inputs = {i.name: i for i in self._session.get_inputs()}
        outputs = {o.name: o.shape for o in self._session.get_outputs()}
        try:
            del inputs["steps"]
            parts = [np.zeros((1, *part.shape[1:]), _DTYPES[part.type]) for part in inputs.values()]
            self._states = tuple(inputs)
            self._outputs = ("posteriors", *(f"next_{name}" for name in inputs))
            answered = [outputs[name] for name in self._outputs]
            fits = answered[0][2] == len(self.labels)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ModelFileError(
                name, f"the network has other inputs or outputs than expected ({error!r})"
            ) from error
        if not fits:
            raise ModelFileError(
                name, f"the network answers {outputs['posteriors']}, the card has {len(self.labels)} labels"
            )
        for part in parts:
            part.flags.writeable = False
        self.start: State = tuple(parts)

    def with_card(self, name: str, card: dict[str, Any]) -> Network:
        """Return another model that runs the same weights: its card replaces the keys that it has, such as the decoder.

        Streams of both may be run together, see `shares_weights`.
        """
        network = copy.copy(self)
        network.name, network.card = name, self.card | card
        return network

    def shares_weights(self, other: Network) -> bool:
        """Return whether streams of both networks can be processed in one inference call."""
        return self._session is other._session

    def decoder(self, shapes: ShapeSet) -> DecoderSettings:
        """Return the decoder's constants for a viseme set: from the card, or else converted from those of Oculus.

        Raises:
            ModelFileError: The card serves neither that set nor Oculus's.
        """
        if homeless := set(self.labels).difference(*shapes.phones):
            raise ModelFileError(self.name, f"{shapes.name!r} has no shape for {', '.join(sorted(homeless))}")
        oculus = SHAPES["oculus"]
        if shapes.name in (self.card.get("decoder") or {}):
            return self._on_card(shapes)
        return taken_over(self._on_card(oculus), oculus, shapes)

    def _on_card(self, shapes: ShapeSet) -> DecoderSettings:
        try:
            settings = self.card["decoder"][shapes.name]
            result = DecoderSettings(
                switch_cost=tuple(float(c) for c in settings["switch_cost"]),
                silence_db=float(settings["silence_db"]),
                bias=tuple(float(b) for b in settings["bias"]),
                edge_frames=int(settings["edge_frames"]),
                edge_bias=float(settings["edge_bias"]),
                late_lead=float(settings["late_lead"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFileError(
                self.name, f"its card has no decoder for {shapes.name!r} ({error!r})"
            ) from error
        for what, values in (("switch_cost", result.switch_cost), ("bias", result.bias)):
            if len(values) != len(shapes.ids):
                raise ModelFileError(
                    self.name, f"its card has {len(values)} numbers of {what} for {shapes.name!r}"
                )
        return result

    @property
    def state_bytes(self) -> int:
        """Size of the state of one stream."""
        return sum(part.nbytes for part in self.start)

    def run(self, steps: Floats, state: State) -> tuple[Floats, State]:
        """Run a batch of streams over the same number of steps each.

        Args:
            steps: `FRAMES_PER_STEP` frames of bands a step, shape (batch, steps, 2 * BANDS), steps at least 1.
            state: As returned by the call before, `start` of each stream at the start.

        Returns:
            Phoneme posteriors, shape (batch, 2 * steps + 10, labels), and the next state. Of the frames, the first is
            the 8th before these steps and the last the 2nd after them; each is predicted by the head that has the most
            context beyond it: those of the full-context heads at every step, then of the others after the last step.
        """
        told = []
        for start in range(0, steps.shape[1], STEPS_AT_ONCE):
            part = steps[:, start : start + STEPS_AT_ONCE]
            feeds = dict(zip(self._states, state, strict=True))
            posteriors, *state = self._session.run(self._outputs, {"steps": part, **feeds})
            # What the early heads say before the last step, the others say better after more.
            more = start + STEPS_AT_ONCE < steps.shape[1]
            told.append(posteriors[:, : FRAMES_PER_STEP * part.shape[1]] if more else posteriors)
        return (told[0] if len(told) == 1 else np.concatenate(told, axis=1)), tuple(state)
